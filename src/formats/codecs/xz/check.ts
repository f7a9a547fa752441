import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Size of the check field by its number in the stream flags; bytes. Other numbers are reserved. */
export const CHECK_BYTES: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 4],
  [4, 8],
  [10, 32],
]);

/** The check of a block's bytes as it is stored; `kind` must be in CHECK_BYTES. */
export function checkOf(kind: number, bytes: Uint8Array): Uint8Array {
  switch (kind) {
    case 1: {
      const check = Buffer.alloc(4);
      check.writeUInt32LE(crc32(bytes));
      return check;
    }
    case 4:
      return crc64(bytes);
    case 10:
      return createHash('sha256').update(bytes).digest();
    default:
      return new Uint8Array(0);
  }
}

/** CRC-64/XZ tables as low and high halves, four of 256: the n-th is for a byte followed by n others. */
const low = new Int32Array(1024);
const high = new Int32Array(1024);
for (let byte = 0; byte < 256; byte++) {
  let l = byte;
  let h = 0;
  for (let bit = 0; bit < 8; bit++) {
    const odd = l & 1;
    l = (l >>> 1) | (h << 31);
    h >>>= 1;
    if (odd) {
      l ^= 0xd7870f42;
      h ^= 0xc96c5795;
    }
  }
  low[byte] = l;
  high[byte] = h;
}
for (let i = 256; i < 1024; i++) {
  const l = low[i - 256]!;
  const h = high[i - 256]!;
  low[i] = ((l >>> 8) | (h << 24)) ^ low[l & 0xff]!;
  high[i] = (h >>> 8) ^ high[l & 0xff]!;
}

/** CRC-64/XZ (ECMA-182, reflected), 8 bytes little-endian. Four bytes at a time: it must not slow the decoder down. */
export function crc64(bytes: Uint8Array): Uint8Array {
  let l = -1;
  let h = -1;
  let at = 0;
  for (const stop = bytes.length - 3; at < stop; at += 4) {
    const a = (l ^ bytes[at]!) & 0xff;
    const b = ((l >>> 8) ^ bytes[at + 1]!) & 0xff;
    const c = ((l >>> 16) ^ bytes[at + 2]!) & 0xff;
    const d = (l >>> 24) ^ bytes[at + 3]!;
    l = h ^ low[768 + a]! ^ low[512 + b]! ^ low[256 + c]! ^ low[d]!;
    h = high[768 + a]! ^ high[512 + b]! ^ high[256 + c]! ^ high[d]!;
  }
  for (; at < bytes.length; at++) {
    const index = (l ^ bytes[at]!) & 0xff;
    l = ((l >>> 8) | (h << 24)) ^ low[index]!;
    h = (h >>> 8) ^ high[index]!;
  }
  const check = Buffer.alloc(8);
  check.writeInt32LE(~l, 0);
  check.writeInt32LE(~h, 4);
  return check;
}
