import * as lzma from './lzma-model.js';

// The counterpart of lzma.ts: writes literals, matches and repeated matches with the same model of probabilities.

/** lc = 3, lp = 0, pb = 2: what everyone uses. */
const LC = 3;
const PB_MASK = 3;
export const PROPERTIES = (2 * 5 + 0) * 9 + LC;

/** Encodes one chunk after another into a buffer of fixed size; what does not fit is counted but lost. */
export class LzmaEncoder {
  private readonly probs = new Uint16Array(lzma.PROBS);
  private state = 0;
  /** The distance used last, less one; the other three of the format are never chosen but must be kept for the reader. */
  rep0 = 0;

  private low = 0;
  private range = 0;
  private cache = 0;
  private pending = 0;
  /** Bytes of the chunk so far. */
  length = 0;

  constructor(readonly packed: Uint8Array) {}

  /** Fresh probabilities. */
  reset(): void {
    this.probs.fill(lzma.ONE >> 1);
    this.state = 0;
    this.rep0 = 0;
  }

  startChunk(): void {
    this.low = 0;
    this.range = 0xffffffff;
    this.cache = 0;
    this.pending = 1;
    this.length = 0;
  }

  /** Writes what the range coder still holds; `length` is then the chunk's. */
  endChunk(): void {
    for (let i = 0; i < 5; i++) this.shift();
  }

  /** The byte at `at`; positions count from the start of the dictionary, which is the start of `plain`. */
  literal(plain: Uint8Array, at: number): void {
    const byte = plain[at]!;
    const before = at > 0 ? plain[at - 1]! : 0;
    const base = lzma.LITERAL + (before >> (8 - LC)) * 0x300;
    this.bit(lzma.IS_MATCH + this.state * 16 + (at & PB_MASK), 0);
    if (this.state < 7) this.tree(base, 8, byte);
    else {
      let guide = plain[at - this.rep0 - 1]!;
      let offset = 0x100;
      for (let symbol = 1, left = 7; left >= 0; left--) {
        const bit = (byte >> left) & 1;
        guide <<= 1;
        this.bit(base + offset + (guide & offset) + symbol, bit);
        symbol = (symbol << 1) | bit;
        offset &= bit ? guide : ~guide;
      }
    }
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
  }

  /** `length` (2 to 273) bytes at the distance used last. */
  repeat(at: number, length: number): void {
    const posState = at & PB_MASK;
    this.bit(lzma.IS_MATCH + this.state * 16 + posState, 1);
    this.bit(lzma.IS_REP + this.state, 1);
    this.bit(lzma.IS_REP_G0 + this.state, 0);
    this.bit(lzma.IS_REP0_LONG + this.state * 16 + posState, 1);
    this.writeLength(lzma.REP_LENGTH, posState, length);
    this.state = this.state < 7 ? 8 : 11;
  }

  /** `length` (2 to 273) bytes at `distance` (1 and up). */
  match(at: number, length: number, distance: number): void {
    const posState = at & PB_MASK;
    this.bit(lzma.IS_MATCH + this.state * 16 + posState, 1);
    this.bit(lzma.IS_REP + this.state, 0);
    this.writeLength(lzma.LENGTH, posState, length);
    this.writeDistance(Math.min(length - lzma.MIN_MATCH, lzma.LENGTH_STATES - 1), distance - 1);
    this.rep0 = distance - 1;
    this.state = this.state < 7 ? 7 : 10;
  }

  private writeLength(base: number, posState: number, length: number): void {
    const value = length - lzma.MIN_MATCH;
    this.bit(base, value < 8 ? 0 : 1);
    if (value < 8) {
      this.tree(base + lzma.LEN_LOW + posState * 8, 3, value);
      return;
    }
    this.bit(base + 1, value < 16 ? 0 : 1);
    if (value < 16) this.tree(base + lzma.LEN_MID + posState * 8, 3, value - 8);
    else this.tree(base + lzma.LEN_HIGH, 8, value - 16);
  }

  private writeDistance(lengthState: number, value: number): void {
    // The slot: the place of the highest bit, and the bit after it.
    const top = 31 - Math.clz32(value);
    const slot = value < 4 ? value : 2 * top + ((value >>> (top - 1)) & 1);
    this.tree(lzma.SLOT + lengthState * 64, 6, slot);
    if (slot < lzma.FIRST_MODEL_SLOT) return;
    const bits = top - 1;
    const base = (2 | (slot & 1)) << bits;
    if (slot < lzma.END_MODEL_SLOT) this.reverse(lzma.SPECIAL + base - slot, bits, value - base);
    else {
      for (let left = bits - 1; left >= 4; left--) this.evenBit((value >>> left) & 1);
      this.reverse(lzma.ALIGN, 4, value & 15);
    }
  }

  private tree(base: number, bits: number, value: number): void {
    for (let node = 1, left = bits - 1; left >= 0; left--) {
      const bit = (value >> left) & 1;
      this.bit(base + node, bit);
      node = (node << 1) | bit;
    }
  }

  private reverse(base: number, bits: number, value: number): void {
    for (let node = 1, i = 0; i < bits; i++) {
      const bit = (value >> i) & 1;
      this.bit(base + node, bit);
      node = (node << 1) | bit;
    }
  }

  private bit(index: number, bit: number): void {
    const prob = this.probs[index]!;
    const bound = (this.range >>> 11) * prob;
    if (bit === 0) {
      this.range = bound;
      this.probs[index] = prob + ((lzma.ONE - prob) >> lzma.MOVE);
    } else {
      this.low += bound;
      this.range -= bound;
      this.probs[index] = prob - (prob >> lzma.MOVE);
    }
    this.widen();
  }

  private evenBit(bit: number): void {
    this.range >>>= 1;
    if (bit) this.low += this.range;
    this.widen();
  }

  private widen(): void {
    while (this.range < lzma.TOP) {
      this.range = (this.range << 8) >>> 0;
      this.shift();
    }
  }

  /** Moves the top byte of `low` out. A byte waits until it is sure that no carry will change it. */
  private shift(): void {
    if (this.low < 0xff000000 || this.low > 0xffffffff) {
      const carry = this.low > 0xffffffff ? 1 : 0;
      for (let byte = this.cache; this.pending > 0; this.pending--, byte = 0xff) {
        this.packed[this.length++] = byte + carry;
      }
      this.cache = (this.low >>> 24) & 0xff;
    }
    this.pending++;
    this.low = (this.low & 0xffffff) * 256;
  }
}
