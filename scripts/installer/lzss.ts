import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';

const WINDOW = 4096;
const LONGEST = 18;
const SHORTEST = 3;
/** Where the window's writing begins, and what it holds before: both known to the reader. */
const START = WINDOW - LONGEST;
const HEADER = 0x180;
const ADLER_BASE = 65_521;

/**
 * A kernel cache as 10.7's is: 0 `complzss`, 8 Adler-32 of the plain bytes, 12 plain and 16 stored size, zeros up to 384, the LZSS
 * stream; big-endian (xnu's libkern/c++/OSKext.cpp and Chameleon's lzss.c: a flag byte for eight items, its low bit first; 1: a byte,
 * 0: twelve bits of place in a ring of 4096 and four of length less three).
 */
export async function kernelCache(kernel: ByteSource): Promise<ByteSource> {
  const plain = await kernel.read(0, kernel.size);
  const packed = lzss(plain);
  const header = Buffer.alloc(HEADER);
  header.write('complzss', 'latin1');
  header.writeUInt32BE(adler32(plain), 8);
  header.writeUInt32BE(plain.length, 12);
  header.writeUInt32BE(packed.length, 16);
  return fromBytes(Buffer.concat([header, packed]), kernel.name);
}

/** Greedy: each place is compared with the last one that began with the same three bytes. */
export function lzss(plain: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(plain.length / 8) + plain.length + 1);
  const newest = new Int32Array(1 << 16).fill(-1);
  const hash = (at: number) =>
    Math.imul(
      (plain[at] as number) | ((plain[at + 1] as number) << 8) | ((plain[at + 2] as number) << 16),
      0x9e3779b1,
    ) >>> 16;
  let length = 0;
  let flags = 0;
  let items = 8;
  for (let at = 0; at < plain.length; ) {
    if (items === 8) {
      flags = length++;
      items = 0;
    }
    const most = Math.min(LONGEST, plain.length - at);
    const before = most < SHORTEST ? -1 : (newest[hash(at)] as number);
    let same = 0;
    // One place less than the window, so that what is written never overtakes what is read.
    if (before >= 0 && at - before < WINDOW - LONGEST)
      while (same < most && plain[before + same] === plain[at + same]) same++;
    const taken = same >= SHORTEST ? same : 1;
    if (taken === 1) {
      out[flags]! |= 1 << items;
      out[length++] = plain[at] as number;
    } else {
      const place = (START + before) % WINDOW;
      out[length++] = place & 0xff;
      out[length++] = ((place >> 4) & 0xf0) | (taken - SHORTEST);
    }
    items++;
    for (const next = at + taken; at < next; at++) if (at + SHORTEST <= plain.length) newest[hash(at)] = at;
  }
  return out.subarray(0, length);
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % ADLER_BASE;
    b = (b + a) % ADLER_BASE;
  }
  return b * 0x1_0000 + a;
}
