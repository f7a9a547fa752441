import {
  ALIGN,
  ALIGN_BITS,
  END_MODEL_SLOT,
  FIRST_MODEL_SLOT,
  IS_MATCH,
  IS_REP,
  IS_REP_G0,
  IS_REP_G1,
  IS_REP_G2,
  IS_REP0_LONG,
  LEN_HIGH,
  LEN_LOW,
  LEN_MID,
  LENGTH,
  LENGTH_STATES,
  LITERAL,
  MIN_MATCH,
  MOVE,
  ONE,
  POS_STATES,
  PROBS,
  REP_LENGTH,
  SLOT,
  SPECIAL,
  TOP,
} from './lzma-model.js';

// The LZMA decoder inside LZMA2: a range decoder over adaptive bit probabilities. Source: the LZMA specification in Igor Pavlov's
// LZMA SDK (public domain). Range and code are unsigned 32-bit numbers kept as int32, so that V8 need not box them.

/** Decodes LZMA chunks that share their probabilities and recent distances. The dictionary is the output itself. */
export class LzmaDecoder {
  private readonly probs = new Uint16Array(PROBS);
  private input: Uint8Array = new Uint8Array(0);
  private pos = 0;
  private range = 0;
  private code = 0;
  private lc = 0;
  private lpMask = 0;
  private pbMask = 0;
  private state = 0;
  private rep0 = 0;
  private rep1 = 0;
  private rep2 = 0;
  private rep3 = 0;

  /** Sets lc, lp and pb from a properties byte; false when LZMA2 does not allow them. */
  setProperties(byte: number): boolean {
    if (byte > (4 * 5 + 4) * 9 + 8) return false;
    const lc = byte % 9;
    const rest = Math.floor(byte / 9);
    const lp = rest % 5;
    if (lc + lp > 4) return false;
    this.lc = lc;
    this.lpMask = (1 << lp) - 1;
    this.pbMask = (1 << Math.floor(rest / 5)) - 1;
    return true;
  }

  reset(): void {
    this.probs.fill(ONE >> 1);
    this.state = 0;
    this.rep0 = this.rep1 = this.rep2 = this.rep3 = 0;
  }

  /**
   * Decodes the chunk in `input` [from, to) to `out` [at, end), matches reaching back to `dictionary` at most; positions count
   * from there. Returns what is wrong in words, or undefined.
   */
  decode(
    input: Uint8Array,
    from: number,
    to: number,
    out: Uint8Array,
    at: number,
    end: number,
    dictionary: number,
  ): string | undefined {
    if (to - from < 5 || input[from] !== 0) return 'no range coder';
    this.input = input;
    this.range = -1;
    this.code = (input[from + 1]! << 24) | (input[from + 2]! << 16) | (input[from + 3]! << 8) | input[from + 4]!;
    this.pos = from + 5;
    const wrong = this.symbols(to, out, at, end, dictionary);
    if (wrong) return wrong;
    if (this.range >>> 0 < TOP) this.code = (this.code << 8) | input[this.pos++]!;
    if (this.pos !== to || this.code !== 0) return 'a chunk of another length';
    return undefined;
  }

  private symbols(to: number, out: Uint8Array, at: number, end: number, dictionary: number): string | undefined {
    const { pbMask } = this;
    while (at < end) {
      // Damaged data soon runs past its chunk: no need to decode the rest of it.
      if (this.pos > to) return 'more symbols than bytes';
      const posState = (at - dictionary) & pbMask;
      const state = this.state;
      if (this.bit(IS_MATCH + state * POS_STATES + posState) === 0) {
        out[at] = this.literal(out, at, dictionary);
        at++;
        this.state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }
      let length: number;
      if (this.bit(IS_REP + state) === 0) {
        this.rep3 = this.rep2;
        this.rep2 = this.rep1;
        this.rep1 = this.rep0;
        length = this.length(LENGTH, posState);
        this.rep0 = this.distance(length);
        this.state = state < 7 ? 7 : 10;
      } else {
        if (this.bit(IS_REP_G0 + state) === 0) {
          if (this.bit(IS_REP0_LONG + state * POS_STATES + posState) === 0) {
            if (this.rep0 >>> 0 >= at - dictionary) return 'a distance beyond the dictionary';
            out[at] = out[at - this.rep0 - 1]!;
            at++;
            this.state = state < 7 ? 9 : 11;
            continue;
          }
        } else {
          let distance: number;
          if (this.bit(IS_REP_G1 + state) === 0) distance = this.rep1;
          else {
            if (this.bit(IS_REP_G2 + state) === 0) distance = this.rep2;
            else {
              distance = this.rep3;
              this.rep3 = this.rep2;
            }
            this.rep2 = this.rep1;
          }
          this.rep1 = this.rep0;
          this.rep0 = distance;
        }
        length = this.length(REP_LENGTH, posState);
        this.state = state < 7 ? 8 : 11;
      }
      const distance = (this.rep0 >>> 0) + 1;
      if (distance > at - dictionary) return 'a distance beyond the dictionary';
      if (length > end - at) return 'a match across the end of the chunk';
      if (length >= 64 && distance >= length) {
        out.copyWithin(at, at - distance, at - distance + length);
        at += length;
      } else {
        for (let source = at - distance, stop = at + length; at < stop; ) out[at++] = out[source++]!;
      }
    }
    return undefined;
  }

