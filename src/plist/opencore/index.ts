/** OpenCore's config.plist: made, read as OpenCore reads it, judged and mended. */

export { type ConfigReport, checkConfig } from './check.js';
export {
  type ConfigOptions,
  enabledDrivers,
  type OpenCoreConfig,
  OWN_VOLUME_HIDDEN,
  opencoreConfig,
} from './config.js';
export type { ConfigFinding } from './findings.js';
export { type FixedConfig, fixConfig } from './fix.js';
export type { EfiFolder, JudgeOptions, Medium } from './judge.js';
export { type GivenKext, INFO_PLIST } from './kexts.js';
export { CONFIG_PLIST, foreignForm } from './read.js';
export { OPENCORE_RELEASES } from './releases.js';
export { parseConfigSetting } from './set.js';
