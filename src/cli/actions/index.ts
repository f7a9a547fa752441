/** What the commands do; loaded only once it is known that one of them runs. */
export { build } from './build.js';
export { inspect } from './inspect.js';
export { verify } from './verify.js';
