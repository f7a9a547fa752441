import type { FileHandle } from 'node:fs/promises';
import type { Work } from '../types.js';
import type { Digests } from './digests.js';
import { DIRECT_BLOCK, openDirect } from './direct.js';
import type { DiskPlan } from './disk-plan.js';
import { BATCH, OrderedWriter } from './ordered-writer.js';
import { REQUESTS_PER_THREAD, type WorkerPool } from './pool.js';
import type { RunChecksum } from './produce.js';
import type { Slot, Slots } from './slots.js';
import { STRETCH, type Stretch, stretches } from './stretches.js';

export interface StretchOptions extends Pick<Work, 'signal'>, Partial<Pick<Work, 'report'>> {
  readonly pool: WorkerPool;
  /** Told the checksum of every whole run that was decoded on the way, possibly more than once. */
  onChecksums?(checksums: readonly RunChecksum[]): void;
  /** Shown every byte of the disk, front to back, as it is written. */
  onBytes?(bytes: Uint8Array): void;
}

/** `digests`: what hashes the bytes that are shown to others. */
export interface FileOptions extends StretchOptions {
  readonly direct?: true;
  readonly digests?: Digests;
}

/** A stretch under way, and the slot it is made in. */
interface Flight {
  readonly stretch: Stretch;
  readonly slot?: Slot;
  readonly ready: Promise<unknown>;
}

/**
 * Writes a disk's extents to their places in the open file, front to back, and shows each source its bytes as they go by (see
 * ByteSource.observe): threads make them, this one has them written meanwhile. Holes stay holes, headers are only shown. Resolves with the
 * number of bytes. With `direct` they go past the page cache where that can be; not what is read from there soon. Throws node's own
 * errors (ENOSPC …) and what the sources throw; nobody writes any more by then.
 */
export async function writeStretches(file: FileHandle, plan: DiskPlan, options: FileOptions): Promise<number> {
  // What is made, what is written, and what waits for that.
  const slots = options.pool.slots(options.pool.size * REQUESTS_PER_THREAD + 2 * BATCH);
  const direct = options.direct && plan.size >= DIRECT_BLOCK ? await openDirect(file, slots.block) : undefined;
  try {
    return await new StretchWriter(file, direct, slots, plan, options).run();
  } catch (error) {
    options.pool.forgetSlots();
    throw error;
  } finally {
    await direct?.close();
  }
}

/** Bytes between two pushes. */
const PUSH = 256 << 20;

/** Other threads see them where they lie. */
const ZEROS = new Uint8Array(new SharedArrayBuffer(STRETCH));

class StretchWriter {
  readonly #flights: Flight[] = [];
  readonly #output: OrderedWriter;
  #bytesWritten = 0;
  #done = 0;
  #pushed = 0;
  #pushing: Promise<void> | undefined;
  #pushFailure: { error: unknown } | undefined;

  constructor(
    readonly file: FileHandle,
    readonly direct: FileHandle | undefined,
    readonly slots: Slots,
    readonly plan: DiskPlan,
    readonly options: FileOptions,
  ) {
    this.#output = new OrderedWriter(file, direct);
  }

  async run(): Promise<number> {
    try {
      for await (const stretch of stretches(this.plan)) {
        while (stretch.kind === 'data' && this.slots.none) await this.#makeRoom();
        this.#launch(stretch);
      }
      while (this.#flights.length > 0) await this.#landOne();
      await this.#output.finish();
      await this.#pushing;
      if (this.#pushFailure) throw this.#pushFailure.error;
    } catch (error) {
      // Nobody may still write into the file (or into a slot) once this has returned.
      await Promise.allSettled([...this.#flights.map((flight) => flight.ready), this.#output.abandon(), this.#pushing]);
      throw error;
    }
    return this.#bytesWritten;
  }

  #launch(stretch: Stretch): void {
    if (stretch.kind !== 'data') {
      this.#flights.push({ stretch, ready: Promise.resolve() });
      return;
    }
    const { pieces, length } = stretch;
    const slot = this.slots.take(stretch.offset);
    const ready = this.options.pool
      .request({ pieces, length, slot: slot.memory, at: slot.offset })
      .then((checksums) => {
        if (checksums.length > 0) this.options.onChecksums?.(checksums);
      });
    // Its failure is met when its turn comes; until then it is nobody's.
    ready.catch(() => undefined);
    this.#flights.push({ stretch, slot, ready });
  }

  async #makeRoom(): Promise<void> {
    if (this.#flights.length > 0) await this.#landOne();
    else if (this.#output.isIdle) await this.options.digests?.step();
    else await this.#output.step();
  }

  /** Waits for the oldest stretch, has it written, and shows it, in the order of the output. */
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
      case 'data': {
        const bytes = new Uint8Array(slot!.memory, slot!.offset, stretch.length);
        let users = stretch.written ? 1 : 2;
        const leave = () => {
          if (--users === 0) this.slots.giveBack(slot!);
        };
        if (!stretch.written) this.#output.add(stretch.offset, bytes, leave);
        this.#see(bytes, stretch.observe, leave);
        this.#bytesWritten += stretch.length;
        this.#push();
        break;
      }
      default:
        stretch satisfies never;
    }
    this.#done += stretch.length;
    this.options.report?.({ done: this.#done, total: this.plan.size });
  }

  /** Sends what waits in the page cache to the disk while the rest is made, so that the sync at the end finds little left to do. */
  #push(): void {
    if (this.direct || this.#pushing || this.#bytesWritten - this.#pushed < PUSH) return;
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

  /** `done`: whoever was shown the bytes needs them no more. */
  #see(bytes: Uint8Array, observe?: (bytes: Uint8Array) => void, done?: () => void): void {
    observe?.(bytes);
    this.options.onBytes?.(bytes);
    if (!done) return;
    if (this.options.digests) this.options.digests.seen(done);
    else done();
  }
}
