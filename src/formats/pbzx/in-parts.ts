import { type ByteSource, unfilled } from '../bytes.js';
import type { Codecs } from '../codecs/wasm.js';
import { codecsFor, XzInParts } from '../codecs/xz.js';
import type { PbzxChunk } from './chunks.js';

/** Stored bytes read at once. */
const READ = 256 << 10;
/** Chunks that are kept: the one looked into, and the one before it. */
const KEPT = 2;
/** Larger ones, plain or stored, are decoded as a whole. Bytes; Apple's have 16 MiB. */
const LARGEST = 32 << 20;

/** A chunk on its way. */
interface Opened {
  readonly xz: XzInParts;
  readonly stored: Uint8Array;
  /** Bytes of it that are there. */
  have: number;
}

/**
 * Chunks that are read and decoded as far as somebody looks into them, here, and on from there when he looks further: to find one folder
 * takes a look into the beginning of some chunks, and a part of one or two.
 */
export class ChunksInParts {
  /** In the order of their last use. */
  readonly #open = new Map<number, Opened>();
  /** Memories of those that are gone. */
  readonly #free: Codecs[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly source: ByteSource,
    readonly chunks: readonly PbzxChunk[],
  ) {}

  /** Whether a chunk can be looked at in this way. */
  takes({ raw, plain, stored }: PbzxChunk): boolean {
    return !raw && plain <= LARGEST && stored <= LARGEST;
  }

  /** What `look` makes of a chunk's first bytes, at least `most` or all there are, which are good only then. FormatError of the decoder. */
  use<T>(index: number, most: number, look: (bytes: Uint8Array) => T): Promise<T> {
    const work = this.#turn.then(async () => look(await this.#upTo(index, most)));
    this.#turn = work.catch(() => undefined);
    return work;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#open.clear();
    this.#free.length = 0;
  }

  async #upTo(index: number, most: number): Promise<Uint8Array> {
    const chunk = this.chunks[index]!;
    const opened = this.#opened(index);
    const { xz, stored } = opened;
    const wanted = Math.min(most, chunk.plain);
    const isShort = () => xz.bytes.length < wanted || (wanted === chunk.plain && opened.have < stored.length);
    while (isShort()) {
      const length = Math.min(READ, stored.length - opened.have);
      stored.set(await this.source.read(chunk.at + opened.have, length), opened.have);
      opened.have += length;
      xz.decode(stored.subarray(0, opened.have), wanted, opened.have === stored.length);
    }
    return xz.bytes;
  }

  #opened(index: number): Opened {
    const { at, plain, stored } = this.chunks[index]!;
    const known = this.#open.get(index);
    this.#open.delete(index);
    while (this.#open.size >= KEPT) {
      const [oldest, { xz }] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      this.#free.push(xz.codecs);
    }
    const used = known ?? {
      xz: new XzInParts(this.#codecs(plain), plain, { file: this.source.name, at }),
      stored: unfilled(stored),
      have: 0,
    };
    this.#open.set(index, used);
    return used;
  }

  #codecs(plain: number): Codecs {
    return this.#free.pop() ?? codecsFor(plain);
  }
}
