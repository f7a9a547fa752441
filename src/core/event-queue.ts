import type { RunEvent } from './events.js';

/** Lets one reader wait for what is done with an event. */
interface Waiting {
  resolve(result: IteratorResult<RunEvent, undefined>): void;
  reject(error: unknown): void;
}

/**
 * Events from who emits them to one who iterates, in order. What comes before somebody reads is kept, of a step's progress only the
 * latest: a run that nobody listens to needs no memory for it.
 */
export class EventQueue implements AsyncIterable<RunEvent> {
  readonly #kept: RunEvent[] = [];
  readonly #waiting: Waiting[] = [];
  #end: { readonly error?: unknown } | undefined;

  push(event: RunEvent): void {
    const reader = this.#waiting.shift();
    if (reader) {
      reader.resolve({ done: false, value: event });
      return;
    }
    if (event.type === 'step:progress' && this.#kept.at(-1)?.type === 'step:progress') this.#kept.pop();
    this.#kept.push(event);
  }

  /** Nothing comes any more. With an error: whoever iterates is thrown it, after the last event. */
  close(end: { readonly error?: unknown } = {}): void {
    this.#end ??= end;
    for (const reader of this.#waiting.splice(0)) this.#finish(reader, this.#end);
  }

  /** Leaving the loop stops nothing; another loop goes on where the first one left. */
  [Symbol.asyncIterator](): AsyncIterator<RunEvent, undefined> {
    return {
      next: () =>
        new Promise((resolve, reject) => {
          const event = this.#kept.shift();
          if (event) resolve({ done: false, value: event });
          else if (this.#end) this.#finish({ resolve, reject }, this.#end);
          else this.#waiting.push({ resolve, reject });
        }),
    };
  }

  #finish(reader: Waiting, end: { readonly error?: unknown }): void {
    if ('error' in end) reader.reject(end.error);
    else reader.resolve({ done: true, value: undefined });
  }
}
