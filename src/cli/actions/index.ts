/** What the commands do; loaded only once it is known that one of them runs. */
export { boot } from './boot.js';
export { build } from './build.js';
export { clean } from './clean.js';
export { diskCreate } from './disk.js';
export { doctor } from './doctor.js';
export { download } from './download.js';
export { removeKext } from './guest-remove-kext.js';
export { inspect } from './inspect.js';
export { list } from './list.js';
export { openCoreCheck } from './opencore-check.js';
export { openCoreConfig } from './opencore-config.js';
export { openCoreEsp } from './opencore-esp.js';
export { plist } from './plist.js';
export { plistCheck } from './plist-check.js';
export { plistKeys } from './plist-keys.js';
export { smc } from './smc.js';
export { verify } from './verify.js';
