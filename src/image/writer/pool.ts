import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { brought, type Piece } from '../../formats/pieces.js';
import { threadModule } from '../thread-module.js';
import { type ErrorMessage, revive } from './pool-error.js';
import type { RunChecksum } from './produce.js';
import { Slots } from './slots.js';

/** Fill `length` bytes of a slot with pieces, from `at` (default 0) on. */
export interface Filling {
  readonly pieces: readonly Piece[];
  readonly length: number;
  readonly slot: SharedArrayBuffer;
  readonly at?: number;
}

/** Begin a hash by an algorithm, hash the next bytes, or say what all of them hash to. `hash` says which of a thread's. */
export interface Hashing {
  readonly hash: number;
  readonly next: { readonly begin: string } | Uint8Array | 'end';
}

/** What a thread is to do. */
export type Job = Filling | Hashing;
export type Request = Job & { readonly id: number };

/** What came of a job: checksums of runs a slot was filled with; the hash that ended, hex. */
export interface Result {
  readonly checksums?: readonly RunChecksum[];
  readonly hex?: string;
}

/** A hash that a thread makes of what it is shown, in order. Both reject with what is wrong with the thread. */
export interface PoolHash {
  /** Resolves when the bytes are hashed, and may change. */
  update(bytes: Uint8Array): Promise<void>;
  hex(): Promise<string>;
}

export type Answer = { readonly id: number } & (Result | { readonly error: ErrorMessage });

interface Pending {
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** How many requests may wait at each thread, so that none runs dry while the asking thread is busy hashing. */
export const REQUESTS_PER_THREAD = 2;

/** Work that is worth a thread: to start one costs as much as to make some ten MB. */
const BYTES_PER_THREAD = 16 << 20;

/**
 * Threads that turn pieces into bytes: one a core, at most `most`. The first is started at the first request, others when there was
 * work enough for them; `close` ends them.
 */
export class WorkerPool {
  readonly size: number;
  /** Bytes that were ever asked for. */
  #asked = 0;
  #threads: Thread[] = [];
  #nextId = 0;
  #slots: Slots | undefined;

  constructor(most: number) {
    this.size = Math.min(most, availableParallelism());
  }

  /** Memory for `count` stretches of a disk, the same for who writes to it next: threads keep what they have seen of it for long. */
  slots(count: number): Slots {
    if (this.#slots?.count !== count) this.#slots = new Slots(count);
    return this.#slots;
  }

  /** After a failure: what of it is taken nobody gives back. */
  forgetSlots(): void {
    this.#slots = undefined;
  }

  /** Starts the first thread while there is other work to do: it takes a tenth of a second to come up. */
  warmUp(): void {
    this.#first();
  }

  /**
   * Sends one request to the least busy thread, once what it needs from far away is here. Resolves when the slot is filled, rejects
   * with what the thread threw.
   */
  async request(filling: Filling): Promise<readonly RunChecksum[]> {
    const near = await brought(filling.pieces);
    try {
      this.#asked += filling.length;
      const moved: ArrayBuffer[] = [];
      const pieces = near.pieces.map((piece) => movable(piece, moved));
      const { checksums } = await this.#send(this.#leastBusy(), { ...filling, pieces }, moved);
      return checksums ?? [];
    } finally {
      near.release();
    }
  }

  /** Has one thread make a hash between its other work: the last that was started, so that two that go on for long are hardly one's. */
  beginHash(algorithm: string): PoolHash {
    const thread = this.#threads.at(-1) ?? this.#first();
    const hash = this.#nextId++;
    const send = (next: Hashing['next']) => this.#send(thread, { hash, next });
    // What is wrong with the thread is wrong with all that follows, too.
    send({ begin: algorithm }).catch(() => undefined);
    return {
      async update(bytes) {
        // A message would copy all of the buffer that bytes of this thread's are a part of.
        await send(bytes.buffer instanceof SharedArrayBuffer ? bytes : bytes.slice());
      },
      async hex() {
        return (await send('end')).hex!;
      },
    };
  }

  #send(thread: Thread, job: Job, moved: ArrayBuffer[] = []): Promise<Result> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const ended = thread.ended();
      if (ended) return reject(ended);
      // Only a busy pool keeps the process alive.
      if (thread.pending.size === 0) thread.worker.ref();
      thread.pending.set(id, { resolve, reject });
      const request: Request = { ...job, id };
      thread.worker.postMessage(request, moved);
    });
  }

  /**
   * The plain bytes of pieces, for readers that want whole chunks decoded on all cores; `room` is an earlier result that may be
   * overwritten. Memory that goes from thread to thread is given back late, and with chunks of 16 MiB that adds up.
   */
  async make(pieces: readonly Piece[], length: number, room?: Uint8Array): Promise<Uint8Array> {
    const used = room?.buffer;
    const fits = used instanceof SharedArrayBuffer && used.byteLength >= length;
    const slot = fits ? used : new SharedArrayBuffer(length);
    await this.request({ pieces, length, slot });
    return new Uint8Array(slot, 0, length);
  }

  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    this.forgetSlots();
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #first(): Thread {
    this.#threads[0] ??= startThread();
    return this.#threads[0];
  }

  #leastBusy(): Thread {
    let best = this.#first();
    for (const thread of this.#threads) if (thread.pending.size < best.pending.size) best = thread;
    const worthIt = Math.min(this.size, Math.ceil(this.#asked / BYTES_PER_THREAD));
    if (best.pending.size > 0 && this.#threads.length < worthIt) {
      best = startThread();
      this.#threads.push(best);
    }
    return best;
  }
}

/**
 * A piece whose bytes, copied once, are `moved` to the thread: a message would copy all of the buffer they are a part of. Shared memory
 * needs neither.
 */
function movable(piece: Piece, moved: ArrayBuffer[]): Piece {
  if (piece.kind === 'encoded') return { ...piece, input: piece.input.map((input) => movable(input, moved)) };
  if (piece.kind !== 'bytes' || piece.bytes.buffer instanceof SharedArrayBuffer) return piece;
  const bytes = new Uint8Array(piece.bytes);
  moved.push(bytes.buffer);
  return { ...piece, bytes };
}

const ENTRY = threadModule('worker.js', import.meta.url);

type Thread = ReturnType<typeof startThread>;

function startThread() {
  // A young generation of 2 MB: the threads handle external buffers, and a large one only delays their collection.
  const worker = new Worker(ENTRY, { resourceLimits: { maxYoungGenerationSizeMb: 2 }, stderr: false });
  const pending = new Map<number, Pending>();
  worker.on('message', (answer: Answer) => {
    const waiting = pending.get(answer.id);
    pending.delete(answer.id);
    if (pending.size === 0) worker.unref();
    if ('error' in answer) waiting?.reject(revive(answer.error));
    else waiting?.resolve(answer);
  });
  let ended: Error | undefined;
  const fail = (error: Error) => {
    ended ??= error;
    for (const waiting of pending.values()) waiting.reject(error);
    pending.clear();
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the thread that decodes has ended')));
  worker.unref();
  /** Why nothing more comes from it. */
  return { worker, pending, ended: () => ended };
}
