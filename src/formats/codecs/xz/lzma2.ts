import { copyInto } from '../../bytes.js';
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
 * dictionary size in the filter's properties costs nothing. FormatError when it is damaged or gives more than `out` holds.
 */
export function decodeLzma2(input: Uint8Array, from: number, out: Uint8Array, at: number, where: Where): Lzma2End {
  shared ??= newCodecs(DECODED);
  const codecs = shared;
  try {
    const stream = new Lzma2(codecs, from, { at, most: out.length, out }, where);
    stream.decode(input);
    return stream;
  } finally {
    if (codecs.memory.buffer.byteLength > MOST_KEPT) shared = undefined;
  }
}

/** A decoder of its own, whose memory has room for `plain` bytes: see Lzma2. */
export function lzma2Codecs(plain: number): Codecs {
  return newCodecs(DECODED + plain + SLACK);
}

/** Where the bytes of a stream go: `out`, which begins at byte 0; else they are in the decoder's memory alone. At most to `most`. */
interface Target {
  readonly at: number;
  readonly most: number;
  readonly out?: Uint8Array;
}

/**
 * One LZMA2 stream, decoded in one go or as far as it is needed and then on from there. Each chunk starts with a control byte:
 *
 *     00                            end of the stream
 *     01 / 02  size16               stored bytes (size − 1, big-endian), with / without a fresh dictionary
 *     100sssss size16 packed16      LZMA; size − 1 has 21 bits, packed − 1 has 16
 *     101sssss …                    the same, with fresh probabilities
 *     110sssss … properties         and new properties
 *     111sssss … properties         and a fresh dictionary
 */
export class Lzma2 implements Lzma2End {
  /** How far it has come in the input, and in the output. */
  from: number;
  at: number;
  /** Whether it has come to the end of the stream. */
  ended = false;
  #memory: Uint8Array;
  /** Where in the memory byte 0 of the output would be. */
  readonly #base: number;
  #dictionary = -1;
  #properties = false;
  #fresh = false;

  /** `codecs` is this stream's alone until it has ended, or nobody decodes it any more. */
  constructor(
    readonly codecs: Codecs,
    from: number,
    readonly target: Target,
    readonly where: Where,
  ) {
    this.from = from;
    this.at = target.at;
    this.#base = DECODED - target.at;
    this.#memory = new Uint8Array(codecs.memory.buffer);
  }

  /** What was decoded so far; not to be changed, and good until the memory is used for something else. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(DECODED, this.#base + this.at);
  }

  /**
   * Decodes on, to the end; or where `until` is given to there, or to the last chunk that is whole in the `input` there is by now.
   * FormatError when it is damaged or gives more than there is room for.
   */
  decode(input: Uint8Array, until = Number.POSITIVE_INFINITY): void {
    const { where } = this;
    const partly = until < Number.POSITIVE_INFINITY;
    while (!this.ended && this.at < until) {
      const { from } = this;
      const control = input[from];
      if (control === 0) {
        this.from++;
        this.ended = true;
        return;
      }
      const header = control === undefined ? 1 : control < 0x80 ? 3 : control < 0xc0 ? 5 : 6;
      if (control === undefined || from + header > input.length) {
        if (partly) return;
        throw cutShort(where);
      }
      if (control > 2 && control < 0x80) {
        throw broken(where, CHUNK, 'a control byte', `0x${control.toString(16)}`);
      }
      const size16 = ((input[from + 1]! << 8) | input[from + 2]!) + 1;
      const size = control < 0x80 ? size16 : size16 + ((control & 0x1f) << 16);
      const packed = control < 0x80 ? size : ((input[from + 3]! << 8) | input[from + 4]!) + 1;
      const start = from + header;
      if (start + packed > input.length) {
        if (partly) return;
        throw cutShort(where);
      }
      this.#chunk(control, input[from + 5]!, input.subarray(start, start + packed), size);
      this.from = start + packed;
      this.at += size;
    }
  }

  #chunk(control: number, properties: number, stored: Uint8Array, size: number): void {
    const { where, at, codecs } = this;
    const { out, most } = this.target;
    if (control >= 0xe0 || control === 1) {
      this.#dictionary = at;
      this.#properties = false;
      this.#fresh = false;
    } else if (this.#dictionary < 0) {
      throw broken(where, CHUNK, 'a first chunk with a fresh dictionary', `control byte 0x${control.toString(16)}`);
    }
    if (at + size > most) throw wrongLength(where, 'xz run', most, `${at + size} or more`);
    const place = this.#base + at;
    this.#grow(place + size + SLACK);
    if (control < 0x80) {
      this.#memory.set(stored, place);
      if (out) copyInto(out, stored, at);
      return;
    }
    if (control >= 0xc0) {
      if (!this.#setProperties(properties)) {
        throw broken(where, CHUNK, 'LZMA properties with lc + lp of at most 4', `0x${properties.toString(16)}`);
      }
      this.#properties = true;
    }
    if (control >= 0xa0) {
      codecs.reset();
      this.#fresh = true;
    }
    if (!this.#properties || !this.#fresh) throw broken(where, CHUNK, 'a first LZMA chunk with properties', 'none');
    this.#memory.set(stored, STORED);
    const wrong = codecs.decode(STORED, STORED + stored.length, place, place + size, this.#base + this.#dictionary);
    if (wrong) throw broken(where, CHUNK, `${stored.length} bytes that decode to ${size}`, WRONG[wrong]!);
    if (out) copyInto(out, this.#memory.subarray(place, place + size), at);
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
