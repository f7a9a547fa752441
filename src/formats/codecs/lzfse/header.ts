import { broken, type Where } from '../fault.js';

/** Sizes of the format (lzfse_internal.h of Apple's reference implementation). */
export const L_SYMBOLS = 20;
export const M_SYMBOLS = 20;
export const D_SYMBOLS = 64;
export const LITERAL_SYMBOLS = 256;
export const L_STATES = 64;
export const M_STATES = 64;
export const D_STATES = 256;
export const LITERAL_STATES = 1024;
export const MATCHES_PER_BLOCK = 10000;
export const LITERALS_PER_BLOCK = 40000;

const SYMBOLS = L_SYMBOLS + M_SYMBOLS + D_SYMBOLS + LITERAL_SYMBOLS;
const V1_HEADER = 772;
const V2_FIXED = 32;
/** Most bytes of a payload: `bvx2` has 20 bits for it, `bvx1` has 32 but cannot need more. */
const MAX_PAYLOAD = 0xfffff;

/** What a compressed block (`bvx1` or `bvx2`) says about itself. */
export interface BlockHeader {
  /** Bytes of the header: where the literal payload starts. */
  readonly headerBytes: number;
  /** Bytes the block decodes to. */
  readonly rawBytes: number;
  readonly literals: number;
  readonly matches: number;
  readonly literalPayloadBytes: number;
  readonly lmdPayloadBytes: number;
  /** Unused bits at the end of each payload, as 0 to -7. */
  readonly literalBits: number;
  readonly lmdBits: number;
  readonly literalStates: readonly [number, number, number, number];
  readonly lState: number;
  readonly mState: number;
  readonly dState: number;
  /** Frequencies of the L, M, D and literal symbols, one after another. */
  readonly frequencies: Uint16Array;
}

/**
 * The header of a `bvx1` block, little-endian, 772 bytes: magic 0, rawBytes 4, payloadBytes 8, literals 12, matches 16,
 * literalPayloadBytes 20, lmdPayloadBytes 24, literalBits 28 (signed), 4 × u16 literal states 32, lmdBits 40 (signed), L state 44,
 * M state 46, D state 48, then 360 × u16 frequencies 50 (L, M, D, literals), 2 bytes of padding.
 */
export function readV1(input: Uint8Array, at: number, where: Where): BlockHeader {
  if (input.length - at < V1_HEADER) throw cutShort(where);
  const view = new DataView(input.buffer, input.byteOffset + at, V1_HEADER);
  const u16 = (offset: number) => view.getUint16(offset, true);
  const u32 = (offset: number) => view.getUint32(offset, true);
  const frequencies = new Uint16Array(SYMBOLS);
  for (let i = 0; i < SYMBOLS; i++) frequencies[i] = u16(50 + 2 * i);
  const header: BlockHeader = {
    headerBytes: V1_HEADER,
    rawBytes: u32(4),
    literals: u32(12),
    matches: u32(16),
    literalPayloadBytes: u32(20),
    lmdPayloadBytes: u32(24),
    literalBits: view.getInt32(28, true),
    literalStates: [u16(32), u16(34), u16(36), u16(38)],
    lmdBits: view.getInt32(40, true),
    lState: u16(44),
    mState: u16(46),
    dState: u16(48),
    frequencies,
  };
  check(header, input.length - at, where);
  return header;
}

/**
 * The header of a `bvx2` block, little-endian: magic 0, rawBytes 4, three packed u64 at 8, 16, 24, coded frequencies from 32.
 *
 *     8:  literals 20 bits, literalPayloadBytes 20, matches 20, literalBits + 7 3
 *     16: four literal states 10 bits each, lmdPayloadBytes 20, lmdBits + 7 3
 *     24: headerBytes 32 bits, L state 10, M state 10, D state 10
 */
