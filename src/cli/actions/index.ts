/** What the commands do; loaded only once it is known that one of them runs. */
export { build } from './build.js';
export { removeKext } from './guest-remove-kext.js';
export { inspect } from './inspect.js';
export { plist } from './plist.js';
export { plistCheck } from './plist-check.js';
export { plistKeys } from './plist-keys.js';
export { verify } from './verify.js';
