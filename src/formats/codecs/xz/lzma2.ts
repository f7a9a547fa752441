import { broken, type Where, wrongLength } from '../fault.js';
import { type Codecs, growTo, newCodecs } from '../wasm.js';
import { PROBS } from './lzma-model.js';

const CHUNK = 'LZMA2 chunk';
/** Places in the decoder's memory: a chunk as it is stored, and behind it what was decoded; a match may write 7 bytes too many. */
const STORED = 1024 + Math.ceil((PROBS * 2) / 1024) * 1024;
const DECODED = STORED + (65 << 10);
const SLACK = 64;
/** A decoder's memory that is larger is given back: it grows as runs ask for it, and never shrinks. Bytes. */
const MOST_KEPT = 40 << 20;
/** What wasm/lzma.ts says is wrong, by its number. */
const WRONG = [
  '',
  'no range coder',
  'a distance beyond the dictionary',
  'a match across the end of the chunk',
  'more symbols than bytes',
  'a chunk of another length',
];

/** One for each thread, used by one call at a time. */
let shared: Codecs | undefined;

/** Where an LZMA2 stream ended, in the input and in the output. */
export interface Lzma2End {
  readonly from: number;
  readonly at: number;
}

/**
 * Decodes an LZMA2 stream from `input` [from …) to `out` [at …). The dictionary is what the stream has written so far, so the
 * dictionary size in the filter's properties costs nothing. Each chunk starts with a control byte:
 *
 *     00                            end of the stream
 *     01 / 02  size16               stored bytes (size − 1, big-endian), with / without a fresh dictionary
 *     100sssss size16 packed16      LZMA; size − 1 has 21 bits, packed − 1 has 16
 *     101sssss …                    the same, with fresh probabilities
 *     110sssss … properties         and new properties
 *     111sssss … properties         and a fresh dictionary
 *
 * FormatError when it is damaged or gives more than `out` holds. `until`: it will do to come this far in `out`, or to the last chunk
 * that is whole.
 */
export function decodeLzma2(
  input: Uint8Array,
  from: number,
  out: Uint8Array,
  at: number,
  where: Where,
  until = Number.POSITIVE_INFINITY,
): Lzma2End {
  shared ??= newCodecs(DECODED);
  const codecs = shared;
  try {
    return new Lzma2(codecs, input, out, where).decode(from, at, until);
  } finally {
    if (codecs.memory.buffer.byteLength > MOST_KEPT) shared = undefined;
  }
}

class Lzma2 {
  #memory: Uint8Array;

  constructor(
    readonly codecs: Codecs,
    readonly input: Uint8Array,
    readonly out: Uint8Array,
    readonly where: Where,
  ) {
    this.#memory = new Uint8Array(codecs.memory.buffer);
  }

  decode(from: number, at: number, until: number): Lzma2End {
    const { input, out, where } = this;
    const partly = until < Number.POSITIVE_INFINITY;
    /** Where in the memory byte 0 of `out` would be. */
    const base = DECODED - at;
    let dictionary = -1;
    let properties = false;
    let fresh = false;
    for (;;) {
      if (at >= until) return { from, at };
      const control = input[from];
      if (control === 0) return { from: from + 1, at };
      const header = control === undefined ? 1 : control < 0x80 ? 3 : control < 0xc0 ? 5 : 6;
      if (control === undefined || from + header > input.length) {
        if (partly) return { from, at };
        throw cutShort(where);
      }
      if (control >= 0xe0 || control === 1) {
        dictionary = at;
        properties = false;
        fresh = false;
      } else if (dictionary < 0) {
        throw broken(where, CHUNK, 'a first chunk with a fresh dictionary', `control byte 0x${control.toString(16)}`);
      }
      if (control > 2 && control < 0x80) {
        throw broken(where, CHUNK, 'a control byte', `0x${control.toString(16)}`);
      }
      const size16 = ((input[from + 1]! << 8) | input[from + 2]!) + 1;
      const size = control < 0x80 ? size16 : size16 + ((control & 0x1f) << 16);
      const packed = control < 0x80 ? size : ((input[from + 3]! << 8) | input[from + 4]!) + 1;
      const start = from + header;
      if (start + packed > input.length) {
        if (partly) return { from, at };
        throw cutShort(where);
      }
      if (at + size > out.length) throw wrongLength(where, 'xz run', out.length, `${at + size} or more`);
      const stored = input.subarray(start, start + packed);
      this.#grow(base + at + size + SLACK);
      if (control < 0x80) {
        this.#memory.set(stored, base + at);
        out.set(stored, at);
      } else {
        if (control >= 0xc0) {
          const byte = input[from + 5]!;
          if (!this.#setProperties(byte)) {
            throw broken(where, CHUNK, 'LZMA properties with lc + lp of at most 4', `0x${byte.toString(16)}`);
          }
          properties = true;
        }
        if (control >= 0xa0) {
          this.codecs.reset();
          fresh = true;
        }
        if (!properties || !fresh) throw broken(where, CHUNK, 'a first LZMA chunk with properties', 'none');
        this.#memory.set(stored, STORED);
        const place = base + at;
        const wrong = this.codecs.decode(STORED, STORED + packed, place, place + size, base + dictionary);
        if (wrong) throw broken(where, CHUNK, `${packed} bytes that decode to ${size}`, WRONG[wrong]!);
        out.set(this.#memory.subarray(place, place + size), at);
      }
      from = start + packed;
      at += size;
    }
  }

  /** Sets lc, lp and pb from a properties byte; false when LZMA2 does not allow them. */
  #setProperties(byte: number): boolean {
    if (byte > (4 * 5 + 4) * 9 + 8) return false;
    const lc = byte % 9;
    const rest = Math.floor(byte / 9);
    const lp = rest % 5;
    if (lc + lp > 4) return false;
    this.codecs.setProperties(lc, (1 << lp) - 1, (1 << Math.floor(rest / 5)) - 1);
    return true;
  }

  #grow(bytes: number): void {
    const { memory } = this.codecs;
    if (bytes > memory.buffer.byteLength) growTo(memory, Math.max(bytes, memory.buffer.byteLength + (4 << 20)));
    if (this.#memory.buffer !== memory.buffer) this.#memory = new Uint8Array(memory.buffer);
  }
}

function cutShort(where: Where) {
  return broken(where, CHUNK, 'a whole chunk', 'the end of the run');
}
