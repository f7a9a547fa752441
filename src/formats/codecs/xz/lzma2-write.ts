import { MIN_MATCH } from './lzma-model.js';
import { LzmaEncoder, PROPERTIES } from './lzma-write.js';
import { commonLength, MatchFinder } from './match-finder.js';

/** Plain bytes of a chunk; a chunk that does not get smaller can then be stored as it is. */
const CHUNK = 65536;
/** Most packed bytes the format can say. */
const MAX_PACKED = 65536;
const MAX_MATCH = 273;
/** A chunk whose bytes have at least so many bits each, by how often each value occurs, is stored without trying. */
const NOISE = 7.97;
/** … unless one in so many places has four bytes that came before. */
const MOST_AGAIN = 1000;

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
 * Made for installers of our own in tests and demos, not to compete with xz. `dictionary`: bytes that a reader keeps.
 */
export function packLzma2(plain: Uint8Array, dictionary = plain.length): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const matches = new MatchFinder(plain, dictionary);
  // Room for the worst case, which is a little longer than the chunk itself.
  const encoder = new LzmaEncoder(new Uint8Array(CHUNK + CHUNK / 8));
  let wrote: 'nothing' | 'stored' | 'packed' = 'nothing';
  let properties = false;
  for (let at = 0; at < plain.length; at += CHUNK) {
    const size = Math.min(CHUNK, plain.length - at);
    const noise = isNoise(plain.subarray(at, at + size));
    if (noise) encoder.length = size;
    else if (wrote !== 'packed') encoder.reset();
    if (!noise) encodeChunk(encoder, matches, plain, at, at + size);
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
    // What goes on as far as a match can is not worth a search.
    if (repeat === MAX_MATCH) matches.length = 0;
    else matches.find(at, most);
    let taken = 1;
    if (repeat >= MIN_MATCH && repeat + 1 >= matches.length) {
      encoder.repeat(at, repeat);
      taken = repeat;
    } else if (matches.length > 0) {
      encoder.match(at, matches.length, matches.distance);
      taken = matches.length;
    } else encoder.literal(plain, at);
    matches.add(at, taken);
    at += taken;
  }
  encoder.endChunk();
}

/** Whether each byte value occurs about as often as any other, and no four bytes come again. */
function isNoise(bytes: Uint8Array): boolean {
  // Few bytes look poorer than they are: they are cheap to try.
  if (bytes.length < CHUNK / 4) return false;
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]!++;
  let sum = 0;
  for (const count of counts) if (count > 0) sum += count * Math.log2(count);
  if (Math.log2(bytes.length) - sum / bytes.length < NOISE) return false;
  const seen = new Int32Array(1 << 16);
  let again = 0;
  for (let at = 0, word = 0; at < bytes.length; at++) {
    word = (word << 8) | bytes[at]!;
    const hash = Math.imul(word, 0x9e3779b1) >>> 16;
    if (seen[hash] === word) again++;
    seen[hash] = word;
  }
  return again * MOST_AGAIN < bytes.length;
}
