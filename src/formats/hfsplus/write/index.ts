export { type PlanOptions, planVolume } from './commit.js';
export type { Blessing } from './finished-header.js';
export { spareBlocks } from './geometry.js';
export { type InPlaceOptions, type InPlacePlan, planInPlace } from './in-place.js';
export { endOfUse } from './in-use.js';
export { emptyVolume, type NewVolumeOptions } from './new-volume.js';
export { StagedVolume, type StagingOptions } from './staging.js';
