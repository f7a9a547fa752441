import type { WorkerPool } from './pool.js';

/** The SHA-256 of bytes that are shown in order: one of a pool's threads makes it between its other work. One a pool at a time. */
export class DiskHash {
  /** What was shown and is not hashed yet, in order. */
  readonly #underWay: Promise<void>[] = [];

  constructor(readonly pool: WorkerPool) {
    this.#show('begin', () => {});
  }

  /** `bytes` may change only after `done`, which is not called when the thread fails. */
  update(bytes: Uint8Array, done: () => void): void {
    this.#show(bytes, done);
  }

  /** Resolves when something more is done, at once where nothing is under way. Throws what is wrong with the thread. */
  async step(): Promise<void> {
    await this.#underWay[0];
  }

  /** Hex, of all that was shown. Throws what is wrong with the thread. */
  async digest(): Promise<string> {
    return (await this.pool.hash('end'))!;
  }

  #show(next: 'begin' | Uint8Array, done: () => void): void {
    const seen = this.pool.hash(next).then(() => {
      this.#underWay.shift();
      done();
    });
    // Whoever steps, or wants the digest, hears of it.
    seen.catch(() => undefined);
    this.#underWay.push(seen);
  }
}
