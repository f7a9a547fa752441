import { broken, type Where, wrongLength } from '../fault.js';
import { type BlockHeader, LITERALS_PER_BLOCK } from './header.js';
import { FIRST_D, FIRST_LITERAL, FIRST_M, fillLiterals, fillNumbers, tables } from './tables.js';

/** Scratch for the literals of a block; they are decoded in fours, hence the room at the end. */
const literals = new Uint8Array(LITERALS_PER_BLOCK + 4);

/**
 * Decodes the block whose header starts at `at` in `input` to `out` from `start`; matches may reach back to the start of `out`.
 * Both payloads are bit strings read from their end towards their beginning. FormatError when it does not give `rawBytes` bytes.
 */
export function decodeBlock(
  header: BlockHeader,
  input: Uint8Array,
  at: number,
  out: Uint8Array,
  start: number,
  where: Where,
): void {
  const payload = at + header.headerBytes;
  if (header.literals > 0) {
    fillLiterals(tables.literals, header.frequencies.subarray(FIRST_LITERAL), where);
    decodeLiterals(header, input, payload, where);
  }
  let written = start;
  if (header.matches > 0) {
    fillNumbers(tables.l, 'L', header.frequencies.subarray(0, FIRST_M), where);
    fillNumbers(tables.m, 'M', header.frequencies.subarray(FIRST_M, FIRST_D), where);
    fillNumbers(tables.d, 'D', header.frequencies.subarray(FIRST_D, FIRST_LITERAL), where);
    written = decodeMatches(header, input, payload + header.literalPayloadBytes, out, start, where);
  }
  if (written !== start + header.rawBytes) {
    throw wrongLength(where, 'LZFSE block', header.rawBytes, `${written - start}`);
  }
}

/** The number of bits in a payload. Those above it in the last byte must be clear. */
function bitsOf(input: Uint8Array, from: number, bytes: number, unused: number, where: Where): number {
  if (unused < 0 && (bytes === 0 || input[from + bytes - 1]! >> (8 + unused) !== 0)) {
    throw broken(where, 'LZFSE block', `${-unused} clear bits at the end of the payload`, 'other bits');
  }
  return 8 * bytes + unused;
}

function decodeLiterals(header: BlockHeader, input: Uint8Array, from: number, where: Where): void {
  const table = tables.literals;
  let [a, b, c, d] = header.literalStates;
  let bit = bitsOf(input, from, header.literalPayloadBytes, header.literalBits, where);
  const count = header.literals;
  for (let i = 0; i < count; i += 4) {
    // At most 10 bits each: two literals from one 32-bit word.
    let step = table[a]!;
    let next = table[b]!;
    let bits = step & 15;
    let more = next & 15;
    bit -= bits + more;
    let byte = from + (bit >> 3);
    let word =
      (input[byte]! | (input[byte + 1]! << 8) | (input[byte + 2]! << 16) | (input[byte + 3]! << 24)) >>> (bit & 7);
    a = (step >> 12) + ((word >>> more) & ((1 << bits) - 1));
    b = (next >> 12) + (word & ((1 << more) - 1));
    literals[i] = step >> 4;
    literals[i + 1] = next >> 4;
    step = table[c]!;
    next = table[d]!;
    bits = step & 15;
    more = next & 15;
    bit -= bits + more;
    byte = from + (bit >> 3);
    word = (input[byte]! | (input[byte + 1]! << 8) | (input[byte + 2]! << 16) | (input[byte + 3]! << 24)) >>> (bit & 7);
    c = (step >> 12) + ((word >>> more) & ((1 << bits) - 1));
    d = (next >> 12) + (word & ((1 << more) - 1));
    literals[i + 2] = step >> 4;
    literals[i + 3] = next >> 4;
    // At most 5 bytes before the payload have been looked at: the header is longer than that.
    if (bit < 0) throw broken(where, 'LZFSE block', `${count} literals`, `the end of the payload after ${i}`);
  }
}

/** Decodes and carries out the (L, M, D) triples: copy L literals, then M bytes from distance D (0: the distance before). */
function decodeMatches(
  header: BlockHeader,
  input: Uint8Array,
  from: number,
  out: Uint8Array,
  start: number,
  where: Where,
): number {
  const { step: lStep, base: lBase } = tables.l;
  const { step: mStep, base: mBase } = tables.m;
  const { step: dStep, base: dBase } = tables.d;
  let { lState, mState, dState } = header;
  let bit = bitsOf(input, from, header.lmdPayloadBytes, header.lmdBits, where);
  const end = start + header.rawBytes;
  const literalEnd = header.literals;
  let literal = 0;
  let distance = 0;
  let at = start;
  for (let left = header.matches; left > 0; left--) {
    let step = lStep[lState]!;
    bit -= step & 31;
    let byte = from + (bit >> 3);
    let word = (input[byte]! | (input[byte + 1]! << 8) | (input[byte + 2]! << 16)) >>> (bit & 7);
    word &= (1 << (step & 31)) - 1;
    let extra = (step >> 5) & 15;
    const run = lBase[lState]! + (word & ((1 << extra) - 1));
    lState = (step >> 9) + (word >>> extra);

    step = mStep[mState]!;
    bit -= step & 31;
    byte = from + (bit >> 3);
    word = (input[byte]! | (input[byte + 1]! << 8) | (input[byte + 2]! << 16)) >>> (bit & 7);
    word &= (1 << (step & 31)) - 1;
    extra = (step >> 5) & 15;
    const match = mBase[mState]! + (word & ((1 << extra) - 1));
    mState = (step >> 9) + (word >>> extra);

    step = dStep[dState]!;
    bit -= step & 31;
    byte = from + (bit >> 3);
    word = (input[byte]! | (input[byte + 1]! << 8) | (input[byte + 2]! << 16) | (input[byte + 3]! << 24)) >>> (bit & 7);
    word &= (1 << (step & 31)) - 1;
    extra = (step >> 5) & 15;
    const fresh = dBase[dState]! + (word & ((1 << extra) - 1));
    dState = (step >> 9) + (word >>> extra);
    if (fresh !== 0) distance = fresh;

    if (bit < 0) throw broken(where, 'LZFSE block', `${header.matches} matches`, `the payload's end ${left} before`);
    if (literal + run > literalEnd) {
      throw broken(where, 'LZFSE block', `at most ${literalEnd} literals`, `${literal + run}`);
    }
    if (at + run + match > end) throw wrongLength(where, 'LZFSE block', header.rawBytes, 'more');
    for (let stop = at + run; at < stop; ) out[at++] = literals[literal++]!;
    if (match === 0) continue;
    if (distance === 0 || distance > at) {
      throw broken(where, 'LZFSE block', `a distance of 1 to ${at} bytes`, `${distance}`);
    }
    if (match >= 48 && distance >= match) {
      out.copyWithin(at, at - distance, at - distance + match);
      at += match;
    } else {
      for (let source = at - distance, stop = at + match; at < stop; ) out[at++] = out[source++]!;
    }
  }
  return at;
}
