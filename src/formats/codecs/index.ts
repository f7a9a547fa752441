import type { Codec } from '../bytes.js';
import { decodeAdc } from './adc.js';
import { decodeBzip2 } from './bzip2.js';
import { broken, type Where } from './fault.js';
import { decodeLzfse } from './lzfse.js';
import { decodeXz } from './xz.js';
import { decodeZlib } from './zlib.js';

export type { Where } from './fault.js';

/** Longest run we decode in one go, bytes. UDIF writes 1 MiB runs, pbzx 16 MiB chunks; a length beyond this is damage. */
export const MAX_RUN = 256 * 1024 * 1024;

/**
 * Decodes one encoded run to exactly `plainLength` bytes. Synchronous, because it runs inside worker threads. FormatError when
 * the run is damaged or holds less or more than that; its offset is `where.at`.
 */
export function decode(codec: Codec, input: Uint8Array, plainLength: number, where: Where): Uint8Array {
  if (!Number.isSafeInteger(plainLength) || plainLength < 0 || plainLength > MAX_RUN) {
    throw broken(where, `${codec} run`, `at most ${MAX_RUN} decoded bytes`, `${plainLength}`);
  }
  switch (codec) {
    case 'zlib':
      return decodeZlib(input, plainLength, where);
    case 'adc':
      return decodeAdc(input, plainLength, where);
    case 'bzip2':
      return decodeBzip2(input, plainLength, where);
    case 'lzfse':
      return decodeLzfse(input, plainLength, where);
    case 'xz':
      return decodeXz(input, plainLength, where);
    default:
      return codec satisfies never;
  }
}
