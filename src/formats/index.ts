/**
 * Apple's disk images, volumes and packages, read in JavaScript: on any host, by random access, with nothing extracted and nothing
 * written. Knows no file system and no network: everything is read from a ByteSource, which may be an open file (`fromHandle`), bytes in
 * memory (`fromBytes`), or an object of yours with `name`, `size` and `read`. Damaged input is a FormatError that says where.
 */

// Bytes.

export { type ByteSource, chunks, fromBytes, slice, zeros } from './bytes.js';
export { concat } from './concat.js';
export { fromHandle, type ReadableHandle } from './file-handle.js';

// Disk images of any kind, to their volume in two steps.

export { type Disk, openDisk, openVolume } from './disk.js';

// UDIF (.dmg) and sparse images.

export {
  type Checksum,
  type ChecksumReport,
  type ChecksumResult,
  type ChecksumState,
  openSparse,
  openUdif,
  type UdifFormat,
  UdifImage,
  type UdifPartition,
  type UdifStructure,
  verifyChecksums,
  type WrittenUdif,
  writeUdif,
} from './udif/index.js';

// Partition maps: Apple's, GUID, MBR.

export {
  type ApmMap,
  findHfsPartition,
  type GptMap,
  type HfsPartition,
  type MbrMap,
  mapTitle,
  type NoMap,
  type Partition,
  type PartitionMap,
  partitionSource,
  readPartitionMap,
  SECTOR,
} from './partition-map/index.js';

// Volumes and packages, as trees of entries.

export { type Entry, HFS_EPOCH, type Path, showPath, type Tree, type Xattr } from './entry.js';
export { FatVolume, looksLikeFat } from './fat/index.js';
export { HfsVolume } from './hfsplus/volume.js';
export { openPackage, type PackageOptions, type PackageTree } from './payload.js';

// Archives.

export { bytesOf, type CpioEntry, type CpioInput, readCpio, writeCpio } from './cpio/index.js';
export { openPbzx, type PbzxChunk, type PbzxOptions, type PbzxSource, unpbzx, writePbzx } from './pbzx/index.js';
export { openXar, type Signer, writeXar, type XarArchive, type XarInput, type XarMember } from './xar/index.js';

// BaseSystem.chunklist, Apple's proof of an image; errors.

export { FormatError, type FormatFault, SourceError, UserError } from '../errors.js';
export {
  type Chunk,
  type Chunklist,
  ChunkVerifier,
  parseChunklist,
  type SignatureState,
  verifySignature,
} from './chunklist.js';
export { APPLE_CHUNKLIST_KEY, type ChunklistKey } from './chunklist-key.js';
