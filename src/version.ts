import { packageRoot } from './package-root.js';

/** Of this program. */
export const version: string = packageRoot().version;
