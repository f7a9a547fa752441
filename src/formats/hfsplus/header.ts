import { decodeForkData, encodeForkData, type ForkData } from './fork-data.js';
import { fault, need, viewOf, type Where } from './where.js';

/** Bytes of a volume header. */
export const VOLUME_HEADER_SIZE = 512;
/** Where the primary header lies, bytes from the start of the volume. */
export const VOLUME_HEADER_OFFSET = 1024;
/** The alternate header starts this many bytes before the end of the partition. */
export const ALTERNATE_HEADER_FROM_END = 1024;

/** Bits of VolumeHeader.attributes (TN1150, hfs_format.h), as masks. Compare with `(attributes & mask) !== 0`. */
export const VolumeAttribute = {
  unmounted: 0x100,
  sparedBlocks: 0x200,
  bootVolumeInconsistent: 0x800,
  catalogNodeIDsReused: 0x1000,
  journaled: 0x2000,
  inconsistent: 0x4000,
  softwareLock: 0x8000,
  expandedTimes: 0x2000_0000,
  contentProtection: 0x4000_0000,
  unusedNodeFix: 0x8000_0000,
} as const;

/** CNIDs with a fixed meaning (TN1150). */
export const Cnid = {
  rootParent: 1,
  root: 2,
  extents: 3,
  catalog: 4,
  badBlocks: 5,
  allocation: 6,
  startup: 7,
  attributes: 8,
  repairCatalog: 14,
  bogusExtent: 15,
  firstUser: 16,
} as const;

/** HFSPlusVolumeHeader of TN1150. Dates are seconds since 1904-01-01, GMT except `created` (local time). */
export interface VolumeHeader {
  readonly signature: 'H+' | 'HX';
  readonly version: number;
  readonly attributes: number;
  /** Four characters: '10.0', 'HFSJ', 'fsck' … */
  readonly lastMountedVersion: string;
  /** Allocation block. */
  readonly journalInfoBlock: number;
  readonly created: number;
  readonly modified: number;
  readonly backedUp: number;
  readonly checked: number;
  readonly fileCount: number;
  /** Without the root. */
  readonly folderCount: number;
  /** Bytes. */
  readonly blockSize: number;
  readonly totalBlocks: number;
  readonly freeBlocks: number;
  readonly nextAllocation: number;
  readonly resourceClumpSize: number;
  readonly dataClumpSize: number;
  readonly nextCatalogID: number;
  readonly writeCount: number;
  readonly encodingsBitmap: bigint;
  /** 32 bytes verbatim: u32[8], the blessing and the volume's UUID seed. */
  readonly finderInfo: Uint8Array;
  readonly allocationFile: ForkData;
  readonly extentsFile: ForkData;
  readonly catalogFile: ForkData;
  readonly attributesFile: ForkData;
  readonly startupFile: ForkData;
}

/** Reads a volume header; FormatError for any other file system, an odd version, an impossible block size. */
export function decodeVolumeHeader(bytes: Uint8Array, where: Where): VolumeHeader {
  need(bytes, 0, VOLUME_HEADER_SIZE, 'volume header', where);
  const view = viewOf(bytes);
  const signature = latin(bytes, 0, 2);
  const version = view.getUint16(2);
  if (signature === 'BD') {
    const wrapped = view.getUint16(0x7c) === 0x482b;
    throw fault(where, 0, 'H+ or HX', wrapped ? 'BD (HFS+ wrapped in classic HFS)' : 'BD (classic HFS)');
  }
  if (signature !== 'H+' && signature !== 'HX') {
    throw fault(where, 0, 'H+ or HX', `0x${view.getUint16(0).toString(16).padStart(4, '0')}`);
  }
  if (version !== (signature === 'H+' ? 4 : 5)) throw fault(where, 2, signature === 'H+' ? '4' : '5', version);
  const blockSize = view.getUint32(40);
  if (blockSize < 512 || (blockSize & (blockSize - 1)) !== 0) {
    throw fault(where, 40, 'a block size that is a power of two from 512', blockSize);
  }
  if (view.getUint32(44) === 0) throw fault(where, 44, 'at least one block', 0);
  return {
    signature, // 0
    version, // 2
    attributes: view.getUint32(4),
    lastMountedVersion: latin(bytes, 8, 4),
    journalInfoBlock: view.getUint32(12),
    created: view.getUint32(16),
    modified: view.getUint32(20),
    backedUp: view.getUint32(24),
    checked: view.getUint32(28),
    fileCount: view.getUint32(32),
    folderCount: view.getUint32(36),
    blockSize, // 40
    totalBlocks: view.getUint32(44),
    freeBlocks: view.getUint32(48),
    nextAllocation: view.getUint32(52),
    resourceClumpSize: view.getUint32(56),
    dataClumpSize: view.getUint32(60),
    nextCatalogID: view.getUint32(64),
    writeCount: view.getUint32(68),
    encodingsBitmap: view.getBigUint64(72),
    finderInfo: new Uint8Array(bytes.subarray(80, 112)),
    allocationFile: decodeForkData(bytes, 112, where),
    extentsFile: decodeForkData(bytes, 192, where),
    catalogFile: decodeForkData(bytes, 272, where),
    attributesFile: decodeForkData(bytes, 352, where),
    startupFile: decodeForkData(bytes, 432, where),
  };
}

/** The 512 bytes of a volume header. */
export function encodeVolumeHeader(header: VolumeHeader): Uint8Array {
  const bytes = new Uint8Array(VOLUME_HEADER_SIZE);
  const view = viewOf(bytes);
  bytes.set(fromLatin(header.signature, 2), 0);
  view.setUint16(2, header.version);
  view.setUint32(4, header.attributes);
  bytes.set(fromLatin(header.lastMountedVersion, 4), 8);
  view.setUint32(12, header.journalInfoBlock);
  view.setUint32(16, header.created);
  view.setUint32(20, header.modified);
  view.setUint32(24, header.backedUp);
  view.setUint32(28, header.checked);
  view.setUint32(32, header.fileCount);
  view.setUint32(36, header.folderCount);
  view.setUint32(40, header.blockSize);
  view.setUint32(44, header.totalBlocks);
  view.setUint32(48, header.freeBlocks);
  view.setUint32(52, header.nextAllocation);
  view.setUint32(56, header.resourceClumpSize);
  view.setUint32(60, header.dataClumpSize);
  view.setUint32(64, header.nextCatalogID);
  view.setUint32(68, header.writeCount);
  view.setBigUint64(72, header.encodingsBitmap);
  bytes.set(header.finderInfo.subarray(0, 32), 80);
  bytes.set(encodeForkData(header.allocationFile), 112);
  bytes.set(encodeForkData(header.extentsFile), 192);
  bytes.set(encodeForkData(header.catalogFile), 272);
  bytes.set(encodeForkData(header.attributesFile), 352);
  bytes.set(encodeForkData(header.startupFile), 432);
  return bytes;
}

function latin(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function fromLatin(text: string, length: number): Uint8Array {
  if (text.length !== length) throw new Error(`"${text}" is not ${length} characters`);
  return Uint8Array.from(text, (c) => c.charCodeAt(0) & 0xff);
}
