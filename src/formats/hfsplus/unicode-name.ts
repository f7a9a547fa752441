import { fault, need, type Where } from './where.js';

/** Most UTF-16 units of a catalog name (HFSUniStr255). */
export const MAX_NAME_UNITS = 255;
/** Most UTF-16 units of an extended attribute's name. */
export const MAX_XATTR_NAME_UNITS = 127;

const units = new Uint16Array(MAX_NAME_UNITS);

/** Reads a u16 count and as many UTF-16BE units, at most `most`, as a string with the units unchanged. */
export function decodeUniStr(bytes: Uint8Array, at: number, most: number, where: Where): string {
  need(bytes, at, 2, 'name length', where);
  const count = (bytes[at]! << 8) | bytes[at + 1]!;
  if (count > most) throw fault(where, at, `a name of at most ${most} UTF-16 units`, count);
  need(bytes, at + 2, count * 2, 'name', where);
  for (let i = 0, from = at + 2; i < count; i++, from += 2) units[i] = (bytes[from]! << 8) | bytes[from + 1]!;
  return String.fromCharCode.apply(null, units.subarray(0, count) as unknown as number[]);
}

/** Writes a u16 count and the UTF-16BE units at `at`; returns the bytes written. */
export function encodeUniStr(name: string, bytes: Uint8Array, at: number): number {
  bytes[at] = name.length >>> 8;
  bytes[at + 1] = name.length & 0xff;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    bytes[at + 2 + i * 2] = unit >>> 8;
    bytes[at + 3 + i * 2] = unit & 0xff;
  }
  return 2 + name.length * 2;
}
