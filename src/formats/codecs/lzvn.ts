import { broken, type Where, wrongLength } from './fault.js';

/** From this many bytes on, the engine's own copy is faster than a loop. */
const LONG_COPY = 48;

/**
 * Decodes a bare LZVN stream, as decmpfs types 7 and 8 store it (without the `bvxn` header), to exactly `plainLength` bytes;
 * bytes after the end-of-stream opcode are ignored. FormatError otherwise.
 */
export function decodeLzvn(input: Uint8Array, plainLength: number, where: Where): Uint8Array {
  const out = new Uint8Array(plainLength);
  expandLzvn(input, 0, input.length, out, 0, plainLength, where);
  return out;
}

/**
 * Expands the LZVN opcodes in `input` [from, to) into `out` [at, end); matches may reach back to the start of `out`. Returns
 * whether the end-of-stream opcode was met. FormatError unless the stream gives exactly the bytes that fit.
 *
 * An opcode is up to three bytes, followed by up to three (or L) literals. L literals are copied, then M bytes from distance D:
 *
 *     LLMMMDDD dddddddd              small: D 11 bits (DDD 0-5), M + 3
 *     LLMMM110                       the distance before; M + 3 (LL not 0)
 *     LLMMM111 dddddddd dddddddd     large: D 16 bits little-endian, M + 3
 *     101LLMMM ddddddmm dddddddd     medium: D 14 bits, M 5 bits + 3
 *     1110LLLL / 11100000 llllllll   L literals / L + 16 literals
 *     1111MMMM / 11110000 mmmmmmmm   M / M + 16 bytes from the distance before
 *     00000110                       end of stream (seven zero bytes follow)
 *     00001110, 00010110             nothing
 *
 * Source: Apple's lzfse reference implementation (BSD licence), lzvn_decode_base.c.
 */
export function expandLzvn(
  input: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
  end: number,
  where: Where,
): boolean {
  const start = at;
  let distance = 0;
  while (from < to) {
    const opcode = input[from]!;
    let literals = 0;
    let match = 0;
    if (opcode >= 0xe0) {
      const long = (opcode & 0xf) === 0;
      if (long && from + 1 >= to) throw cutShort(where, opcode);
      const count = long ? input[from + 1]! + 16 : opcode & 0xf;
      from += long ? 2 : 1;
      if (opcode < 0xf0) literals = count;
      else match = count;
    } else if (opcode >= 0xa0 && opcode < 0xc0) {
      if (from + 2 >= to) throw cutShort(where, opcode);
      const pair = input[from + 1]! | (input[from + 2]! << 8);
      literals = (opcode >> 3) & 3;
      match = (((opcode & 7) << 2) | (pair & 3)) + 3;
      distance = pair >> 2;
      from += 3;
    } else {
      if ((opcode & 0xf0) === 0x70 || (opcode & 0xf0) === 0xd0) throw unknown(where, opcode);
      literals = opcode >> 6;
      match = ((opcode >> 3) & 7) + 3;
      switch (opcode & 7) {
        case 6:
          if (literals === 0) {
            if (opcode === 0x06) {
              if (at !== end) throw wrongLength(where, 'LZVN stream', end - start, `${at - start}`);
              return true;
            }
            if (opcode !== 0x0e && opcode !== 0x16) throw unknown(where, opcode);
            from++;
            continue;
          }
          from++;
          break;
        case 7:
          if (from + 2 >= to) throw cutShort(where, opcode);
          distance = input[from + 1]! | (input[from + 2]! << 8);
          from += 3;
          break;
        default:
          if (from + 1 >= to) throw cutShort(where, opcode);
          distance = ((opcode & 7) << 8) | input[from + 1]!;
          from += 2;
      }
    }
    if (at + literals + match > end) throw wrongLength(where, 'LZVN stream', end - start, 'more');
    if (literals > 0) {
      if (from + literals > to) throw cutShort(where, opcode);
      if (literals < LONG_COPY) for (let i = 0; i < literals; i++) out[at + i] = input[from + i]!;
      else out.set(input.subarray(from, from + literals), at);
      at += literals;
      from += literals;
    }
    if (match > 0) {
      if (distance === 0 || distance > at) {
        throw broken(where, 'LZVN stream', `a distance of 1 to ${at} bytes`, `${distance}`);
      }
      if (match >= LONG_COPY && distance >= match) {
        out.copyWithin(at, at - distance, at - distance + match);
        at += match;
      } else {
        for (let source = at - distance, stop = at + match; at < stop; ) out[at++] = out[source++]!;
      }
    }
  }
  if (at !== end) throw wrongLength(where, 'LZVN stream', end - start, `${at - start}`);
  return false;
}

function cutShort(where: Where, opcode: number) {
  return broken(where, 'LZVN stream', `all bytes of opcode 0x${opcode.toString(16)}`, 'the end of the stream');
}

function unknown(where: Where, opcode: number) {
  return broken(where, 'LZVN stream', 'an LZVN opcode', `0x${opcode.toString(16)}`);
}
