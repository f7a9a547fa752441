import { decodeExtents, type Extent, encodeExtents } from './fork-data.js';
import { need, viewOf, type Where } from './where.js';

/** HFSPlusExtentKey.forkType. */
export const ForkType = { data: 0, resource: 0xff } as const;

/** HFSPlusExtentKey of TN1150, 12 bytes with its length field. */
export interface ExtentKey {
  readonly forkType: number;
  readonly fileID: number;
  /** The first block of the record's first extent, counted in blocks of the fork. */
  readonly startBlock: number;
}

export const EXTENT_MAX_KEY_LENGTH = 10;

/** Reads an extents overflow key with its u16 length field. */
export function decodeExtentKey(bytes: Uint8Array, where: Where): ExtentKey {
  need(bytes, 0, 2 + EXTENT_MAX_KEY_LENGTH, 'extent key', where);
  const view = viewOf(bytes);
  return {
    // 0: u16 length
    forkType: view.getUint8(2),
    // 3: u8 pad
    fileID: view.getUint32(4),
    startBlock: view.getUint32(8),
  };
}

/** An extents overflow key with its u16 length field, 12 bytes. */
export function encodeExtentKey(key: ExtentKey): Uint8Array {
  const bytes = new Uint8Array(2 + EXTENT_MAX_KEY_LENGTH);
  const view = viewOf(bytes);
  view.setUint16(0, EXTENT_MAX_KEY_LENGTH);
  view.setUint8(2, key.forkType);
  view.setUint8(3, 0);
  view.setUint32(4, key.fileID);
  view.setUint32(8, key.startBlock);
  return bytes;
}

/** The order of the extents overflow tree: file, then fork, then start block (CompareExtentKeysPlus). */
export function compareExtentKeys(a: ExtentKey, b: ExtentKey): number {
  return a.fileID - b.fileID || a.forkType - b.forkType || a.startBlock - b.startBlock;
}

/** The extents of an overflow record; `bytes` start after the key. */
export function decodeExtentRecord(bytes: Uint8Array, where: Where): Extent[] {
  return decodeExtents(bytes, 0, where);
}

/** The 64 bytes of an overflow record, to follow its key. */
export function encodeExtentRecord(extents: readonly Extent[]): Uint8Array {
  return encodeExtents(extents);
}
