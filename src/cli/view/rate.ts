/** Milliseconds over which a rate is taken: long enough to be calm, short enough to be true. */
const WINDOW = 5000;
/** Milliseconds before a rate says anything. */
const WARM_UP = 500;

/** Bytes a second over the last few seconds. */
export class Rate {
  readonly #samples: { at: number; done: number }[] = [];

  push(at: number, done: number): void {
    this.#samples.push({ at, done });
    while (this.#samples.length > 2 && at - this.#samples[0]!.at > WINDOW) this.#samples.shift();
  }

  get value(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < WARM_UP || last.done <= first.done) return undefined;
    return ((last.done - first.done) / (last.at - first.at)) * 1000;
  }
}
