import { FormatError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';

/** Longest chunk we read, plain or stored, bytes. Apple writes 16 MiB. */
export const MAX_PBZX_CHUNK = 64 * 1024 * 1024;
/** Most chunks we read; 2^18 of them are 4 TiB. */
export const MAX_PBZX_CHUNKS = 1 << 18;
/** Most plain bytes of a whole stream; Apple's largest has some 15 GB. */
export const MAX_PBZX_PLAIN = 64 * 1024 ** 3;
/** Bytes of the header: magic, u64 block size. Big-endian. */
export const HEADER_SIZE = 12;
/** Bytes before each chunk: u64 plain size, u64 stored size. */
export const CHUNK_HEADER_SIZE = 16;

/** One chunk. `at` is the offset of its stored bytes in the file, `offset` the one of its plain bytes in the stream. */
export interface PbzxChunk {
  readonly at: number;
  readonly stored: number;
  readonly offset: number;
  readonly plain: number;
  /** Stored as it is; else an .xz stream. */
  readonly raw: boolean;
}

/** All chunk headers, found with 16-byte reads. FormatError when the file is no pbzx or ends inside a chunk. */
export async function indexPbzx(source: ByteSource): Promise<readonly PbzxChunk[]> {
  const fault = (offset: number, expected: string, found: string, structure = 'pbzx header') =>
    new FormatError({ file: source.name, structure, offset, expected, found });
  if (source.size < HEADER_SIZE) throw fault(0, `at least ${HEADER_SIZE} bytes`, `${source.size}`);
  const magic = Buffer.from(await source.read(0, 4)).toString('latin1');
  if (magic !== 'pbzx') {
    const other = /^pbz[e4z-]$/.test(magic) ? `${magic}, another codec of the same family` : JSON.stringify(magic);
    throw fault(0, '"pbzx"', other);
  }
  // 4: u64 block size. Older readers take its bit 24 for "another chunk follows"; the stream ends where the file does.
  const list: PbzxChunk[] = [];
  let offset = 0;
  for (let at = HEADER_SIZE; at < source.size; ) {
    const structure = `pbzx chunk ${list.length}`;
    if (list.length === MAX_PBZX_CHUNKS) throw fault(at, `at most ${MAX_PBZX_CHUNKS} chunks`, 'more', structure);
    const left = source.size - at - CHUNK_HEADER_SIZE;
    if (left < 0) throw fault(at, `a header of ${CHUNK_HEADER_SIZE} bytes`, `${source.size - at} bytes`, structure);
    const header = Buffer.from(await source.read(at, CHUNK_HEADER_SIZE));
    const plain = Number(header.readBigUInt64BE(0));
    const stored = Number(header.readBigUInt64BE(8));
    if (plain < 1 || plain > MAX_PBZX_CHUNK)
      throw fault(at, `1 to ${MAX_PBZX_CHUNK} plain bytes`, `${plain}`, structure);
    if (stored < 1 || stored > Math.min(MAX_PBZX_CHUNK, left)) {
      const room = `1 to ${Math.min(MAX_PBZX_CHUNK, left)} stored bytes (${left} are left)`;
      throw fault(at + 8, room, `${stored}`, structure);
    }
    if (offset + plain > MAX_PBZX_PLAIN) throw fault(at, `at most ${MAX_PBZX_PLAIN} plain bytes`, 'more', structure);
    list.push({ at: at + CHUNK_HEADER_SIZE, stored, offset, plain, raw: stored === plain });
    offset += plain;
    at += CHUNK_HEADER_SIZE + stored;
  }
  return list;
}
