import { FormatError } from '../../errors.js';
import { asBytes, type ByteSource, checkRange, piecesOf } from '../bytes.js';
import { decode } from '../codecs/index.js';
import { DecodedChunks } from '../decoded-chunks.js';
import type { DecodePiece, EncodedPiece, Piece } from '../pieces.js';
import { indexPbzx, type PbzxChunk } from './chunks.js';
import { ChunksInParts } from './in-parts.js';

/** A chunk is handed on in parts of this many bytes. */
const PART = 128 << 10;

export interface PbzxOptions {
  /** Where chunks are decoded; default: here, synchronously. */
  readonly decodeChunk?: DecodePiece;
  /** How many chunks beyond the wanted one are decoded at the same time when reading front to back; default 0. */
  readonly lookAhead?: number;
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
  readonly #decode: DecodePiece | undefined;
  readonly #lookAhead: number;
  /** The chunk that readOn gave last. */
  #reached = -1;
  readonly #decoded: DecodedChunks;
  readonly #inParts: ChunksInParts;

  constructor(source: ByteSource, list: readonly PbzxChunk[], options: PbzxOptions) {
    this.name = source.name;
    this.chunks = list;
    const last = list.at(-1);
    this.size = last ? last.offset + last.plain : 0;
    this.#source = source;
    this.#decode = options.decodeChunk;
    this.#lookAhead = options.lookAhead ?? 0;
    this.#decoded = new DecodedChunks(this.#lookAhead + 1, (index, room) => this.#load(index, room));
    this.#inParts = new ChunksInParts(source, list);
    if (source.pieces) this.pieces = (offset, length) => this.#pieces(offset, length);
  }

  /** Lets go of decoded chunks; they are decoded again when they are asked for again. */
  forget(): void {
    this.#decoded.clear();
    this.#inParts.clear();
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

  /** Some bytes from `offset` on, at least one and at most 128 KiB; as many chunks that follow as there are looked ahead are decoded meanwhile. */
  async readOn(offset: number): Promise<Uint8Array> {
    checkRange(this, offset, 1);
    const index = this.#chunkAt(offset);
    const chunk = this.chunks[index]!;
    const skip = offset - chunk.offset;
    const take = Math.min(PART, chunk.plain - skip);
    const wanted = chunk.raw
      ? this.#source.read(chunk.at + skip, take)
      : this.#decoded.use(index, (bytes) => bytes.slice(skip, skip + take));
    // Who has just left out a long file may well leave out the next chunk, too.
    const last = index > this.#reached + 1 ? index : index + this.#lookAhead;
    this.#reached = index;
    for (let next = index + 1; next <= last && next < this.chunks.length; next++) {
      if (!this.chunks[next]!.raw) this.#decoded.prepare(next);
    }
    return wanted;
  }

  /** Like readOn, where it ends soon: no more is read and decoded than that takes. */
  async readHere(offset: number): Promise<Uint8Array> {
    checkRange(this, offset, 1);
    const index = this.#chunkAt(offset);
    const chunk = this.chunks[index]!;
    const skip = offset - chunk.offset;
    return this.beginning(index, skip, Math.min(chunk.plain, skip + PART), PART);
  }

  /**
   * The bytes of a chunk from `from` on, to `most` or somewhat further, `length` of them at most: no more is read and decoded than that
   * takes. FormatError when it is damaged.
   */
  async beginning(index: number, from: number, most: number, length = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    const chunk = this.chunks[index]!;
    const end = Math.min(most, chunk.plain);
    if (chunk.raw) return this.#source.read(chunk.at + from, end - from);
    const look = (bytes: Uint8Array) => bytes.slice(from, from + length);
    if (!this.#inParts.takes(chunk)) return this.#decoded.use(index, look);
    return this.#inParts.use(index, end, look).catch((error: unknown) => {
      throw named(index, error);
    });
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
