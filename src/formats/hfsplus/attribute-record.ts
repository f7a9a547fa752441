import {
  decodeExtents,
  decodeForkData,
  EXTENT_RECORD_SIZE,
  type Extent,
  encodeExtents,
  encodeForkData,
  FORK_DATA_SIZE,
  type ForkData,
} from './fork-data.js';
import { compareBinary } from './names.js';
import { decodeUniStr, encodeUniStr, MAX_XATTR_NAME_UNITS } from './unicode-name.js';
import { fault, need, viewOf, type Where } from './where.js';

/** HFSPlusAttrKey of hfs_format.h. */
export interface AttributeKey {
  readonly fileID: number;
  /** 0, but in records of more extents: the first block, counted in blocks of the value. */
  readonly startBlock: number;
  readonly name: string;
}

/** Bytes of the longest key, its length field not counted. */
export const ATTRIBUTE_MAX_KEY_LENGTH = 266;
const MIN_KEY_LENGTH = 12;

/** The first four bytes of an attribute record. */
export const AttributeRecordType = { inline: 0x10, fork: 0x20, extents: 0x30 } as const;

/** An attribute record: a small value itself, a fork that holds it, or more extents of that fork. */
export type AttributeRecord =
  | { readonly kind: 'inline'; readonly value: Uint8Array }
  | { readonly kind: 'fork'; readonly fork: ForkData }
  | { readonly kind: 'extents'; readonly extents: readonly Extent[] };

/** Reads an attribute key with its u16 length field. */
export function decodeAttributeKey(bytes: Uint8Array, where: Where): AttributeKey {
  need(bytes, 0, 2 + MIN_KEY_LENGTH, 'attribute key', where);
  const view = viewOf(bytes);
  const length = view.getUint16(0); // 0
  // 2: u16 pad
  const fileID = view.getUint32(4);
  const startBlock = view.getUint32(8);
  const name = decodeUniStr(bytes, 12, MAX_XATTR_NAME_UNITS, where); // 12: u16 count, units
  if (length < MIN_KEY_LENGTH + name.length * 2) {
    throw fault(where, 0, `a key length of ${MIN_KEY_LENGTH + name.length * 2}`, length);
  }
  return { fileID, startBlock, name };
}

/** An attribute key with its u16 length field; its length is always even. */
export function encodeAttributeKey(key: AttributeKey): Uint8Array {
  if (key.name.length > MAX_XATTR_NAME_UNITS) {
    throw new Error(`an attribute name of ${key.name.length} UTF-16 units; ${MAX_XATTR_NAME_UNITS} is the most`);
  }
  const bytes = new Uint8Array(2 + MIN_KEY_LENGTH + key.name.length * 2);
  const view = viewOf(bytes);
  view.setUint16(0, bytes.length - 2);
  view.setUint16(2, 0);
  view.setUint32(4, key.fileID);
  view.setUint32(8, key.startBlock);
  encodeUniStr(key.name, bytes, 12);
  return bytes;
}

/** The order of the attributes tree: file, then name (binary), then start block (hfs_attrkeycompare). */
export function compareAttributeKeys(a: AttributeKey, b: AttributeKey): number {
  return a.fileID - b.fileID || compareBinary(a.name, b.name) || a.startBlock - b.startBlock;
}

/** Reads an attribute record; `bytes` start after the key. An inline value is a view of them. */
export function decodeAttributeRecord(bytes: Uint8Array, where: Where): AttributeRecord {
  need(bytes, 0, 4, 'attribute record type', where);
  const view = viewOf(bytes);
  const type = view.getUint32(0); // 0
  switch (type) {
    case AttributeRecordType.inline: {
      need(bytes, 0, 16, 'inline attribute record', where);
      const size = view.getUint32(12); // 4: u32 reserved[2], 12: u32 size
      need(bytes, 16, size, 'inline attribute', where);
      return { kind: 'inline', value: bytes.subarray(16, 16 + size) };
    }
    case AttributeRecordType.fork:
      return { kind: 'fork', fork: decodeForkData(bytes, 8, where) }; // 4: u32 reserved
    case AttributeRecordType.extents:
      return { kind: 'extents', extents: decodeExtents(bytes, 8, where) }; // 4: u32 reserved
    default:
      throw fault(where, 0, 'an attribute record type of 0x10, 0x20 or 0x30', `0x${type.toString(16)}`);
  }
}

/** The bytes of an attribute record, to follow its key, padded to even. */
export function encodeAttributeRecord(record: AttributeRecord): Uint8Array {
  switch (record.kind) {
    case 'inline': {
      const bytes = new Uint8Array(16 + record.value.length + (record.value.length & 1));
      const view = viewOf(bytes);
      view.setUint32(0, AttributeRecordType.inline);
      view.setUint32(12, record.value.length);
      bytes.set(record.value, 16);
      return bytes;
    }
    case 'fork': {
      const bytes = new Uint8Array(8 + FORK_DATA_SIZE);
      viewOf(bytes).setUint32(0, AttributeRecordType.fork);
      bytes.set(encodeForkData(record.fork), 8);
      return bytes;
    }
    case 'extents': {
      const bytes = new Uint8Array(8 + EXTENT_RECORD_SIZE);
      viewOf(bytes).setUint32(0, AttributeRecordType.extents);
      bytes.set(encodeExtents(record.extents), 8);
      return bytes;
    }
  }
}

/** Bytes of the largest value kept inline in a tree of this node size; larger ones get a fork (hfs_attrs). */
export function maxInlineAttribute(nodeSize: number): number {
  return (((nodeSize - 14 - 6) >> 1) - 268 - 16) & ~1;
}
