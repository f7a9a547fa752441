/** Decodes a chunk. `room`: memory that an earlier call returned and nobody uses any more, to be used again where it fits. */
export type LoadChunk = (index: number, room: Uint8Array | undefined) => Promise<Uint8Array>;

interface Chunk {
  readonly decoding: Promise<Uint8Array>;
  /** Set once it is decoded, or cannot be. */
  ended?: { readonly bytes?: Uint8Array };
  /** Who waits for it or looks at it just now. */
  users: number;
}

/**
 * Keeps the most recently used chunks decoded, and the memory of the others in use: chunks of 16 MiB left to the garbage collector
 * are hundreds of megabytes before it looks at them.
 */
export class DecodedChunks {
  readonly #limit: number;
  readonly #load: LoadChunk;
  /** The least recently used first. */
  readonly #chunks = new Map<number, Chunk>();

  /** `limit`: how many are kept; only as many more as are used or decoded at the same time. */
  constructor(limit: number, load: LoadChunk) {
    this.#limit = limit;
    this.#load = load;
  }

  /** What `look` makes of a chunk's bytes, which are overwritten some time after it has returned. */
  async use<T>(index: number, look: (bytes: Uint8Array) => T): Promise<T> {
    const chunk = this.#chunk(index);
    chunk.users++;
    try {
      return look(await chunk.decoding);
    } catch (error) {
      // A later use tries again.
      if (this.#chunks.get(index) === chunk) this.#chunks.delete(index);
      throw error;
    } finally {
      chunk.users--;
    }
  }

  /** Starts to decode a chunk. A failure shows when it is used, if it ever is. */
  prepare(index: number): void {
    this.#chunk(index);
  }

  /** Lets go of everything; chunks are decoded again when they are used again. */
  clear(): void {
    this.#chunks.clear();
  }

  #chunk(index: number): Chunk {
    const known = this.#chunks.get(index);
    if (known) {
      this.#chunks.delete(index);
      this.#chunks.set(index, known);
      return known;
    }
    const chunk: Chunk = { decoding: this.#load(index, this.#room()), users: 0 };
    this.#chunks.set(index, chunk);
    chunk.decoding.then(
      (bytes) => {
        chunk.ended = { bytes };
      },
      () => {
        chunk.ended = {};
      },
    );
    return chunk;
  }

  /** Memory of a chunk that has to go. */
  #room(): Uint8Array | undefined {
    let room: Uint8Array | undefined;
    for (const [index, { users, ended }] of this.#chunks) {
      if (this.#chunks.size < this.#limit) break;
      if (users > 0 || !ended) continue;
      this.#chunks.delete(index);
      room = ended.bytes ?? room;
    }
    return room;
  }
}
