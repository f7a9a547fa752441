import { gzipSync } from 'node:zlib';
import { type ByteSource, fromBytes, slice } from '../../src/formats/bytes.js';
import { Assembly } from './assembly.js';
import type { PayloadCoding } from './options.js';

/** A stretch of the plain stream, bytes. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

const MOST_CHUNK = 16 << 20;
const LEAST_CHUNK = 256 << 10;
/** Encoded chunks stay in memory, so there are only so many of them; all others are stored as they are. */
const MOST_ENCODED = 8;

/** Encodes a chunk as .xz, with or without the x86 filter. */
export type EncodeXz = (
  plain: Uint8Array,
  options: { readonly filter: 'x86' | 'none' },
) => Uint8Array | Promise<Uint8Array>;

/**
 * The payload of a package as a source: pbzx as Apple's are from 10.10 on, with the chunks that hold `code` as xz with the x86
 * filter, some others as xz, the rest raw; or gzip, or bzip2, in memory.
 */
export async function payload(
  plain: ByteSource,
  coding: PayloadCoding,
  code: Stretch | undefined,
  encoders: { readonly xz: EncodeXz; readonly bzip2: (plain: Uint8Array) => Uint8Array },
): Promise<ByteSource> {
  if (coding === 'pbzx') return pbzx(plain, code, encoders.xz);
  const bytes = await plain.read(0, plain.size);
  return fromBytes(coding === 'gzip' ? gzipSync(bytes, { level: 1 }) : encoders.bzip2(bytes), 'Payload');
}

async function pbzx(plain: ByteSource, code: Stretch | undefined, encode: EncodeXz): Promise<ByteSource> {
  const chunk = chunkSize(plain.size);
  const assembly = new Assembly();
  const header = Buffer.alloc(12);
  header.write('pbzx', 'latin1');
  header.writeBigUInt64BE(BigInt(chunk), 4);
  assembly.append(header);
  let encoded = 0;
  for (let at = 0, index = 0; at < plain.size; at += chunk, index++) {
    const length = Math.min(chunk, plain.size - at);
    const hasCode = code !== undefined && at < code.offset + code.length && at + length > code.offset;
    let stored = slice(plain, at, length, 'Payload');
    if (hasCode || (index % 3 === 0 && encoded < MOST_ENCODED)) {
      const filter = hasCode || index % 2 === 0 ? 'x86' : 'none';
      const packed = await encode(await plain.read(at, length), { filter });
      if (packed.length < length) {
        stored = fromBytes(packed, 'Payload');
        encoded++;
      }
    }
    const sizes = Buffer.alloc(16);
    sizes.writeBigUInt64BE(BigInt(length), 0);
    sizes.writeBigUInt64BE(BigInt(stored.size), 8);
    assembly.append(sizes);
    assembly.add(stored);
  }
  return assembly.source('Payload');
}

/** Apple's 16 MiB, or less where a small payload would otherwise be one chunk. */
function chunkSize(size: number): number {
  let chunk = MOST_CHUNK;
  while (chunk > LEAST_CHUNK && chunk * 8 > size) chunk /= 2;
  return chunk;
}
