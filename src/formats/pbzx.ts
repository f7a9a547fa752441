import { FormatError } from '../errors.js';
import { asBytes, type ByteSource, checkRange, type Piece, piecesOf } from './bytes.js';
import { decode } from './codecs/index.js';
import { decodeXzBeginning, enoughOf } from './codecs/xz.js';
import { DecodedChunks } from './decoded-chunks.js';

/** Longest chunk we read, plain or stored, bytes. Apple writes 16 MiB. */
export const MAX_PBZX_CHUNK = 64 * 1024 * 1024;
/** Most chunks we read; 2^18 of them are 4 TiB. */
export const MAX_PBZX_CHUNKS = 1 << 18;
/** Most plain bytes of a whole stream; Apple's largest has some 15 GB. */
export const MAX_PBZX_PLAIN = 64 * 1024 ** 3;
/** Bytes of the header: magic, u64 block size. Big-endian. */
const HEADER_SIZE = 12;
/** Bytes before each chunk: u64 plain size, u64 stored size. */
const CHUNK_HEADER_SIZE = 16;
/** A chunk is handed on in parts of this many bytes. */
const PART = 128 << 10;

/** One encoded chunk, in the words in which a worker thread takes it. */
export type EncodedPiece = Extract<Piece, { kind: 'encoded' }>;

/**
 * Decodes one chunk somewhere: `skip` is 0 and `length` is `plainLength`. `room` is an earlier result that may be overwritten: the
 * memory of that is used again where it fits.
 */
export type DecodeChunk = (chunk: EncodedPiece, room?: Uint8Array) => Promise<Uint8Array>;

export interface PbzxOptions {
  /** Where chunks are decoded; default: here, synchronously. */
  readonly decodeChunk?: DecodeChunk;
  /** How many chunks beyond the wanted one are decoded at the same time when reading front to back; default 0. */
  readonly lookAhead?: number;
}

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

/** Opens a pbzx stream for random access to its plain bytes; only headers are read. */
export async function openPbzx(source: ByteSource, options: PbzxOptions = {}): Promise<PbzxSource> {
  return new PbzxSource(source, await indexPbzx(source), options);
}

/** The plain bytes of a pbzx stream, front to back, in bounded memory. */
export async function* unpbzx(source: ByteSource, options: PbzxOptions = {}): AsyncGenerator<Uint8Array> {
  const plain = await openPbzx(source, options);
  for (let at = 0; at < plain.size; ) {
    const bytes = await plain.readOn(at);
    yield bytes;
    at += bytes.length;
  }
}

/**
 * The plain bytes of a pbzx stream with random access: a read decodes only the chunks it lies in, and the last ones stay in
 * memory (look-ahead + 1 chunks).
 */
