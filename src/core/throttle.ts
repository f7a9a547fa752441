import type { Progress } from '../image/types.js';

/** Milliseconds between two progress events of a step: ten a second. */
export const PROGRESS_INTERVAL = 100;

/** Lets at most one progress report through per interval; `flush` delivers the last one that was held back. */
export class Throttle {
  readonly #deliver: (progress: Progress) => void;
  readonly #now: () => number;
  #last = Number.NEGATIVE_INFINITY;
  #held: Progress | undefined;

  constructor(deliver: (progress: Progress) => void, now: () => number) {
    this.#deliver = deliver;
    this.#now = now;
  }

  push(progress: Progress): void {
    const now = this.#now();
    if (now - this.#last < PROGRESS_INTERVAL) {
      this.#held = progress;
      return;
    }
    this.#last = now;
    this.#held = undefined;
    this.#deliver(progress);
  }

  flush(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held) this.#deliver(held);
  }
}
