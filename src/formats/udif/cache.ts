/** Keeps the most recently used decoded runs, up to a number of bytes; two readers of one run share one decoding. */
export class RunCache {
  readonly #limit: number;
  readonly #entries = new Map<number, { bytes: Promise<Uint8Array>; length: number }>();
  #held = 0;

  /** `limit` in bytes. One run is kept even if it alone is larger. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#entries.clear();
    this.#held = 0;
  }

  /** Run `run` of `length` decoded bytes; `load` is called when it is not held. */
  get(run: number, length: number, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const held = this.#entries.get(run);
    if (held !== undefined) {
      this.#entries.delete(run);
      this.#entries.set(run, held);
      return held.bytes;
    }
    const entry = { bytes: load(), length };
    this.#entries.set(run, entry);
    this.#held += length;
    for (const [oldest, { length: freed }] of this.#entries) {
      if (this.#held <= this.#limit || oldest === run) break;
      this.#entries.delete(oldest);
      this.#held -= freed;
    }
    // What failed is not kept, so that a later read tries again.
    entry.bytes.catch(() => {
      if (this.#entries.get(run) === entry) {
        this.#entries.delete(run);
        this.#held -= length;
      }
    });
    return entry.bytes;
  }
}

/** Of all open images together, so that images within images take no more memory than one: 8 MiB. */
export const decodedRuns = new RunCache(8 << 20);
