import { createHash, type Hash } from 'node:crypto';
import { FormatError, SourceError } from '../errors.js';
import { type ByteSource, chunks } from './bytes.js';
import { APPLE_CHUNKLIST_KEY, type ChunklistKey, openSignature } from './chunklist-key.js';
import type { Whole } from './whole.js';

/** BaseSystem.chunklist; one of an image of 100 GB has 360,000 bytes. */
export const CHUNKLIST: Whole = { what: 'chunklist', most: 4 << 20 };

/** Bytes of the header. */
const HEADER_SIZE = 36;
/** Bytes of one chunk's record: u32 size, SHA-256. */
const RECORD_SIZE = 36;
/** Bytes after the records, by signature method: 1 an RSA-2048 signature, 2 a bare SHA-256. */
const SIGNATURE_SIZE: ReadonlyMap<number, number> = new Map([
  [1, 256],
  [2, 32],
]);
/** What Apple cuts an image into, bytes; the last chunk is shorter. */
export const CHUNK_SIZE = 10_485_760;

/** A stretch of the image file and its SHA-256. Offset and size in bytes. */
export interface Chunk {
  readonly offset: number;
  readonly size: number;
  readonly sha256: Uint8Array;
}

/** What a BaseSystem.chunklist says of the bytes of its .dmg file. */
export interface Chunklist {
  readonly name: string;
  readonly signatureMethod: 1 | 2;
  /** In order, without gaps. */
  readonly chunks: readonly Chunk[];
  /** Bytes: exactly as long must the image be. */
  readonly totalSize: number;
  /** What the signature covers: everything before it. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** Reads a chunklist (little-endian; xnu, bsd/kern/chunklist.h). FormatError when a field is not as it must be. */
export function parseChunklist(bytes: Uint8Array, name: string): Chunklist {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const fault = (offset: number, expected: string, found: unknown, structure = 'chunklist header') =>
    new FormatError({ file: name, structure, offset, expected, found: String(found) });
  const check = (offset: number, what: string, found: number | bigint, ...expected: (number | bigint)[]) => {
    if (!expected.includes(found)) throw fault(offset, `${what} ${expected.join(' or ')}`, found);
  };
  if (data.length < HEADER_SIZE) throw fault(0, `${HEADER_SIZE} bytes`, data.length);
  const magic = data.toString('latin1', 0, 4);
  if (magic !== 'CNKL') throw fault(0, '"CNKL"', JSON.stringify(magic)); //            0 magic
  check(4, 'a header size of', data.readUInt32LE(4), HEADER_SIZE); //                   4 header size
  check(8, 'file version', data[8]!, 1); //                                             8 file version
  check(9, 'chunk method', data[9]!, 1); //                                             9 chunk method
  check(10, 'signature method', data[10]!, 1, 2); //                                   10 signature method
  //                                                                                   11 padding
  const count = data.readBigUInt64LE(12); //                                           12 number of chunks
  check(20, 'chunks at', data.readBigUInt64LE(20), BigInt(HEADER_SIZE)); //            20 offset of the chunks
  const signatureOffset = data.readBigUInt64LE(28); //                                 28 offset of the signature
  const signatureMethod = data[10] as 1 | 2;
  const signatureSize = SIGNATURE_SIZE.get(signatureMethod)!;
  const room = data.length - HEADER_SIZE - signatureSize;
  if (count < 1n || count * BigInt(RECORD_SIZE) !== BigInt(room)) {
    const fits = `${room / RECORD_SIZE} chunks, as fit a file of ${data.length} bytes`;
    throw fault(
      12,
      room >= RECORD_SIZE && room % RECORD_SIZE === 0 ? fits : 'at least one chunk in a whole file',
      count,
    );
  }
  check(28, 'a signature at', signatureOffset, BigInt(HEADER_SIZE) + count * BigInt(RECORD_SIZE));
  const list: Chunk[] = [];
  let offset = 0;
  for (let at = HEADER_SIZE; at < Number(signatureOffset); at += RECORD_SIZE) {
    const size = data.readUInt32LE(at);
    if (size === 0) throw fault(at, 'a size above 0', 0, `chunk ${list.length} of the chunklist`);
    list.push({ offset, size, sha256: data.subarray(at + 4, at + RECORD_SIZE) });
    offset += size;
  }
  const end = Number(signatureOffset);
  return {
    name,
    signatureMethod,
    chunks: list,
    totalSize: offset,
    signed: data.subarray(0, end),
    signature: data.subarray(end),
  };
}

/**
 * Who vouches for a chunklist. 'valid': signed by the key. 'absent': method 2, a bare digest, and it is right. 'unknown': the
 * signature was not made by the key. 'invalid': the list was changed after it was signed (or digested).
 */
export type SignatureState = 'valid' | 'absent' | 'unknown' | 'invalid';

/** Checks the signature of a chunklist with Apple's key. */
export function verifySignature(list: Chunklist, key: ChunklistKey = APPLE_CHUNKLIST_KEY): SignatureState {
  const digest = createHash('sha256').update(list.signed).digest();
  if (list.signatureMethod === 2) return digest.equals(list.signature) ? 'absent' : 'invalid';
  const signed = openSignature(list.signature, key);
  if (!signed) return 'unknown';
  return digest.equals(signed) ? 'valid' : 'invalid';
}

/** Compares an image with its chunklist while the bytes go by. */
export class ChunkVerifier {
  readonly #list: Chunklist;
  readonly #image: string;
  #index = 0;
  #inChunk = 0;
  #hash: Hash = createHash('sha256');

