import { join } from 'node:path';
import { top } from './imports.js';

/** The folder of our compiled modules, for tests that need a process of their own; globalSetup sees to it that it is up to date. */
export const COMPILED = join(top, 'dist');
