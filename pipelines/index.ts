import type { Recipe } from '../src/steps/index.js';
import { yosemite } from './yosemite.js';

/** The recipe of each release there is one for, by the first two parts of its version. */
export const recipes: Readonly<Record<string, Recipe>> = {
  '10.10': yosemite,
};
