/** Something open that several hold: closed when the last of them lets go. */
export class Shared<T> {
  readonly value: T;
  readonly #close: (value: T) => Promise<void>;
  #holders = 1;

  /** Whoever makes it is the first holder. */
  constructor(value: T, close: (value: T) => Promise<void>) {
    this.value = value;
    this.#close = close;
  }

  get holders(): number {
    return this.#holders;
  }

  /** One more holder. The returned function lets go, once; when closing fails, it may be called again. */
  retain(): () => Promise<void> {
    if (this.#holders === 0) throw new Error('cannot hold what is closed already');
    this.#holders++;
    let held = true;
    return async () => {
      if (!held) return;
      held = false;
      try {
        await this.release();
      } catch (error) {
        held = true;
        throw error;
      }
    };
  }

  /** One holder less. Closes at zero; where closing fails, the holder keeps it and may try again. */
  async release(): Promise<void> {
    if (this.#holders === 0) return;
    this.#holders--;
    if (this.#holders > 0) return;
    try {
      await this.#close(this.value);
    } catch (error) {
      this.#holders++;
      throw error;
    }
  }
}
