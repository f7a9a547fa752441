import { fstatSync, writeSync } from 'node:fs';

/** Nobody needs the rest of what is printed: its reader has gone away, or it cannot be written. What that means is main's to say. */
export class OutputClosed extends Error {
  constructor() {
    super('nobody reads the output any more');
  }
}

/** stdout or stderr, surviving a reader that goes away and knowing what could not be written. */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  /** The descriptor of a file or device: written to directly, because node's stream for these drops the rest of a short write. */
  readonly #fd: number | undefined;
  #error: NodeJS.ErrnoException | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#fd = directly(stream);
    // EPIPE, and EIO of a terminal that was closed: without a listener they would end the process before any undo.
    stream.on('error', (error) => this.#note(error));
  }

  /** Of the terminal that it is; undefined of anything else. Some pseudo-terminals say 0. */
  get columns(): number | undefined {
    return this.#stream.isTTY ? this.#stream.columns || 80 : undefined;
  }

  /** Nothing that is written now arrives anywhere. */
  get gone(): boolean {
    return this.#error !== undefined;
  }

  /** What kept the output from being whole. A reader that has gone away (`osx-iso inspect … | head`) is no failure. */
  get failure(): Error | undefined {
    return this.#error?.code === 'EPIPE' ? undefined : this.#error;
  }

  /** Drops the line when nobody reads. */
  line(text: string): void {
    if (this.gone) return;
    if (this.#fd !== undefined) this.#writeAll(this.#fd, Buffer.from(`${text}\n`));
    else this.#stream.write(`${text}\n`);
  }

  /** Throws OutputClosed when nobody reads. */
  async bytes(chunk: Uint8Array): Promise<void> {
    if (this.#fd !== undefined && !this.gone) this.#writeAll(this.#fd, chunk);
    else if (!this.gone) {
      await new Promise<void>((resolve) => {
        this.#stream.write(chunk, (error) => {
          if (error) this.#note(error);
          resolve();
        });
      });
    }
    if (this.gone) throw new OutputClosed();
  }

  /** All that was written has left this process. */
  async flush(): Promise<void> {
    if (this.gone || this.#fd !== undefined) return;
    await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
  }

  #note(error: Error): void {
    this.#error ??= error;
  }

  #writeAll(fd: number, bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    } catch (error) {
      this.#note(error as Error);
    }
  }
}

/** The descriptor of a stream that is a file, a disk or a device other than a terminal. */
function directly(stream: NodeJS.WriteStream & { readonly fd?: number }): number | undefined {
  if (typeof stream.fd !== 'number' || stream.isTTY) return undefined;
  try {
    const found = fstatSync(stream.fd);
    return found.isFile() || found.isCharacterDevice() || found.isBlockDevice() ? stream.fd : undefined;
  } catch {
    return undefined;
  }
}
