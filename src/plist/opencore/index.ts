/** OpenCore's config.plist: made, read as OpenCore reads it, judged and mended. */
export {
  CONTENT_VISIBILITY,
  type ConfigOptions,
  enabledDrivers,
  type OpenCoreConfig,
  opencoreConfig,
} from './config.js';
export { type GivenKext, INFO_PLIST } from './kexts.js';
export { OPENCORE_RELEASES } from './releases.js';
export { parseConfigSetting } from './set.js';
