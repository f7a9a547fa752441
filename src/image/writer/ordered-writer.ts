import type { FileHandle } from 'node:fs/promises';
import { DIRECT_BLOCK } from './direct.js';

/** Bytes on their way into the file. */
interface Waiting {
  readonly offset: number;
  /** Nobody changes them before `written`. */
  readonly bytes: Uint8Array;
  readonly written: () => void;
}

/** Stretches that are written at once at most: a disk is fastest with few large writes, and two at a time would wait for one inode. */
export const BATCH = 2;

/**
 * Writes stretches in order, one write at a time, while others are made: what follows each other goes together. Whole blocks go past the
 * page cache where `direct` is given, the rest through it; no page gets bytes in both ways.
 */
export class OrderedWriter {
  readonly #file: FileHandle;
  readonly #direct: FileHandle | undefined;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(file: FileHandle, direct: FileHandle | undefined) {
    this.#file = file;
    this.#direct = direct;
  }

  /** With `direct`, `bytes` must lie in memory as far behind a block's border as `offset` does in the file. */
  add(offset: number, bytes: Uint8Array, written: () => void): void {
    this.#waiting.push({ offset, bytes, written });
    this.#next();
  }

  /** Nothing is being written, and nothing failed: `step` would wait for nothing. */
  get isIdle(): boolean {
    return this.#writing === undefined && !this.#failure;
  }

  /** Resolves when the write that is under way has ended. Throws node's error of the first that failed; after it nothing is written. */
  async step(): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
  }

  /** Resolves when all is written, throws like `step`. */
  async finish(): Promise<void> {
    while (this.#writing !== undefined) await this.step();
    await this.step();
  }

  /** Resolves when nothing is written any more; what waits will not be. */
  async abandon(): Promise<void> {
    this.#waiting.length = 0;
    await this.#writing;
  }

  #next(): void {
    if (this.#writing !== undefined || this.#failure || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, this.#together());
    this.#writing = this.#write(batch).then(
      () => {
        this.#writing = undefined;
        for (const { written } of batch) written();
        this.#next();
      },
      (error: unknown) => {
        this.#writing = undefined;
        this.#failure = { error };
      },
    );
  }

  /** How many of those that wait follow each other, at a block's border. */
  #together(): number {
    let count = 1;
    while (count < Math.min(BATCH, this.#waiting.length)) {
      const end = endOf(this.#waiting[count - 1]!);
      if (this.#waiting[count]!.offset !== end || end % DIRECT_BLOCK !== 0) break;
      count++;
    }
    return count;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const start = batch[0]!.offset;
    const end = endOf(batch.at(-1)!);
    const from = Math.ceil(start / DIRECT_BLOCK) * DIRECT_BLOCK;
    const to = end - (end % DIRECT_BLOCK);
    if (!this.#direct || from >= to) return this.#writeThroughCache(batch, start, end);
    // A disk that is almost full takes a part: then the other way says what is wrong.
    const { bytesWritten } = await this.#direct.writev(parts(batch, from, to), from);
    await this.#writeThroughCache(batch, start, from);
    await this.#writeThroughCache(batch, from + bytesWritten, end);
  }

  async #writeThroughCache(batch: readonly Waiting[], from: number, to: number): Promise<void> {
    let at = from;
    for (const part of parts(batch, from, to)) {
      for (let done = 0; done < part.length; ) {
        const { bytesWritten } = await this.#file.write(part, done, part.length - done, at);
        done += bytesWritten;
        at += bytesWritten;
      }
    }
  }
}

function endOf({ offset, bytes }: Waiting): number {
  return offset + bytes.length;
}

/** The bytes that belong at [from, to) of the file. */
function parts(batch: readonly Waiting[], from: number, to: number): Uint8Array[] {
  return batch
    .filter((one) => one.offset < to && endOf(one) > from)
    .map(({ offset, bytes }) => bytes.subarray(Math.max(0, from - offset), Math.min(bytes.length, to - offset)));
}
