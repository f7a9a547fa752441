import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Work } from '../types.js';
import type { DiskPlan } from './disk-plan.js';
import { REQUESTS_PER_THREAD, type WorkerPool } from './pool.js';
import type { RunChecksum } from './produce.js';
import { STRETCH, type Stretch, stretches } from './stretches.js';

/** What is known of a disk once it is written. */
export interface WrittenDisk {
  readonly size: number;
  /** Hex. Taken on the way, of every byte including the holes. */
  readonly sha256: string;
  /** Bytes handed to the file system; the holes are not among them. */
  readonly bytesWritten: number;
}

export interface WriteOptions extends Pick<Work, 'signal' | 'report'> {
  readonly pool: WorkerPool;
  /** Told the checksum of every whole run that was decoded on the way, possibly more than once. */
  onChecksums?(checksums: readonly RunChecksum[]): void;
  /** Shown every byte of the disk, front to back, as it is written. */
  onBytes?(bytes: Uint8Array): void;
  /** Called when the file is there, as long as the disk, before anything is written. */
  onOpen?(fd: number): Promise<void>;
}

/** A stretch under way, and the slot it is made in. */
interface Flight {
  readonly stretch: Stretch;
  readonly slot?: SharedArrayBuffer;
  readonly ready: Promise<unknown>;
}

/**
 * Writes a planned disk to a new file, once, front to back: threads make the bytes and write them, this thread hashes them in
 * order. The volume headers go last, after everything else is on disk, so that a crash leaves no valid volume. Throws node's
 * own errors (ENOSPC, EEXIST …) and what the sources throw; the half-written file is the caller's to remove.
 */
export async function writeDisk(path: string, plan: DiskPlan, options: WriteOptions): Promise<WrittenDisk> {
  const file = await open(path, 'wx');
  try {
    await file.truncate(plan.size);
    await options.onOpen?.(file.fd);
    const written = await new DiskWriter(file, plan, options).run();
    await file.datasync();
    for (const { offset, bytes } of plan.headers) {
      await file.write(bytes, 0, bytes.length, offset);
      await file.datasync();
    }
    await file.sync();
    return written;
  } finally {
    await file.close();
  }
}

/** Bytes between two pushes. */
const PUSH = 256 << 20;

const ZEROS = new Uint8Array(STRETCH);

class DiskWriter {
  readonly #flights: Flight[] = [];
  readonly #free: SharedArrayBuffer[] = [];
  readonly #hash: Hash = createHash('sha256');
  #slots: number;
  #bytesWritten = 0;
  #done = 0;
  #pushed = 0;
  #pushing: Promise<void> | undefined;
  #pushFailure: { error: unknown } | undefined;

  constructor(
    readonly file: FileHandle,
    readonly plan: DiskPlan,
    readonly options: WriteOptions,
  ) {
    this.#slots = options.pool.size * REQUESTS_PER_THREAD;
  }

  async run(): Promise<WrittenDisk> {
    try {
      for await (const stretch of stretches(this.plan)) {
        if (stretch.kind === 'data' && this.#free.length === 0 && this.#slots === 0) await this.#landUntilFree();
        this.#launch(stretch);
      }
      while (this.#flights.length > 0) await this.#landOne();
      await this.#pushing;
      if (this.#pushFailure) throw this.#pushFailure.error;
    } catch (error) {
      // Nobody may still write into the file (or into a slot) once this has returned.
      await Promise.allSettled([...this.#flights.map((flight) => flight.ready), this.#pushing]);
      throw error;
    }
    for (const { bytes } of this.plan.headers) this.#bytesWritten += bytes.length;
    return { size: this.plan.size, sha256: this.#hash.digest('hex'), bytesWritten: this.#bytesWritten };
  }

  #launch(stretch: Stretch): void {
    if (stretch.kind !== 'data') {
      this.#flights.push({ stretch, ready: Promise.resolve() });
      return;
    }
    const slot = this.#free.pop() ?? this.#newSlot();
    const { pieces, length, offset, written } = stretch;
    const ready = this.options.pool
      .request({ pieces, length, slot, ...(!written && { file: { fd: this.file.fd, offset } }) })
      .then((checksums) => {
        if (checksums.length > 0) this.options.onChecksums?.(checksums);
      });
    // Its failure is met when its turn comes; until then it is nobody's.
    ready.catch(() => undefined);
    this.#flights.push({ stretch, slot, ready });
  }

  #newSlot(): SharedArrayBuffer {
    this.#slots--;
    return new SharedArrayBuffer(STRETCH);
  }

  async #landUntilFree(): Promise<void> {
    while (this.#free.length === 0) await this.#landOne();
  }

  /** Waits for the oldest stretch and takes it into the checksums, in the order of the output. */
  async #landOne(): Promise<void> {
    this.options.signal.throwIfAborted();
    if (this.#pushFailure) throw this.#pushFailure.error;
    const flight = this.#flights[0]!;
    await flight.ready;
    this.#flights.shift();
    const { stretch, slot } = flight;
    switch (stretch.kind) {
      case 'hole':
        for (let left = stretch.length; left > 0; left -= ZEROS.length)
          this.#see(ZEROS.subarray(0, left), stretch.observe);
        break;
      case 'later':
        this.#see(stretch.bytes);
        break;
      case 'data':
        this.#see(new Uint8Array(slot!, 0, stretch.length), stretch.observe);
        this.#bytesWritten += stretch.length;
        this.#free.push(slot!);
        this.#push();
        break;
      default:
        stretch satisfies never;
    }
    this.#done += stretch.length;
    this.options.report({ done: this.#done, total: this.plan.size });
  }

  /** Sends what is written to the disk while the rest is made, so that the sync at the end finds little left to do. */
  #push(): void {
    if (this.#pushing || this.#bytesWritten - this.#pushed < PUSH) return;
    this.#pushed = this.#bytesWritten;
    this.#pushing = this.file.datasync().then(
      () => {
        this.#pushing = undefined;
      },
      // A system reports a write error once: it must not get lost here.
      (error: unknown) => {
        this.#pushFailure = { error };
      },
    );
  }

  #see(bytes: Uint8Array, observe?: (bytes: Uint8Array) => void): void {
    this.#hash.update(bytes);
    observe?.(bytes);
    this.options.onBytes?.(bytes);
  }
}
