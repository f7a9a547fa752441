import { viewOf } from '../bytes.js';

/** Bytes of an entry that mean something, whatever the block it lies in has. */
export const APM_ENTRY_BYTES = 512;

/** One entry of an Apple Partition Map as stored; starts and counts in its own blocks. */
export interface ApmEntry {
  /** From 1: the entry lies in block `index`. */
  readonly index: number;
  /** How many entries the map has, as this one says. */
  readonly mapEntries: number;
  readonly start: number;
  readonly count: number;
  readonly name: string;
  readonly type: string;
  /** Bytes of the blocks that `start` and `count` are in. */
  readonly unit: number;
}

/** Whether `PM` stands at a place. */
export function isApmEntry(bytes: Uint8Array, at = 0): boolean {
  return bytes[at] === 0x50 && bytes[at + 1] === 0x4d;
}

/**
 * An entry's fields (Inside Macintosh: Devices; big-endian): 0 `PM`, 2 u16 zero, 4 u32 entries in the map, 8 u32 start, 12 u32
 * blocks, 16 name[32], 48 type[32], 80 u32 logical data start, 84 u32 logical data blocks, 88 u32 status, 92 boot code's start,
 * size, load address, entry point and checksum, 120 processor[16], 136 zero (drivers keep data of their own there).
 */
export function decodeApmEntry(bytes: Uint8Array, index: number, unit: number): ApmEntry {
  const fields = viewOf(bytes);
  return {
    index,
    mapEntries: fields.getUint32(4),
    start: fields.getUint32(8),
    count: fields.getUint32(12),
    name: text(bytes, 16),
    type: text(bytes, 48),
    unit,
  };
}

/** A new entry of 512 bytes. Name and type: at most 31 ASCII characters. */
export function encodeApmEntry(
  { mapEntries, start, count, name, type }: Omit<ApmEntry, 'index' | 'unit'>,
  status: number,
): Uint8Array {
  const bytes = new Uint8Array(APM_ENTRY_BYTES);
  const fields = viewOf(bytes);
  fields.setUint16(0, 0x504d);
  fields.setUint32(4, mapEntries);
  fields.setUint32(8, start);
  fields.setUint32(12, count);
  for (const [at, value] of [
    [16, name],
    [48, type],
  ] as const) {
    for (let i = 0; i < Math.min(31, value.length); i++) bytes[at + i] = value.charCodeAt(i) & 0x7f;
  }
  fields.setUint32(84, count);
  fields.setUint32(88, status);
  return bytes;
}

/** Spellings of the map's own type that XNU takes for it (IOApplePartitionScheme.cpp). */
export function isApmOwn(type: string): boolean {
  return type === 'Apple_partition_map' || type === 'Apple_Partition_Map' || type === 'Apple_patition_map';
}

/** Space that belongs to nobody: nothing in it can be missing. */
export function isApmFree(type: string): boolean {
  return type === 'Apple_Free' || type === 'Apple_Void';
}

/** A name of at most 32 bytes that ends at its first NUL. */
function text(bytes: Uint8Array, at: number): string {
  let end = at;
  while (end < at + 32 && bytes[end] !== 0) end++;
  return String.fromCharCode(...bytes.subarray(at, end));
}
