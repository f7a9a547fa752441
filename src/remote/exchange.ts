import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** The bytes of an answer, read once. */
export interface Body {
  /**
   * Hands every part to `take` as it comes; where that returns a promise, the next waits for it. Rejects with what `take` threw, the
   * signal's reason, or undici's error.
   */
  read(take: (part: Uint8Array) => void | Promise<void>): Promise<void>;
  /** Ends it, unless it has ended. */
  destroy(): void;
}

export interface Head {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/**
 * One request and its answer, on the level below undici's streams: of gigabytes that come in parts of 64 KiB, a stream's work for each
 * part is a third of the processor's.
 */
export class Exchange implements Dispatcher.DispatchHandler, Body {
  /** Rejects with undici's error, or the signal's reason. */
  readonly head: Promise<Head>;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.#abort(this.#signal.reason);
  #controller: Dispatcher.DispatchController | undefined;
  #began!: (head: Head) => void;
  #failed!: (error: unknown) => void;
  /** How it ended; undefined while it goes on. */
  #end: { readonly error?: unknown } | undefined;
  /** What came before somebody read: undici's way through a proxy does not heed the pause at the head. */
  readonly #early: Uint8Array[] = [];
  #reader: { take(part: Uint8Array): void | Promise<void>; end(): void; fail(error: unknown): void } | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.head = new Promise((resolve, reject) => {
      this.#began = resolve;
      this.#failed = reject;
    });
    // It may fail before anybody waits for it: undici is still being loaded at the first request, and node dies of what nobody handles.
    this.head.catch(() => undefined);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  async read(take: (part: Uint8Array) => void | Promise<void>): Promise<void> {
    for (const part of this.#early.splice(0)) await take(part);
    return new Promise((resolve, reject) => {
      this.#reader = { take, end: resolve, fail: reject };
      if (this.#end) this.#tell(this.#end);
      else this.#controller?.resume();
    });
  }

  destroy(): void {
    if (!this.#end) this.#abort(new Error('nobody reads the answer any more'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#end) controller.abort(this.#end.error as Error);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // "Continue" and its like come before the answer.
    if (status < 200) return;
    // Until somebody reads it.
    controller.pause();
    this.#began({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, part: Uint8Array): void {
    // After each pause undici's parser first gives what it has of the next part, and that may be nothing: to pause for it is to do so for ever.
    if (part.length === 0) return;
    if (!this.#reader) {
      this.#early.push(Buffer.from(part));
      controller.pause();
      return;
    }
    try {
      const taken = this.#reader.take(part);
      if (!taken) return;
      controller.pause();
      taken.then(
        () => controller.resume(),
        (error) => this.#abort(error),
      );
    } catch (error) {
      this.#abort(error);
    }
  }

  onResponseEnd(): void {
    this.#finish({});
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish({ error });
  }

  #abort(error: unknown): void {
    this.#finish({ error });
    this.#controller?.abort(error as Error);
  }

  /** The first end counts: undici reports what was aborted as well. */
  #finish(end: { readonly error?: unknown }): void {
    if (this.#end) return;
    this.#end = end;
    this.#signal.removeEventListener('abort', this.#onAbort);
    if ('error' in end) this.#failed(end.error);
    this.#tell(end);
  }

  #tell(end: { readonly error?: unknown }): void {
    if ('error' in end) this.#reader?.fail(end.error);
    else this.#reader?.end();
  }
}
