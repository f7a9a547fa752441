/** OpenCore on this host: as it is given, its system partition, its configuration. */
export { aroundConfig } from './efi-folder.js';
export { type Esp, type EspRequest, gatherEsp } from './gather.js';
export { type EspImage, makeEsp, writeEsp } from './image.js';
export { type MakeConfigOptions, makeOpenCoreConfig, makeOpenCoreConfigOf } from './make-config.js';
export { type OpenCore, openOpenCore } from './open.js';
export { openCoreTitle } from './version.js';
