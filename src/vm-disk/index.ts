/** Disks of guests: what they are, and which files QEMU may open for them. */
export { type DiskFormat, diskFormatNamed } from './format.js';
export { type GuardedDisk, type GuardOptions, guardDisk } from './guard.js';
export { strangersOf } from './opened.js';
export { secondOpinion } from './second-opinion.js';
export { expectSectors } from './sectors.js';