export function readV2(input: Uint8Array, at: number, where: Where): BlockHeader {
  if (input.length - at < V2_FIXED) throw cutShort(where);
  const view = new DataView(input.buffer, input.byteOffset + at, V2_FIXED);
  const packed = [view.getBigUint64(8, true), view.getBigUint64(16, true), view.getBigUint64(24, true)] as const;
  const field = (word: 0 | 1 | 2, shift: number, bits: number) =>
    Number((packed[word] >> BigInt(shift)) & ((1n << BigInt(bits)) - 1n));
  const headerBytes = field(2, 0, 32);
  if (headerBytes < V2_FIXED || headerBytes > input.length - at) throw cutShort(where);
  const header: BlockHeader = {
    headerBytes,
    rawBytes: view.getUint32(4, true),
    literals: field(0, 0, 20),
    literalPayloadBytes: field(0, 20, 20),
    matches: field(0, 40, 20),
    literalBits: field(0, 60, 3) - 7,
    literalStates: [field(1, 0, 10), field(1, 10, 10), field(1, 20, 10), field(1, 30, 10)],
    lmdPayloadBytes: field(1, 40, 20),
    lmdBits: field(1, 60, 3) - 7,
    lState: field(2, 32, 10),
    mState: field(2, 42, 10),
    dState: field(2, 52, 10),
    frequencies: readFrequencies(input, at + V2_FIXED, at + headerBytes, where),
  };
  check(header, input.length - at, where);
  return header;
}

/** Lengths and values of the short codes, by their low five bits; 8 and 14 bits long are escapes with a number in them. */
const CODE_BITS = Uint8Array.of(
  2,
  3,
  2,
  5,
  2,
  3,
  2,
  8,
  2,
  3,
  2,
  5,
  2,
  3,
  2,
  14,
  2,
  3,
  2,
  5,
  2,
  3,
  2,
  8,
  2,
  3,
  2,
  5,
  2,
  3,
  2,
  14,
);
const CODE_VALUE = Uint8Array.of(
  0,
  2,
  1,
  4,
  0,
  3,
  1,
  0,
  0,
  2,
  1,
  5,
  0,
  3,
  1,
  0,
  0,
  2,
  1,
  6,
  0,
  3,
  1,
  0,
  0,
  2,
  1,
  7,
  0,
  3,
  1,
  0,
);

/** Reads 360 frequencies, least significant bit first. A header without any means that all are zero. */
function readFrequencies(input: Uint8Array, from: number, to: number, where: Where): Uint16Array {
  const frequencies = new Uint16Array(SYMBOLS);
  if (from === to) return frequencies;
  let held = 0;
  let bits = 0;
  for (let i = 0; i < SYMBOLS; i++) {
    while (bits < 14 && from < to) {
      held |= input[from++]! << bits;
      bits += 8;
    }
    const length = CODE_BITS[held & 31]!;
    if (length > bits) throw broken(where, 'LZFSE block header', '360 frequencies', `the end after ${i}`);
    if (length === 8) frequencies[i] = 8 + ((held >> 4) & 0xf);
    else if (length === 14) frequencies[i] = 24 + ((held >> 4) & 0x3ff);
    else frequencies[i] = CODE_VALUE[held & 31]!;
    held >>>= length;
    bits -= length;
  }
  if (bits >= 8 || from !== to) {
    throw broken(where, 'LZFSE block header', 'the header to end after 360 frequencies', `${to - from} bytes more`);
  }
  return frequencies;
}

function check(header: BlockHeader, left: number, where: Where): void {
  const limit = (what: string, value: number, least: number, most: number) => {
    if (value < least || value > most) {
      throw broken(where, 'LZFSE block header', `${what} from ${least} to ${most}`, `${value}`);
    }
  };
  limit('a literal count', header.literals, 0, LITERALS_PER_BLOCK);
  limit('a match count', header.matches, 0, MATCHES_PER_BLOCK);
  limit('literal bits', header.literalBits, -7, 0);
  limit('match bits', header.lmdBits, -7, 0);
  for (const state of header.literalStates) limit('a literal state', state, 0, LITERAL_STATES - 1);
  limit('an L state', header.lState, 0, L_STATES - 1);
  limit('an M state', header.mState, 0, M_STATES - 1);
  limit('a D state', header.dState, 0, D_STATES - 1);
  limit('literal payload bytes', header.literalPayloadBytes, 0, MAX_PAYLOAD);
  limit('match payload bytes', header.lmdPayloadBytes, 0, MAX_PAYLOAD);
  limit('payload bytes', header.literalPayloadBytes + header.lmdPayloadBytes, 0, left - header.headerBytes);
}

function cutShort(where: Where) {
  return broken(where, 'LZFSE block header', 'a whole block header', 'the end of the run');
}
