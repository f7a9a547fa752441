import type { Codec } from '../pieces.js';
import { decodeAdc } from './adc.js';
import { decodeApart } from './bzip2/apart.js';
import { decodeBzip2 } from './bzip2.js';
import { broken, type Where } from './fault.js';
import { decodeLzfse } from './lzfse.js';
import { decodeXz } from './xz.js';
import { decodeZlib } from './zlib.js';

export type { Where } from './fault.js';

/** Longest run we decode in one go, bytes. UDIF writes 1 MiB runs, pbzx 16 MiB chunks; a length beyond this is damage. */
export const MAX_RUN = 256 * 1024 * 1024;

/**
 * The most bytes that one encoded byte can stand for, rounded up: a table that promises more is damaged, and is found out before
 * memory is taken. ADC: 67 bytes from 3; deflate: 258 from 2 bits; LZFSE: 2359 from 11 bits; LZMA: 273 from the 0.3 bits that
 * fourteen nearly certain decisions cost; bzip2: a block of 46.6 MB from some 30 bytes.
 */
const MAX_EXPANSION: Record<Codec, number> = {
  adc: 23,
  zlib: 1032,
  lzfse: 1716,
  xz: 8192,
  bzip2: 2_000_000,
  'bzip2-block': 2_000_000,
};

/**
 * Decodes one encoded run to exactly `plainLength` bytes. Synchronous, because it runs inside worker threads; the result is `out`
 * (of that length), or has an ArrayBuffer of its own, which may be transferred: only xz, whose chunks are large, and single
 * blocks of bzip2 make use of `out`. FormatError when the run is damaged or holds less or more than that; its offset is `where.at`.
 */
export function decode(
  codec: Codec,
  input: Uint8Array,
  plainLength: number,
  where: Where,
  out?: Uint8Array,
): Uint8Array {
  const most = Math.min(MAX_RUN, input.length * MAX_EXPANSION[codec]);
  if (!Number.isSafeInteger(plainLength) || plainLength < 0 || plainLength > most) {
    throw broken(where, `${codec} run`, `at most ${most} decoded bytes from ${input.length}`, `${plainLength}`);
  }
  switch (codec) {
    case 'zlib':
      return decodeZlib(input, plainLength, where);
    case 'adc':
      return decodeAdc(input, plainLength, where);
    case 'bzip2':
      return decodeBzip2(input, plainLength, where);
    case 'bzip2-block':
      return decodeApart(input, plainLength, out);
    case 'lzfse':
      return decodeLzfse(input, plainLength, where);
    case 'xz':
      return decodeXz(input, plainLength, where, out);
    default:
      return codec satisfies never;
  }
}
