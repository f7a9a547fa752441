import { asBytes } from '../bytes.js';

/** One-way reading of a long stream: what a cpio archive is read through. Offsets are bytes from its start. */
export interface Feed {
  readonly position: number;
  /** Exactly `length` bytes; fewer only where the stream ends. The result must not be changed. */
  take(length: number): Promise<Uint8Array>;
  /** The next bytes, at most `most` of them, as they are at hand; none at the end. */
  some(most: number): Promise<Uint8Array>;
  /** Leaves bytes out; returns how many there were. */
  skip(length: number): Promise<number>;
  close(): Promise<void>;
}

const NONE = new Uint8Array(0);

/** A feed from whatever yields bytes. */
export class StreamFeed implements Feed {
  position = 0;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = NONE;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#iterator = bytes[Symbol.asyncIterator]();
  }

  async some(most: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const next = await this.#iterator.next();
      if (next.done) return NONE;
      this.#rest = next.value;
    }
    const bytes = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(bytes.length);
    this.position += bytes.length;
    return bytes;
  }

  async take(length: number): Promise<Uint8Array> {
    return takeFrom(this, length);
  }

  async skip(length: number): Promise<number> {
    let left = length;
    while (left > 0) {
      const bytes = await this.some(left);
      if (bytes.length === 0) break;
      left -= bytes.length;
    }
    return length - left;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}

/** Random access good enough to feed from: reads what is at hand at a place, at least one byte. */
export interface Seekable {
  readonly size: number;
  readOn(offset: number): Promise<Uint8Array>;
}

/** A feed from a source with random access: bytes left out are never read or decoded. */
export class SeekFeed implements Feed {
  position = 0;
  readonly #source: Seekable;
  #rest: Uint8Array = NONE;

  constructor(source: Seekable) {
    this.#source = source;
  }

  async some(most: number): Promise<Uint8Array> {
    if (this.#rest.length === 0) {
      if (this.position >= this.#source.size) return NONE;
      this.#rest = await this.#source.readOn(this.position);
    }
    const bytes = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(bytes.length);
    this.position += bytes.length;
    return bytes;
  }

  async take(length: number): Promise<Uint8Array> {
    return takeFrom(this, length);
  }

  async skip(length: number): Promise<number> {
    const skipped = Math.min(length, this.#source.size - this.position);
    this.#rest = this.#rest.subarray(Math.min(skipped, this.#rest.length));
    this.position += skipped;
    return skipped;
  }

  async close(): Promise<void> {
    this.#rest = NONE;
  }
}

async function takeFrom(feed: Feed, length: number): Promise<Uint8Array> {
  const first = await feed.some(length);
  if (first.length === length || first.length === 0) return first;
  const parts = [first];
  let have = first.length;
  while (have < length) {
    const part = await feed.some(length - have);
    if (part.length === 0) break;
    parts.push(part);
    have += part.length;
  }
  return asBytes(Buffer.concat(parts, have));
}
