import { CHUNK_HEADER_SIZE, HEADER_SIZE } from './chunks.js';

/** Writes a pbzx stream: each chunk of the plain bytes as `encode` makes it, raw where that is no shorter. */
export async function* writePbzx(
  plain: AsyncIterable<Uint8Array>,
  encode: (chunk: Uint8Array) => Promise<Uint8Array> | Uint8Array,
  chunkSize = 16 * 1024 * 1024,
): AsyncGenerator<Uint8Array> {
  const header = Buffer.alloc(HEADER_SIZE);
  header.write('pbzx', 0, 'latin1');
  header.writeBigUInt64BE(BigInt(chunkSize), 4);
  yield header;
  const chunk = Buffer.alloc(chunkSize);
  let filled = 0;
  const flush = async function* () {
    const bytes = Uint8Array.prototype.slice.call(chunk, 0, filled);
    filled = 0;
    const encoded = await encode(bytes);
    const stored = encoded.length < bytes.length ? encoded : bytes;
    const sizes = Buffer.alloc(CHUNK_HEADER_SIZE);
    sizes.writeBigUInt64BE(BigInt(bytes.length), 0);
    sizes.writeBigUInt64BE(BigInt(stored.length), 8);
    yield sizes;
    yield stored;
  };
  for await (const bytes of plain) {
    for (let at = 0; at < bytes.length; ) {
      const take = Math.min(bytes.length - at, chunkSize - filled);
      chunk.set(bytes.subarray(at, at + take), filled);
      filled += take;
      at += take;
      if (filled === chunkSize) yield* flush();
    }
  }
  if (filled > 0) yield* flush();
}
