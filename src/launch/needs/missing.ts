import { Interrupted, SeveralErrors, UserError } from '../../errors.js';

/** Gathers what a guest lacks, so that all of it is said at once, before anything is made. */
export class Missing {
  readonly #errors: UserError[] = [];
  readonly #besides: UserError[] = [];

  /** The result of a look; undefined where it found something missing, which is kept. Everything else that goes wrong is thrown. */
  async of<T>(look: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
      this.#errors.push(error);
      return undefined;
    }
  }

  /** Something that is missing, where it is. */
  add(error: UserError | undefined): void {
    if (error) this.#errors.push(error);
  }

  /** What a guest can do without, though not well: said with the rest, where there is a rest. */
  besides(error: UserError | undefined): void {
    if (error) this.#besides.push(error);
  }

  /** Whether something is missing. */
  get some(): boolean {
    return this.#errors.length > 0;
  }

  /** Throws what is missing: one thing as it is, more of them as one error. */
  end(): void {
    const [first, ...more] = this.#errors;
    if (!first) return;
    if (more.length === 0 && this.#besides.length === 0) throw first;
    throw new SeveralErrors([first, ...more], 'are missing or in the way', this.#besides);
  }
}
