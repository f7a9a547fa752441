import { FormatError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';

/** Bytes of the header without a checksum name. */
export const XAR_HEADER_SIZE = 28;
/** Bytes of the header with one: 28 + a NUL-terminated name of at most 36 bytes. */
export const XAR_LONG_HEADER_SIZE = 64;

/** The digests a xar may use, by node:crypto's names. */
export type Digest = 'sha1' | 'md5' | 'sha256' | 'sha512';

/** What stands before the table of contents. Lengths in bytes. */
export interface XarHeader {
  readonly headerSize: number;
  readonly tocStored: number;
  readonly tocPlain: number;
  /** undefined: no checksum of the table of contents. */
  readonly digest: Digest | undefined;
}

/** Algorithm numbers of the header; 3 and 4 as Apple's xar has them since 10.12. */
const ALGORITHMS: ReadonlyMap<number, Digest | undefined> = new Map([
  [0, undefined],
  [1, 'sha1'],
  [2, 'md5'],
  [3, 'sha256'],
  [4, 'sha512'],
] as const);

/** "SHA1", "sha-256": a digest's name as headers and tables of contents write it; undefined where we do not know it. */
export function digestNamed(name: string): Digest | undefined {
  const plain = name.toLowerCase().replaceAll('-', '');
  return plain === 'sha1' || plain === 'md5' || plain === 'sha256' || plain === 'sha512' ? plain : undefined;
}

/** Bytes of a digest. */
export function digestSize(digest: Digest): number {
  return { sha1: 20, md5: 16, sha256: 32, sha512: 64 }[digest];
}

/** Reads and checks a xar header (big-endian). FormatError when it is not one. */
export async function readXarHeader(source: ByteSource): Promise<XarHeader> {
  const fault = (offset: number, expected: string, found: string) =>
    new FormatError({ file: source.name, structure: 'xar header', offset, expected, found });
  if (source.size < XAR_HEADER_SIZE) throw fault(0, `at least ${XAR_HEADER_SIZE} bytes`, `${source.size}`);
  const bytes = Buffer.from(await source.read(0, Math.min(source.size, XAR_LONG_HEADER_SIZE)));
  const magic = bytes.toString('latin1', 0, 4); //                       0 magic
  if (magic !== 'xar!') throw fault(0, '"xar!"', JSON.stringify(magic));
  const headerSize = bytes.readUInt16BE(4); //                           4 header size
  const version = bytes.readUInt16BE(6); //                              6 version
  const tocStored = Number(bytes.readBigUInt64BE(8)); //                 8 TOC length, compressed
  const tocPlain = Number(bytes.readBigUInt64BE(16)); //                16 TOC length, plain
  const algorithm = bytes.readUInt32BE(24); //                          24 checksum algorithm
  if (headerSize < XAR_HEADER_SIZE || headerSize > XAR_LONG_HEADER_SIZE) {
    throw fault(4, `a header of ${XAR_HEADER_SIZE} to ${XAR_LONG_HEADER_SIZE} bytes`, `${headerSize}`);
  }
  if (version !== 1) throw fault(6, 'version 1', `${version}`);
  if (!Number.isSafeInteger(tocStored) || headerSize + tocStored > source.size) {
    throw fault(8, `a table of contents inside the file's ${source.size} bytes`, `a length of ${tocStored}`);
  }
  let digest = ALGORITHMS.get(algorithm);
  if (!ALGORITHMS.has(algorithm)) throw fault(24, 'checksum algorithm 0 to 4', `${algorithm}`);
  if (algorithm === 3 && headerSize > XAR_HEADER_SIZE) {
    const name = bytes.toString('latin1', XAR_HEADER_SIZE, headerSize); // 28 checksum name, NUL-terminated
    const end = name.indexOf('\0');
    // Apple's number 3 with a longer header but no name is still SHA-256.
    if (end !== 0) {
      digest = end < 0 ? undefined : digestNamed(name.slice(0, end));
      if (!digest) throw fault(XAR_HEADER_SIZE, 'the name of a known checksum', JSON.stringify(name));
    }
  }
  return { headerSize, tocStored, tocPlain, digest };
}

/** The 28 bytes of a header. */
export function encodeXarHeader(header: Omit<XarHeader, 'headerSize'>): Uint8Array {
  const bytes = Buffer.alloc(XAR_HEADER_SIZE);
  bytes.write('xar!', 0, 'latin1');
  bytes.writeUInt16BE(XAR_HEADER_SIZE, 4);
  bytes.writeUInt16BE(1, 6);
  bytes.writeBigUInt64BE(BigInt(header.tocStored), 8);
  bytes.writeBigUInt64BE(BigInt(header.tocPlain), 16);
  let algorithm = 0;
  for (const [number, digest] of ALGORITHMS) if (digest === header.digest) algorithm = number;
  bytes.writeUInt32BE(algorithm, 24);
  return bytes;
}
