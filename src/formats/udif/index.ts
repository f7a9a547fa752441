export { blkxPartitions } from './blkx-list.js';
export { decodedRuns } from './cache.js';
export {
  ChecksumLedger,
  type ChecksumReport,
  type ChecksumResult,
  type ChecksumState,
  verifyChecksums,
} from './checksum.js';
export { crc32Combine, crc32Zeros } from './crc.js';
export type { Checksum } from './fields.js';
export { type UdifFormat, UdifImage, type UdifPartition, type UdifStructure } from './image.js';
export { RunType } from './mish.js';
export { openUdif } from './open.js';
export type { RunIndex, RunKind } from './runs.js';
export { openSparse } from './sparse.js';
export { type BlkxPartition, type Compress, type Compressed, type WrittenUdif, writeUdif } from './write.js';
