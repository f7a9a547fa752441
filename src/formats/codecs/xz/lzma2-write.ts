import { MIN_MATCH } from './lzma-model.js';
import { LzmaEncoder, PROPERTIES } from './lzma-write.js';

/** Plain bytes of a chunk; a chunk that does not get smaller can then be stored as it is. */
const CHUNK = 65536;
/** Most packed bytes the format can say. */
const MAX_PACKED = 65536;
const MAX_MATCH = 273;
/** Shorter matches than this are found by repetition only. */
const LEAST = 3;
const HASH_BITS = 16;
/** How many earlier places with the same hash are tried. */
const DEPTH = 24;
/** A match of three bytes from farther away costs more than its literals. */
const NEAR = 4096;

/** The smallest dictionary size code that covers `bytes`: 2 or 3 times a power of two, 4 KiB and up. */
export function dictionaryCode(bytes: number): number {
  for (let code = 0; code < 40; code++) if ((2 | (code & 1)) * 2 ** ((code >> 1) + 11) >= bytes) return code;
  return 40;
}

/** LZMA2 without compression: any decoder's simplest input. */
export function storeLzma2(plain: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < plain.length; at += CHUNK) {
    const chunk = plain.subarray(at, at + CHUNK);
    parts.push(storedHeader(at === 0, chunk.length), chunk);
  }
  parts.push(Uint8Array.of(0));
  return parts;
}

/**
 * LZMA2 with greedy matching over hash chains: about as small as gzip -9 or a little better, always the same for the same input.
 * Made for installers of our own in tests and demos, not to compete with xz.
 */
export function packLzma2(plain: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const matches = new MatchFinder(plain);
  // Room for the worst case, which is a little longer than the chunk itself.
  const encoder = new LzmaEncoder(new Uint8Array(CHUNK + CHUNK / 8));
  let wrote: 'nothing' | 'stored' | 'packed' = 'nothing';
  let properties = false;
  for (let at = 0; at < plain.length; at += CHUNK) {
    const size = Math.min(CHUNK, plain.length - at);
    if (wrote !== 'packed') encoder.reset();
    encodeChunk(encoder, matches, plain, at, at + size);
    if (encoder.length >= size || encoder.length > MAX_PACKED) {
      parts.push(storedHeader(at === 0, size), plain.subarray(at, at + size));
      wrote = 'stored';
      continue;
    }
    const header = [0x80, 0, 0, 0, 0];
    if (wrote === 'nothing') header[0] = 0xe0;
    else if (!properties) header[0] = 0xc0;
    else if (wrote === 'stored') header[0] = 0xa0;
    header[1] = (size - 1) >> 8;
    header[2] = (size - 1) & 0xff;
    header[3] = (encoder.length - 1) >> 8;
    header[4] = (encoder.length - 1) & 0xff;
    if (!properties) header.push(PROPERTIES);
    properties = true;
    wrote = 'packed';
    parts.push(Uint8Array.from(header), encoder.packed.slice(0, encoder.length));
  }
  parts.push(Uint8Array.of(0));
  return parts;
}

function storedHeader(first: boolean, size: number): Uint8Array {
  return Uint8Array.of(first ? 1 : 2, (size - 1) >> 8, (size - 1) & 0xff);
}

function encodeChunk(encoder: LzmaEncoder, matches: MatchFinder, plain: Uint8Array, from: number, to: number): void {
  encoder.startChunk();
  for (let at = from; at < to; ) {
    const most = Math.min(MAX_MATCH, to - at);
    const distance = encoder.rep0 + 1;
    const repeat = at >= distance ? commonLength(plain, at - distance, at, most) : 0;
    matches.find(at, most);
    let taken = 1;
    if (repeat >= MIN_MATCH && repeat + 1 >= matches.length) {
      encoder.repeat(at, repeat);
      taken = repeat;
    } else if (matches.length > LEAST || (matches.length === LEAST && matches.distance <= NEAR)) {
      encoder.match(at, matches.length, matches.distance);
      taken = matches.length;
    } else encoder.literal(plain, at);
    for (const next = at + taken; at < next; at++) matches.add(at);
  }
  encoder.endChunk();
}

function commonLength(plain: Uint8Array, a: number, b: number, most: number): number {
  let length = 0;
  while (length < most && plain[a + length] === plain[b + length]) length++;
  return length;
}

/** Earlier places with the same three bytes, newest first. */
class MatchFinder {
  /** The longest match that find() found; length 0 when there is none. */
  length = 0;
  distance = 0;
  private readonly newest = new Int32Array(1 << HASH_BITS).fill(-1);
  private readonly older: Int32Array;

  constructor(private readonly plain: Uint8Array) {
    this.older = new Int32Array(plain.length);
  }

  find(at: number, most: number): void {
    this.length = 0;
    if (most < LEAST) return;
    let place = this.newest[this.hash(at)]!;
    for (let tries = DEPTH; place >= 0 && tries > 0; tries--, place = this.older[place]!) {
      if (this.plain[place + this.length] !== this.plain[at + this.length]) continue;
      const length = commonLength(this.plain, place, at, most);
      if (length <= this.length || length < LEAST) continue;
      this.length = length;
      this.distance = at - place;
      if (length === most) return;
    }
  }

  add(at: number): void {
    if (at + LEAST > this.plain.length) return;
    const hash = this.hash(at);
    this.older[at] = this.newest[hash]!;
    this.newest[hash] = at;
  }

  private hash(at: number): number {
    const { plain } = this;
    const bytes = plain[at]! | (plain[at + 1]! << 8) | (plain[at + 2]! << 16);
    return Math.imul(bytes, 0x9e3779b1) >>> (32 - HASH_BITS);
  }
}