  /** `image` is what errors call the file. */
  constructor(list: Chunklist, image: string) {
    this.#list = list;
    this.#image = image;
  }

  /** Takes the next bytes of the image. SourceError as soon as a chunk is not what the list says. */
  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const chunk = this.#list.chunks[this.#index];
      if (!chunk) throw wrongLength(this.#list, this.#image, 'more');
      const take = Math.min(bytes.length - at, chunk.size - this.#inChunk);
      this.#hash.update(bytes.subarray(at, at + take));
      this.#inChunk += take;
      at += take;
      if (this.#inChunk < chunk.size) return;
      checkChunk(this.#list, this.#index, this.#hash.digest(), this.#image);
      this.#index++;
      this.#inChunk = 0;
      this.#hash = createHash('sha256');
    }
  }

  /** SourceError when bytes are missing. */
  finish(): void {
    const next = this.#list.chunks[this.#index];
    if (next) throw wrongLength(this.#list, this.#image, `${next.offset + this.#inChunk}`);
  }
}

/** For hashes made elsewhere (other threads): SourceError unless chunk `index` has this SHA-256. */
export function checkChunk(list: Chunklist, index: number, sha256: Uint8Array, image: string): void {
  const chunk = list.chunks[index]!;
  const expected = Buffer.from(chunk.sha256).toString('hex');
  const found = Buffer.from(sha256).toString('hex');
  if (found === expected) return;
  const range = `bytes ${chunk.offset} to ${chunk.offset + chunk.size - 1}`;
  throw new SourceError(
    `${image}: chunk ${index} (${range}): expected SHA-256 ${expected} as in ${list.name}, found ${found}.`,
    { hint: 'The download is damaged: get it again.' },
  );
}

function wrongLength(list: Chunklist, image: string, found: string): SourceError {
  return new SourceError(`${image}: expected ${list.totalSize} bytes as in ${list.name}, found ${found}.`, {
    hint: 'The download is damaged: get it again.',
  });
}

/** Hashes an image into the chunks of a new list. */
export async function chunkUp(image: ByteSource, chunkSize = CHUNK_SIZE): Promise<Chunk[]> {
  const list: Chunk[] = [];
  for (let offset = 0; offset < image.size; offset += chunkSize) {
    const size = Math.min(chunkSize, image.size - offset);
    const hash = createHash('sha256');
    for await (const bytes of chunks(image, 1 << 20, offset, offset + size)) hash.update(bytes);
    list.push({ offset, size, sha256: hash.digest() });
  }
  return list;
}

/**
 * The bytes of a chunklist. Signature method 2, the bare digest, unless `sign` makes a signature (256 bytes, little-endian) of
 * the bytes it is given.
 */
export function writeChunklist(
  list: readonly Pick<Chunk, 'size' | 'sha256'>[],
  sign?: (signed: Uint8Array) => Uint8Array,
): Uint8Array {
  const end = HEADER_SIZE + list.length * RECORD_SIZE;
  const signed = Buffer.alloc(end);
  signed.write('CNKL', 0, 'latin1');
  signed.writeUInt32LE(HEADER_SIZE, 4);
  signed[8] = 1;
  signed[9] = 1;
  signed[10] = sign ? 1 : 2;
  signed.writeBigUInt64LE(BigInt(list.length), 12);
  signed.writeBigUInt64LE(BigInt(HEADER_SIZE), 20);
  signed.writeBigUInt64LE(BigInt(end), 28);
  for (const [i, chunk] of list.entries()) {
    signed.writeUInt32LE(chunk.size, HEADER_SIZE + i * RECORD_SIZE);
    signed.set(chunk.sha256, HEADER_SIZE + i * RECORD_SIZE + 4);
  }
  return Buffer.concat([signed, sign ? sign(signed) : createHash('sha256').update(signed).digest()]);
}
