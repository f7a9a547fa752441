import { fault, need, viewOf, type Where } from './where.js';

/** A run of allocation blocks. HFSPlusExtentDescriptor of TN1150, 8 bytes. */
export interface Extent {
  readonly startBlock: number;
  readonly blockCount: number;
}

/** What a fork is made of. HFSPlusForkData of TN1150, 80 bytes. */
export interface ForkData {
  /** Bytes. */
  readonly logicalSize: number;
  /** Bytes; in catalog records used for other things by some systems, so kept as found. */
  readonly clumpSize: number;
  /** Blocks of the whole fork, those in the extents overflow file too. */
  readonly totalBlocks: number;
  /** The first extents, at most 8, unused ones left out. */
  readonly extents: readonly Extent[];
}

export const FORK_DATA_SIZE = 80;
export const EXTENTS_PER_RECORD = 8;
export const EXTENT_RECORD_SIZE = EXTENTS_PER_RECORD * 8;

/** A fork without a block. */
export const EMPTY_FORK: ForkData = { logicalSize: 0, clumpSize: 0, totalBlocks: 0, extents: [] };

/** Reads 8 extent descriptors; the list ends at the first one with no blocks. */
export function decodeExtents(bytes: Uint8Array, at: number, where: Where): Extent[] {
  need(bytes, at, EXTENT_RECORD_SIZE, 'extents', where);
  const view = viewOf(bytes);
  const extents: Extent[] = [];
  for (let i = 0; i < EXTENTS_PER_RECORD; i++) {
    const blockCount = view.getUint32(at + i * 8 + 4);
    if (blockCount === 0) break;
    extents.push({ startBlock: view.getUint32(at + i * 8), blockCount });
  }
  return extents;
}

/** The first of 8 extent descriptors that says something behind the first empty one; undefined where all those are zeros. */
export function strayExtent(bytes: Uint8Array, at: number): (Extent & { readonly index: number }) | undefined {
  const view = viewOf(bytes);
  let ended = false;
  for (let index = 0; index < EXTENTS_PER_RECORD; index++) {
    const extent = { startBlock: view.getUint32(at + index * 8), blockCount: view.getUint32(at + index * 8 + 4) };
    if (extent.blockCount === 0) ended = true;
    if (ended && (extent.startBlock !== 0 || extent.blockCount !== 0)) return { ...extent, index };
  }
  return undefined;
}

/** Writes at most 8 extent descriptors as 64 bytes, the rest zeros. */
export function encodeExtents(extents: readonly Extent[]): Uint8Array {
  if (extents.length > EXTENTS_PER_RECORD) throw new Error(`${extents.length} extents do not fit one record of 8`);
  const bytes = new Uint8Array(EXTENT_RECORD_SIZE);
  const view = viewOf(bytes);
  extents.forEach((extent, i) => {
    view.setUint32(i * 8, extent.startBlock); // 0
    view.setUint32(i * 8 + 4, extent.blockCount); // 4
  });
  return bytes;
}

/** Reads the 80 bytes of fork data at `at`. */
export function decodeForkData(bytes: Uint8Array, at: number, where: Where): ForkData {
  need(bytes, at, FORK_DATA_SIZE, 'fork data', where);
  const view = viewOf(bytes);
  const high = view.getUint32(at); // 0: u64 logicalSize
  if (high >= 0x20_0000) throw fault(where, at, 'a logical size below 2^53', view.getBigUint64(at).toString());
  return {
    logicalSize: high * 0x1_0000_0000 + view.getUint32(at + 4),
    clumpSize: view.getUint32(at + 8), // 8
    totalBlocks: view.getUint32(at + 12), // 12
    extents: decodeExtents(bytes, at + 16, where), // 16: 8 × {u32, u32}
  };
}

/** The 80 bytes of a fork's data. */
export function encodeForkData(fork: ForkData): Uint8Array {
  const bytes = new Uint8Array(FORK_DATA_SIZE);
  const view = viewOf(bytes);
  view.setBigUint64(0, BigInt(fork.logicalSize)); // 0
  view.setUint32(8, fork.clumpSize); // 8
  view.setUint32(12, fork.totalBlocks); // 12
  bytes.set(encodeExtents(fork.extents), 16); // 16
  return bytes;
}
