import { createGzip } from 'node:zlib';
import { type ByteSource, chunks } from '../../src/formats/bytes.js';
import { encodeXz } from '../../src/formats/codecs/xz/write.js';
import { Bzip2Stream } from './bzip2.js';
import type { PayloadCoding } from './options.js';

/** Apple's, and the least a small payload is cut into, so that it has more than one chunk. */
const MOST_CHUNK = 16 << 20;
const LEAST_CHUNK = 256 << 10;
/** As Apple's xz streams in pbzx are: no check, one block with its sizes in the header, a dictionary of 8 MiB. */
const XZ = { check: 'none', sizes: true, dictionary: 8 << 20 } as const;
/** Zero bytes that stand behind a gzip payload's trailer. */
const BEHIND_GZIP = 6;

/**
 * The stored bytes of a payload, front to back, really compressed. pbzx: `pbzx`, u64 chunk size, then for each chunk u64 plain size,
 * u64 stored size (big-endian) and an .xz stream, or the plain bytes where that is no shorter. gzip, bzip2: one stream. cpio: as it is.
 */
export function encodePayload(plain: ByteSource, coding: PayloadCoding): AsyncIterable<Uint8Array> {
  switch (coding) {
    case 'pbzx':
      return pbzx(plain);
    case 'gzip':
      return gzip(plain);
    case 'bzip2':
      return bzip2(plain);
    case 'cpio':
      return chunks(plain);
    default:
      return coding satisfies never;
  }
}

async function* pbzx(plain: ByteSource): AsyncGenerator<Uint8Array> {
  const chunk = chunkSize(plain.size);
  const header = Buffer.alloc(12);
  header.write('pbzx', 'latin1');
  header.writeBigUInt64BE(BigInt(chunk), 4);
  yield header;
  for (let at = 0; at < plain.size; at += chunk) {
    const bytes = await plain.read(at, Math.min(chunk, plain.size - at));
    const packed = encodeXz(bytes, XZ);
    const stored = packed.length < bytes.length ? packed : bytes;
    const sizes = Buffer.alloc(16);
    sizes.writeBigUInt64BE(BigInt(bytes.length), 0);
    sizes.writeBigUInt64BE(BigInt(stored.length), 8);
    yield sizes;
    yield stored;
  }
}

async function* gzip(plain: ByteSource): AsyncGenerator<Uint8Array> {
  const stream = createGzip();
  const feeding = (async () => {
    for await (const bytes of chunks(plain)) {
      if (!stream.write(bytes)) await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
  })();
  feeding.catch((error) => stream.destroy(error));
  yield* stream;
  await feeding;
  yield new Uint8Array(BEHIND_GZIP);
}

async function* bzip2(plain: ByteSource): AsyncGenerator<Uint8Array> {
  const stream = new Bzip2Stream();
  for await (const bytes of chunks(plain)) yield* stream.write(bytes);
  yield* stream.finish();
}

/** Apple's 16 MiB, or less where a small payload would otherwise be one chunk. */
function chunkSize(size: number): number {
  let chunk = MOST_CHUNK;
  while (chunk > LEAST_CHUNK && chunk * 8 > size) chunk /= 2;
  return chunk;
}
