import { crc32, gzipSync } from 'node:zlib';
import { type ByteSource, chunks, fromBytes, slice } from '../../src/formats/bytes.js';
import { encodeXz } from '../../src/formats/codecs/xz/write.js';
import { Assembly } from './assembly.js';
import { bzip2 } from './bzip2.js';
import { looksSoft, mostlySoft } from './content.js';
import type { PayloadCoding } from './options.js';

/** A stretch of the plain stream, bytes. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

const MOST_CHUNK = 16 << 20;
const LEAST_CHUNK = 256 << 10;
/** Encoded chunks stay in memory, so there are only so many of them; all others are stored as they are. */
const MOST_ENCODED = 4;
/** Larger gzip payloads are stored blocks, made when they are read. */
const MOST_DEFLATED = 32 << 20;
/** Small, because blocks of noise are stored without trying: the encoder is slow at finding nothing. */
const XZ_BLOCK = 64 << 10;
const STORED_BLOCK = 0xffff;

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
): Promise<ByteSource> {
  if (coding === 'pbzx') return pbzx(plain, code);
  if (coding === 'gzip' && plain.size > MOST_DEFLATED) return storedGzip(plain);
  const bytes = await plain.read(0, plain.size);
  return fromBytes(coding === 'gzip' ? gzipSync(bytes, { level: 1 }) : bzip2(bytes), 'Payload');
}

async function pbzx(plain: ByteSource, code: Stretch | undefined): Promise<ByteSource> {
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
    if (hasCode || (encoded < MOST_ENCODED && (await mostlySoft(plain, at, length)))) {
      const bytes = await plain.read(at, length);
      const filter = hasCode || index % 2 === 0 ? ({ filter: 'x86' } as const) : {};
      const packed = encodeXz(bytes, { ...filter, blockBytes: XZ_BLOCK, stored: (block) => !looksSoft(block) });
      // Code is xz in any case, so that finding the kernel means decoding; else raw where xz is no shorter.
      if (packed.length < length || (hasCode && packed.length > length)) {
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

/** One gzip member (RFC 1952) of stored deflate blocks (RFC 1951 3.2.4): as large as what is in it, and never in memory. */
async function storedGzip(plain: ByteSource): Promise<ByteSource> {
  const assembly = new Assembly();
  assembly.append(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3));
  for (let at = 0; at < plain.size; at += STORED_BLOCK) {
    const length = Math.min(STORED_BLOCK, plain.size - at);
    const last = at + length === plain.size ? 1 : 0;
    assembly.append(Uint8Array.of(last, length & 0xff, length >>> 8, ~length & 0xff, (~length >>> 8) & 0xff));
    assembly.add(slice(plain, at, length));
  }
  let crc = 0;
  for await (const bytes of chunks(plain)) crc = crc32(bytes, crc);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc, 0);
  tail.writeUInt32LE(plain.size % 2 ** 32, 4);
  assembly.append(tail);
  return assembly.source('Payload');
}

/** Apple's 16 MiB, or less where a small payload would otherwise be one chunk. */
function chunkSize(size: number): number {
  let chunk = MOST_CHUNK;
  while (chunk > LEAST_CHUNK && chunk * 8 > size) chunk /= 2;
  return chunk;
}