export class PbzxSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly chunks: readonly PbzxChunk[];
  /** Absent where the stored bytes cannot be given as pieces. */
  readonly pieces?: (offset: number, length: number) => Iterable<Piece>;
  readonly #source: ByteSource;
  readonly #decode: DecodeChunk | undefined;
  readonly #lookAhead: number;
  /** The chunk that readOn gave last. */
  #reached = -1;
  readonly #decoded: DecodedChunks;

  constructor(source: ByteSource, list: readonly PbzxChunk[], options: PbzxOptions) {
    this.name = source.name;
    this.chunks = list;
    const last = list.at(-1);
    this.size = last ? last.offset + last.plain : 0;
    this.#source = source;
    this.#decode = options.decodeChunk;
    this.#lookAhead = options.lookAhead ?? 0;
    this.#decoded = new DecodedChunks(this.#lookAhead + 1, (index, room) => this.#load(index, room));
    if (source.pieces) this.pieces = (offset, length) => this.#pieces(offset, length);
  }

  /** Lets go of decoded chunks; they are decoded again when they are asked for again. */
  forget(): void {
    this.#decoded.clear();
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const parts: Uint8Array[] = [];
    for (const { index, skip, take } of this.#spans(offset, length)) {
      const chunk = this.chunks[index]!;
      if (chunk.raw) parts.push(await this.#source.read(chunk.at + skip, take));
      else parts.push(await this.#decoded.use(index, (bytes) => bytes.slice(skip, skip + take)));
    }
    return parts.length === 1 ? parts[0]! : asBytes(Buffer.concat(parts, length));
  }

  /** Some bytes from `offset` on, at least one and at most 128 KiB; `ahead` of the chunks that follow are decoded meanwhile. */
  async readOn(offset: number, ahead = this.#lookAhead): Promise<Uint8Array> {
    checkRange(this, offset, 1);
    const index = this.#chunkAt(offset);
    const chunk = this.chunks[index]!;
    const skip = offset - chunk.offset;
    const take = Math.min(PART, chunk.plain - skip);
    const wanted = chunk.raw
      ? this.#source.read(chunk.at + skip, take)
      : this.#decoded.use(index, (bytes) => bytes.slice(skip, skip + take));
    // Who has just left out a long file may well leave out the next chunk, too.
    const last = index > this.#reached + 1 ? index : index + ahead;
    this.#reached = index;
    for (let next = index + 1; next <= last && next < this.chunks.length; next++) {
      if (!this.chunks[next]!.raw) this.#decoded.prepare(next);
    }
    return wanted;
  }

  /**
   * The first bytes of a chunk, at least `most` of them where it has so many: no more is read and decoded than that takes. FormatError
   * when it is damaged.
   */
  async beginning(index: number, most: number): Promise<Uint8Array> {
    const chunk = this.chunks[index]!;
    if (chunk.raw) return this.#source.read(chunk.at, Math.min(most, chunk.plain));
    if (most < chunk.plain) {
      const stored = await this.#source.read(chunk.at, Math.min(chunk.stored, enoughOf(most)));
      const bytes = inChunk(index, () =>
        decodeXzBeginning(stored, most, chunk.plain, { file: this.name, at: chunk.at }),
      );
      if (bytes) return bytes;
    }
    return this.#decoded.use(index, (bytes) => bytes.slice());
  }

  *#pieces(offset: number, length: number): Iterable<Piece> {
    checkRange(this, offset, length);
    for (const { index, skip, take } of this.#spans(offset, length)) {
      const chunk = this.chunks[index]!;
      if (chunk.raw) yield* piecesOf(this.#source, chunk.at + skip, take);
      else {
        const input = [...piecesOf(this.#source, chunk.at, chunk.stored)];
        yield { ...this.#encoded(chunk, input), skip, length: take };
      }
    }
  }

  /** Which bytes of which chunks make up a range. */
  *#spans(offset: number, length: number) {
    const end = offset + length;
    let at = offset;
    for (let index = length > 0 ? this.#chunkAt(offset) : 0; at < end; index++) {
      const chunk = this.chunks[index]!;
      const skip = at - chunk.offset;
      const take = Math.min(chunk.plain - skip, end - at);
      yield { index, skip, take };
      at += take;
    }
  }

  #chunkAt(offset: number): number {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.chunks[middle]!.offset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async #load(index: number, room: Uint8Array | undefined): Promise<Uint8Array> {
    try {
      return await this.#decodeChunk(this.chunks[index]!, room);
    } catch (error) {
      throw named(index, error);
    }
  }

  async #decodeChunk(chunk: PbzxChunk, room: Uint8Array | undefined): Promise<Uint8Array> {
    const decodeElsewhere = this.#decode;
    if (!decodeElsewhere) {
      const stored = await this.#source.read(chunk.at, chunk.stored);
      const out = room?.length === chunk.plain ? room : undefined;
      return decode('xz', stored, chunk.plain, { file: this.name, at: chunk.at }, out);
    }
    const input: Piece[] = this.#source.pieces
      ? [...this.#source.pieces(chunk.at, chunk.stored)]
      : [{ kind: 'bytes', bytes: await this.#source.read(chunk.at, chunk.stored), length: chunk.stored }];
    const plain = await decodeElsewhere(this.#encoded(chunk, input), room);
    if (plain.length === chunk.plain) return plain;
    throw new FormatError({
      file: this.name,
      structure: 'decoded bytes',
      offset: chunk.at,
      expected: `${chunk.plain} plain bytes`,
      found: `${plain.length}`,
    });
  }

  #encoded(chunk: PbzxChunk, input: readonly Piece[]): EncodedPiece {
    return {
      kind: 'encoded',
      codec: 'xz',
      input,
      plainLength: chunk.plain,
      skip: 0,
      length: chunk.plain,
      file: this.name,
      at: chunk.at,
    };
  }
}

/** An error of a decoder, which knows nothing of chunks, with the chunk's number. */
function named(index: number, error: unknown): unknown {
  if (!(error instanceof FormatError)) return error;
  return new FormatError({ ...error.fault, structure: `pbzx chunk ${index}, ${error.fault.structure}` });
}

function inChunk<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(index, error);
  }
}

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
