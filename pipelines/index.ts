import type { Recipe } from '../src/steps/index.js';
import { catalina } from './catalina.js';
import { elCapitan } from './el-capitan.js';
import { highSierra } from './high-sierra.js';
import { lion } from './lion.js';
import { mavericks } from './mavericks.js';
import { mojave } from './mojave.js';
import { mountainLion } from './mountain-lion.js';
import { sierra } from './sierra.js';
import { snowLeopard } from './snow-leopard.js';
import { yosemite } from './yosemite.js';

/** The recipe of each release there is one for, by the first two parts of its version. */
export const recipes: Readonly<Record<string, Recipe>> = {
  '10.6': snowLeopard,
  '10.7': lion,
  '10.8': mountainLion,
  '10.9': mavericks,
  '10.10': yosemite,
  '10.11': elCapitan,
  '10.12': sierra,
  '10.13': highSierra,
  '10.14': mojave,
  '10.15': catalina,
};