  private bit(index: number): number {
    let { range, code } = this;
    if (range >>> 0 < TOP) {
      range <<= 8;
      code = (code << 8) | this.input[this.pos++]!;
    }
    const prob = this.probs[index]!;
    const bound = Math.imul(range >>> 11, prob);
    if (code >>> 0 < bound >>> 0) {
      this.range = bound;
      this.code = code;
      this.probs[index] = prob + ((ONE - prob) >> MOVE);
      return 0;
    }
    this.range = (range - bound) | 0;
    this.code = (code - bound) | 0;
    this.probs[index] = prob - (prob >> MOVE);
    return 1;
  }

  private literal(out: Uint8Array, at: number, dictionary: number): number {
    const before = at > dictionary ? out[at - 1]! : 0;
    const context = (((at - dictionary) & this.lpMask) << this.lc) | (before >> (8 - this.lc));
    const base = LITERAL + context * 0x300;
    if (this.state < 7) return this.tree(base, 0x100) & 0xff;
    // After a match: guided by the byte that the match would have gone on with.
    const { probs, input } = this;
    let { range, code, pos } = this;
    let guide = out[at - this.rep0 - 1]!;
    let offset = 0x100;
    let symbol = 1;
    while (symbol < 0x100) {
      guide <<= 1;
      const index = base + offset + (guide & offset) + symbol;
      if (range >>> 0 < TOP) {
        range <<= 8;
        code = (code << 8) | input[pos++]!;
      }
      const prob = probs[index]!;
      const bound = Math.imul(range >>> 11, prob);
      if (code >>> 0 < bound >>> 0) {
        range = bound;
        probs[index] = prob + ((ONE - prob) >> MOVE);
        symbol <<= 1;
        offset &= ~guide;
      } else {
        range = (range - bound) | 0;
        code = (code - bound) | 0;
        probs[index] = prob - (prob >> MOVE);
        symbol = (symbol << 1) | 1;
        offset &= guide;
      }
    }
    this.range = range;
    this.code = code;
    this.pos = pos;
    return symbol & 0xff;
  }

  /** A tree of 2^bits leaves, most significant bit first; gives the leaf with a leading 1. */
  private tree(base: number, leaves: number): number {
    const { probs, input } = this;
    let { range, code, pos } = this;
    let symbol = 1;
    while (symbol < leaves) {
      if (range >>> 0 < TOP) {
        range <<= 8;
        code = (code << 8) | input[pos++]!;
      }
      const prob = probs[base + symbol]!;
      const bound = Math.imul(range >>> 11, prob);
      if (code >>> 0 < bound >>> 0) {
        range = bound;
        probs[base + symbol] = prob + ((ONE - prob) >> MOVE);
        symbol <<= 1;
      } else {
        range = (range - bound) | 0;
        code = (code - bound) | 0;
        probs[base + symbol] = prob - (prob >> MOVE);
        symbol = (symbol << 1) | 1;
      }
    }
    this.range = range;
    this.code = code;
    this.pos = pos;
    return symbol;
  }

  private length(base: number, posState: number): number {
    if (this.bit(base) === 0) return MIN_MATCH - 8 + this.tree(base + LEN_LOW + posState * 8, 8);
    if (this.bit(base + 1) === 0) return MIN_MATCH + this.tree(base + LEN_MID + posState * 8, 8);
    return MIN_MATCH + 16 - 256 + this.tree(base + LEN_HIGH, 256);
  }

  /** Distance less one. */
  private distance(length: number): number {
    const lengthState = Math.min(length - MIN_MATCH, LENGTH_STATES - 1);
    const slot = this.tree(SLOT + lengthState * 64, 64) - 64;
    if (slot < FIRST_MODEL_SLOT) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << bits;
    if (slot < END_MODEL_SLOT) return base + this.reverse(SPECIAL + base - slot, bits);
    return (base + (this.direct(bits - ALIGN_BITS) << ALIGN_BITS) + this.reverse(ALIGN, ALIGN_BITS)) | 0;
  }

  /** A tree read from the least significant bit up. */
  private reverse(base: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(base + node);
      node = (node << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  /** Bits with even odds. */
  private direct(bits: number): number {
    const { input } = this;
    let { range, code, pos } = this;
    let value = 0;
    for (; bits > 0; bits--) {
      if (range >>> 0 < TOP) {
        range <<= 8;
        code = (code << 8) | input[pos++]!;
      }
      range >>>= 1;
      if (code >>> 0 < range) value <<= 1;
      else {
        code = (code - range) | 0;
        value = (value << 1) | 1;
      }
    }
    this.range = range;
    this.code = code;
    this.pos = pos;
    return value;
  }
}
