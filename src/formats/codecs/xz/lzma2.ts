import { broken, type Where, wrongLength } from '../fault.js';
import { LzmaDecoder } from './lzma.js';

const CHUNK = 'LZMA2 chunk';

/** 28 KB of probabilities, made once for each thread. */
let shared: LzmaDecoder | undefined;

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
  shared ??= new LzmaDecoder();
  let dictionary = -1;
  let properties = false;
  let fresh = false;
  const partly = until < Number.POSITIVE_INFINITY;
  for (;;) {
    if (at >= until) return { from, at };
    const control = input[from];
    if (control === undefined) {
      if (partly) return { from, at };
      throw cutShort(where);
    }
    if (control === 0) return { from: from + 1, at };
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
    const header = control < 0x80 ? 3 : control < 0xc0 ? 5 : 6;
    if (from + header > input.length) {
      if (partly) return { from, at };
      throw cutShort(where);
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
    if (control < 0x80) {
      out.set(input.subarray(start, start + size), at);
    } else {
      if (control >= 0xc0) {
        const byte = input[from + 5]!;
        if (!shared.setProperties(byte)) {
          throw broken(where, CHUNK, 'LZMA properties with lc + lp of at most 4', `0x${byte.toString(16)}`);
        }
        properties = true;
      }
      if (control >= 0xa0) {
        shared.reset();
        fresh = true;
      }
      if (!properties || !fresh) throw broken(where, CHUNK, 'a first LZMA chunk with properties', 'none');
      const wrong = shared.decode(input, start, start + packed, out, at, at + size, dictionary);
      if (wrong) throw broken(where, CHUNK, `${packed} bytes that decode to ${size}`, wrong);
    }
    from = start + packed;
    at += size;
  }
}

function cutShort(where: Where) {
  return broken(where, CHUNK, 'a whole chunk', 'the end of the run');
}
