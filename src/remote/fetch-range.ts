import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpClient } from './client.js';
import { NetworkError, networkError } from './network-error.js';
import { checkRangeAnswer, type Validators, type Wanted } from './range-answer.js';
import { shownUrl } from './url.js';

/** How often in a row a request may fail. */
export const TRIES = 6;
/** Bytes that a request must have brought to count as one that did not fail: a server that cuts every connection is only slow. */
const PROGRESS = 4096;
/** Milliseconds before the second try at most; doubled for each after that. */
const FIRST_WAIT = 500;
const LONGEST_BACKOFF = 20_000;

/** A file on a server, and how it is asked for. */
export interface Target {
  readonly client: HttpClient;
  readonly url: URL;
  /** Whether a redirect from https to http is followed. */
  readonly toHttp?: boolean;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** What the first answer said; undefined for the first. */
  readonly known?: Validators | undefined;
  /** Told of every try that failed, before the next. */
  onRetry?(error: NetworkError): void;
  /** Replaces the waiting, for tests. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Takes bytes as they come; `at` is their offset in the file. */
export type Sink = (bytes: Uint8Array, at: number) => void | Promise<void>;

/**
 * Fetches one range, whole and in order, into `sink`; what an interrupted answer has brought is not asked for again. Of a file whose
 * size is not known the range may be shorter: it ends with the file. NetworkError when the server cannot or will not; the signal's
 * reason when it aborts.
 */
export async function fetchRange(
  { client, url, toHttp }: Target,
  wanted: Wanted,
  sink: Sink,
  options: FetchOptions,
): Promise<Validators> {
  const { signal, onRetry, wait = waited } = options;
  let known = options.known;
  let end = wanted.offset + wanted.length;
  let at = wanted.offset;
  for (let failures = 0; ; ) {
    const before = at;
    try {
      const headers = { range: `bytes=${at}-${end - 1}` };
      const answer = await client.get(url, { headers, signal, ...(toHttp !== undefined && { toHttp }) });
      try {
        const shown = shownUrl(answer.url);
        const { length, validators } = checkRangeAnswer(answer, { offset: at, length: end - at }, known, shown);
        known ??= validators;
        end = Math.min(end, known.size);
        const last = at + length;
        await answer.body.read((bytes) => {
          if (at === last) throw tooLong(shown, last - before);
          const from = at;
          // What comes behind it is nothing that was asked for.
          const part = bytes.subarray(0, last - from);
          at += part.length;
          return taken(sink, part, from);
        });
        if (at < last)
          throw new NetworkError(`${shown}: the answer ended ${last - at} bytes early.`, { transient: true });
      } finally {
        answer.body.destroy();
      }
      if (at >= end) return known;
    } catch (error) {
      signal.throwIfAborted();
      // All of it is here: what is wrong with the answer came behind it.
      if (known && at >= end && !(error instanceof SinkFailure)) return known;
      const fault = error instanceof SinkFailure ? error.cause : networkError(error, shownUrl(url));
      if (!(fault instanceof NetworkError) || !fault.transient) throw fault;
      failures = at - before >= PROGRESS ? 1 : failures + 1;
      if (failures >= TRIES) throw givenUp(fault, failures);
      onRetry?.(fault);
      await wait(backOff(failures, fault.wait), signal);
    }
  }
}

/** What a sink threw: no fault of the network's. */
export class SinkFailure extends Error {}

/** Hands bytes to a sink. SinkFailure, with the error as its cause, when that throws. */
export function taken(sink: Sink, bytes: Uint8Array, at: number): void | Promise<void> {
  const failed = (cause: unknown) => {
    throw new SinkFailure('the bytes could not be put away', { cause });
  };
  try {
    return sink(bytes, at)?.catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** Milliseconds until the next try: longer each time, and never the same for two that failed together. */
export function backOff(failures: number, asked = 0, random = Math.random): number {
  const longest = Math.min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_BACKOFF);
  return asked + longest * (0.5 + random() / 2);
}

async function waited(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function tooLong(url: string, length: number): NetworkError {
  return new NetworkError(`${url}: expected ${length} bytes, found more.`, { transient: true });
}

function givenUp(last: NetworkError, tries: number): NetworkError {
  return new NetworkError(`${last.message.replace(/\.$/, '')}, ${tries} times in a row.`, {
    cause: last,
    wholeOnly: last.wholeOnly,
    hint: last.hint ?? 'Try again later: what is in between may be cut off for a while.',
  });
}
