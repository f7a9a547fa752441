import { FormatError } from '../errors.js';
import { type ByteSource, chunks } from './bytes.js';
import { RangeFeed, type Wanted } from './range-feed.js';

/** What proves a file by its bytes, shown front to back. Both throw what is wrong. */
export interface Proof {
  update(bytes: Uint8Array): void;
  /** What was proved, as a sentence without its end. */
  finish(): string | Promise<string>;
}

/** A file of a disk that is to be proved. */
export interface Placed {
  readonly name: string;
  readonly proof: Proof;
  /** The same bytes, for when they do not go by in the file's order. */
  readonly source: ByteSource;
  /** Where the file lies on the disk, in its own order; bytes. Undefined where that is not known. */
  readonly stretches: readonly { readonly offset: number; readonly length: number }[] | undefined;
}

/** What came of a proof. */
export type Outcome =
  | { readonly name: string; readonly proved: string }
  | { readonly name: string; readonly error: unknown };

/**
 * Proves files of a disk while the disk's bytes go by once, front to back. A file whose pieces lie in another order is read by
 * itself in the end. What is wrong with one file ends its proof, not the others'.
 */
export class Proofs {
  readonly #placed: readonly Placed[];
  readonly #late = new Set<Placed>();
  readonly #failed = new Map<Placed, unknown>();
  readonly #feed: RangeFeed;
  /** Bytes of the disk before and behind which no file lies. */
  readonly from: number;
  readonly to: number;

  constructor(placed: readonly Placed[], options: { readonly whole?: boolean; readonly size: number }) {
    this.#placed = placed;
    const wanted: Wanted[] = [];
    for (const one of placed) {
      if (!isRising(one.stretches)) this.#late.add(one);
      else for (const place of one.stretches) wanted.push({ ...place, see: (bytes) => this.#see(one, bytes) });
    }
    const ends = wanted.map(({ offset, length }) => offset + length);
    this.from = options.whole ? 0 : wanted.reduce((least, { offset }) => Math.min(least, offset), options.size);
    this.to = options.whole ? options.size : ends.reduce((most, end) => Math.max(most, end), this.from);
    this.#feed = new RangeFeed(wanted, this.from);
  }

  /** The disk's next bytes, from `from` on. */
  update(bytes: Uint8Array): void {
    this.#feed.update(bytes);
  }

  /**
   * To be called when the bytes up to `to` went by. Reads what did not go by in order; `settled` is awaited after each part of that:
   * whoever hashes it elsewhere may be slower than it is read.
   */
  async finish(signal: AbortSignal, settled: () => Promise<void> = async () => {}): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const one of this.#placed) {
      const { name, proof } = one;
      if (this.#late.has(one)) await this.#read(one, signal, settled);
      if (!this.#failed.has(one)) {
        try {
          outcomes.push({ name, proved: await proof.finish() });
          continue;
        } catch (error) {
          this.#failed.set(one, error);
        }
      }
      outcomes.push({ name, error: this.#failed.get(one) });
    }
    return outcomes;
  }

  async #read(one: Placed, signal: AbortSignal, settled: () => Promise<void>): Promise<void> {
    try {
      for await (const bytes of chunks(one.source)) {
        signal.throwIfAborted();
        this.#see(one, bytes);
        await settled();
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#failed.set(one, error);
    }
  }

  #see(one: Placed, bytes: Uint8Array): void {
    if (this.#failed.has(one)) return;
    try {
      one.proof.update(bytes);
    } catch (error) {
      this.#failed.set(one, error);
    }
  }
}

function isRising(stretches: Placed['stretches']): stretches is NonNullable<Placed['stretches']> {
  let end = 0;
  return (
    stretches?.every(({ offset, length }) => {
      const rises = offset >= end;
      end = offset + length;
      return rises;
    }) ?? false
  );
}
