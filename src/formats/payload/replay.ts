import { FormatError } from '../../errors.js';
import { type ByteSource, checkRange, fromBytes } from '../bytes.js';
import { type Feed, StreamFeed } from '../cpio/index.js';

/** Longest file that is read as a whole, so that its parts can be had in any order without a new pass; bytes. */
export const MAX_WHOLE_FILE = 64 * 1024 * 1024;

/**
 * Reads from a stream that can only be decoded from its start (gzip, bzip2), again where it must. Reading forward continues; so
 * files read in the order in which they lie there cost one pass together.
 */
export class Replay {
  readonly #name: string;
  readonly #open: () => AsyncIterable<Uint8Array>;
  #feed: Feed | undefined;
  /** The file read last. */
  #whole: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
  /** Reads wait for each other: they share one position. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(name: string, open: () => AsyncIterable<Uint8Array>) {
    this.#name = name;
    this.#open = open;
  }

  /** The file at [offset, offset + size) of the stream. */
  file(offset: number, size: number, name: string): ByteSource {
    if (size === 0) return fromBytes(new Uint8Array(0), name);
    const source: ByteSource = {
      name,
      size,
      read: async (at, length) => {
        checkRange(source, at, length);
        if (size > MAX_WHOLE_FILE) return this.#next(() => this.#take(offset + at, length));
        return this.#next(async () => {
          if (this.#whole?.offset !== offset || this.#whole.bytes.length !== size) {
            this.#whole = undefined;
            this.#whole = { offset, bytes: await this.#take(offset, size) };
          }
          return this.#whole.bytes.subarray(at, at + length);
        });
      },
    };
    return source;
  }

  async close(): Promise<void> {
    await this.#next(async () => {
      this.#whole = undefined;
      await this.#feed?.close();
      this.#feed = undefined;
    });
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #take(offset: number, length: number): Promise<Uint8Array> {
    if (this.#feed && this.#feed.position > offset) {
      await this.#feed.close();
      this.#feed = undefined;
    }
    this.#feed ??= new StreamFeed(this.#open());
    const feed = this.#feed;
    try {
      await feed.skip(offset - feed.position);
      const bytes = await feed.take(length);
      if (bytes.length === length) return bytes;
    } catch (error) {
      this.#feed = undefined;
      throw error;
    }
    throw new FormatError({
      file: this.#name,
      structure: 'cpio payload',
      offset,
      expected: `${length} bytes`,
      found: 'the end: the payload ends early',
    });
  }
}
