import type { Digest } from '../../formats/digest.js';
import type { WorkerPool } from './pool.js';

/** Hashes that threads of a pool make between their other work, of bytes that are shown in order. */
export class Digests {
  readonly #pool: WorkerPool;
  /** What was shown and is not hashed yet, in order. */
  readonly #underWay: Promise<unknown>[] = [];

  constructor(pool: WorkerPool) {
    this.#pool = pool;
  }

  /** Bytes it is shown may change only after `seen` has called back. */
  begin(algorithm: string): Digest {
    const hash = this.#pool.beginHash(algorithm);
    return {
      update: (bytes) => this.#add(hash.update(bytes)),
      hex: () => hash.hex(),
    };
  }

  /** Calls back when all that was shown is hashed; never where a thread fails: whoever steps, or wants a hash, hears of it. */
  seen(done: () => void): void {
    if (this.#underWay.length === 0) done();
    else this.#add(Promise.all(this.#underWay).then(done));
  }

  /** Resolves when something more is done, at once where nothing is under way. Throws what is wrong with the thread. */
  async step(): Promise<void> {
    await this.#underWay[0];
  }

  /** Resolves when all that was shown is hashed. Throws what is wrong with the thread. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #add(work: Promise<unknown>): void {
    const ended = work.then(() => {
      this.#underWay.splice(this.#underWay.indexOf(ended), 1);
    });
    ended.catch(() => undefined);
    this.#underWay.push(ended);
  }
}
