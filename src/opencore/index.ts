/** OpenCore on this host: as it is given, its system partition, its configuration. */
export { ESP_LABEL, ESP_SIZE } from './esp.js';
export { type Esp, type EspRequest, gatherEsp } from './gather.js';
export { type EspImage, makeEsp, writeEsp } from './image.js';
export { type MakeConfigOptions, makeOpenCoreConfig, makeOpenCoreConfigOf } from './make-config.js';
export { type OpenCore, openCoreTitle, openOpenCore } from './open.js';
