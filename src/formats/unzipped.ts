import { pipeline, Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { FormatError } from '../errors.js';
import { asBytes } from './bytes.js';

/**
 * The plain bytes of a zlib or gzip stream, front to back, in bounded memory. FormatError when it is damaged or ends early;
 * `at` is the stream's place in `file`.
 */
export async function* unzipped(
  kind: 'zlib' | 'gzip',
  input: AsyncIterable<Uint8Array>,
  where: { readonly file: string; readonly at: number },
): AsyncGenerator<Uint8Array> {
  const options = { chunkSize: 256 * 1024 };
  const decoder = kind === 'gzip' ? createGunzip(options) : createInflate(options);
  // The error, if any, comes out of the loop below.
  pipeline(Readable.from(input, { objectMode: false, highWaterMark: 1 << 18 }), decoder, () => {});
  try {
    for await (const bytes of decoder) yield asBytes(bytes as Uint8Array);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('Z_')) throw error;
    throw new FormatError({
      file: where.file,
      structure: `${kind} stream`,
      offset: where.at + decoder.bytesWritten,
      expected: `a whole ${kind} stream`,
      found: message,
      hint: 'The file is damaged: get it again.',
    });
  } finally {
    decoder.destroy();
  }
}
