import type { BitReader } from './bits.js';
import { MAX_CODE, QUICK_BITS, TABLE_BYTES, TABLE_LIMITS, TABLE_OFFSETS, TABLE_SYMBOLS, TABLES } from './layout.js';

/** 256 byte values less one, two run symbols, the end of the block. */
export const MAX_ALPHABET = 258;

/** A canonical Huffman code, made to be filled again for each block; it lies in the decoder's memory. */
export class HuffmanTable {
  /** By the next QUICK_BITS bits: symbol << 5 | length; 0 where the code is longer (or no code). */
  readonly quick: Uint16Array;
  /** By length: the last code of that length, left-aligned to MAX_CODE bits, plus one; 0 where there is none so far. */
  readonly limit: Int32Array;
  /** By length: what to add to a code to get its place in `symbols`. */
  readonly offset: Int32Array;
  /** Symbols ordered by length, then value. */
  readonly symbols: Uint16Array;
  private readonly lengths = new Uint8Array(MAX_ALPHABET);

  /** The `index`-th table of a memory. */
  constructor(memory: ArrayBuffer, index: number) {
    const at = TABLES + index * TABLE_BYTES;
    this.quick = new Uint16Array(memory, at, 1 << QUICK_BITS);
    this.limit = new Int32Array(memory, at + TABLE_LIMITS, MAX_CODE + 1);
    this.offset = new Int32Array(memory, at + TABLE_OFFSETS, MAX_CODE + 1);
    this.symbols = new Uint16Array(memory, at + TABLE_SYMBOLS, MAX_ALPHABET);
  }

  /** Reads the code lengths as a block stores them; what was wrong, in words, or undefined. */
  read(input: BitReader, alphabet: number): string | undefined {
    let length = input.bits(5);
    for (let symbol = 0; symbol < alphabet; symbol++) {
      for (;;) {
        if (length < 1 || length > MAX_CODE) return `a code of ${length} bits`;
        if (input.bits(1) === 0) break;
        length += input.bits(1) === 0 ? 1 : -1;
      }
      this.lengths[symbol] = length;
    }
    return this.fill(alphabet);
  }

  private fill(alphabet: number): string | undefined {
    const { quick, limit, offset, symbols, lengths } = this;
    quick.fill(0);
    let code = 0;
    let place = 0;
    for (let length = 1; length <= MAX_CODE; length++) {
      offset[length] = place - code;
      for (let symbol = 0; symbol < alphabet; symbol++) {
        if (lengths[symbol] !== length) continue;
        if (code >= 1 << length) return 'more codes than bits allow';
        if (length <= QUICK_BITS) {
          const first = code << (QUICK_BITS - length);
          quick.fill((symbol << 5) | length, first, first + (1 << (QUICK_BITS - length)));
        }
        symbols[place++] = symbol;
        code++;
      }
      limit[length] = code << (MAX_CODE - length);
      code <<= 1;
    }
    return undefined;
  }
}
