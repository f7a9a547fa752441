import { inflateSync } from 'node:zlib';
import { asBytes } from '../bytes.js';
import { broken, type Where, wrongLength } from './fault.js';

const RUN = 'zlib run';

/** Inflates a zlib stream (RFC 1950) to exactly `plainLength` bytes; bytes after the stream are ignored. FormatError otherwise. */
export function decodeZlib(input: Uint8Array, plainLength: number, where: Where): Uint8Array {
  let plain: Uint8Array;
  try {
    // One byte more than needed, so that node sees the end of the stream without a second buffer.
    plain = inflateSync(input, {
      chunkSize: Math.max(64, plainLength + 1),
      maxOutputLength: Math.max(1, plainLength),
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw wrongLength(where, RUN, plainLength, 'more');
    if (code?.startsWith('Z_')) throw broken(where, RUN, 'a zlib stream', message);
    throw error;
  }
  if (plain.length !== plainLength) throw wrongLength(where, RUN, plainLength, `${plain.length}`);
  // A small result lies in the pool that node shares between buffers: nobody could transfer it to another thread.
  return plain.buffer.byteLength > plainLength + 64 ? Uint8Array.from(plain) : asBytes(plain);
}
