import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './client.js';
import { backOff, type FetchOptions, type Sink, SinkFailure, type Target, TRIES, taken } from './fetch-range.js';
import { NetworkError, networkError } from './network-error.js';
import { checkCoding, statusError, type Validators, validatorsOf } from './range-answer.js';
import { shownUrl } from './url.js';

export interface WholeOptions extends Omit<FetchOptions, 'known'> {
  /** More than this many bytes are refused. */
  readonly most: number;
  /** Told before the first byte of every try; `size` where the server says it. */
  onStart?(answer: Omit<Validators, 'size'> & { readonly size?: number }): void | Promise<void>;
}

/**
 * Fetches all of a file, front to back, into `sink`; after an interruption all of it again. For small files, and for servers that
 * send no parts. Returns the number of bytes.
 */
export async function fetchWhole({ client, url, toHttp }: Target, sink: Sink, options: WholeOptions): Promise<number> {
  const { signal, most, onRetry, wait } = options;
  const shown = shownUrl(url);
  for (let failures = 0; ; ) {
    try {
      const answer = await client.get(url, { signal, ...(toHttp !== undefined && { toHttp }) });
      try {
        return await take(answer, shown);
      } finally {
        answer.body.destroy();
      }
    } catch (error) {
      signal.throwIfAborted();
      const fault = error instanceof SinkFailure ? error.cause : networkError(error, shown);
      if (!(fault instanceof NetworkError) || !fault.transient || ++failures >= TRIES) throw fault;
      onRetry?.(fault);
      if (wait) await wait(backOff(failures, fault.wait), signal);
      else await sleep(backOff(failures, fault.wait), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  async function take({ status, headers, body }: Answer, from: string): Promise<number> {
    if (status !== 200) throw statusError({ status, headers }, from);
    checkCoding(headers, from);
    const stated = headers.get('content-length');
    const size = stated !== undefined && /^\d{1,15}$/.test(stated) ? Number(stated) : undefined;
    const tooMuch = () => new NetworkError(`${from}: expected at most ${most} bytes, found more.`);
    if (size !== undefined && size > most) throw tooMuch();
    try {
      await options.onStart?.({ ...validatorsOf(headers), ...(size !== undefined && { size }) });
    } catch (cause) {
      throw new SinkFailure('the file could not be begun', { cause });
    }
    let at = 0;
    await body.read((bytes) => {
      const from = at;
      at += bytes.length;
      if (at > most) throw tooMuch();
      return taken(sink, bytes, from);
    });
    if (size !== undefined && at !== size) {
      throw new NetworkError(`${from}: expected ${size} bytes, the answer ended after ${at}.`, { transient: true });
    }
    return at;
  }
}

/** A small file as a whole, from the first of several places that has it. */
export async function fetchSmall(
  client: Target['client'],
  urls: readonly URL[],
  options: WholeOptions,
): Promise<Uint8Array> {
  for (const [index, url] of urls.entries()) {
    let parts: Uint8Array[] = [];
    try {
      const again = () => {
        parts = [];
      };
      await fetchWhole({ client, url }, (bytes) => void parts.push(bytes), { ...options, onStart: again });
      return new Uint8Array(Buffer.concat(parts));
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof NetworkError) || index + 1 === urls.length) throw error;
    }
  }
  throw new Error('no place to ask');
}
