export { type PlanOptions, planVolume } from './commit.js';
export type { Blessing } from './finished-header.js';
export { type InPlacePlan, planInPlace } from './in-place.js';
export { emptyVolume, type NewVolumeOptions } from './new-volume.js';
export { StagedVolume, type StagingOptions } from './staging.js';
