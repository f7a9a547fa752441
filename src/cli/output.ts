/** The reader of stdout has gone away (`osx-iso inspect … | head`): nobody needs the rest. Not an error. */
export class OutputClosed extends Error {
  constructor() {
    super('nobody reads the output any more');
  }
}

/** stdout or stderr, surviving a reader that goes away. */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  #gone = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // EPIPE, and EIO of a terminal that was closed: without a listener they would end the process before any undo.
    stream.on('error', () => {
      this.#gone = true;
    });
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Drops the line when nobody reads. */
  line(text: string): void {
    if (!this.#gone) this.#stream.write(`${text}\n`);
  }

  /** Throws OutputClosed when nobody reads. */
  async bytes(chunk: Uint8Array): Promise<void> {
    if (this.#gone) throw new OutputClosed();
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(chunk, (error) => (error ? reject(new OutputClosed()) : resolve()));
    });
  }

  /** All that was written has left this process. */
  async flush(): Promise<void> {
    if (this.#gone) return;
    await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
  }
}
