export { BOOT_SECTOR_SIZE, looksLikeFat } from './boot-sector.js';
export { checkFat } from './check.js';
export { type FatItem, type FatOptions, type FatPlan, planFat } from './plan.js';
export { FatVolume } from './volume.js';
