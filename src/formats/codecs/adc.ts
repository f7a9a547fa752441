import { broken, type Where, wrongLength } from './fault.js';

const RUN = 'ADC run';

/**
 * Decodes Apple Data Compression (UDIF run type 0x80000004) to exactly `plainLength` bytes; FormatError otherwise. The format
 * has neither an end mark nor a checksum. Each control byte c starts one of (distances count back from the last byte written):
 *
 *     1nnnnnnn                      n + 1 literal bytes follow
 *     01nnnnnn dddddddd dddddddd    copy n + 4 bytes from distance d (big-endian)
 *     00nnnndd dddddddd             copy n + 3 bytes from distance d
 *
 * Source: measured on three images of hdiutil (UDCO).
 */
export function decodeAdc(input: Uint8Array, plainLength: number, where: Where): Uint8Array {
  const out = new Uint8Array(plainLength);
  const end = input.length;
  let from = 0;
  let at = 0;
  while (from < end) {
    const control = input[from]!;
    if (control >= 0x80) {
      const count = (control & 0x7f) + 1;
      from++;
      if (from + count > end) throw cutShort(where, from);
      if (at + count > plainLength) throw wrongLength(where, RUN, plainLength, 'more');
      for (let i = 0; i < count; i++) out[at++] = input[from++]!;
      continue;
    }
    let count: number;
    let distance: number;
    if (control & 0x40) {
      if (from + 3 > end) throw cutShort(where, from);
      count = (control & 0x3f) + 4;
      distance = ((input[from + 1]! << 8) | input[from + 2]!) + 1;
      from += 3;
    } else {
      if (from + 2 > end) throw cutShort(where, from);
      count = ((control >> 2) & 0xf) + 3;
      distance = (((control & 3) << 8) | input[from + 1]!) + 1;
      from += 2;
    }
    if (distance > at) throw broken(where, RUN, `a distance of at most ${at} bytes`, `${distance}`);
    if (at + count > plainLength) throw wrongLength(where, RUN, plainLength, 'more');
    for (let source = at - distance, stop = at + count; at < stop; ) out[at++] = out[source++]!;
  }
  if (at !== plainLength) throw wrongLength(where, RUN, plainLength, `${at}`);
  return out;
}

function cutShort(where: Where, from: number) {
  return broken(where, RUN, `the operation at byte ${from} of the run to be whole`, 'the end of the run');
}
