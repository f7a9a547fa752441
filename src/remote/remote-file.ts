import { type ByteSource, checkRange, copyInto, unfilled } from '../formats/bytes.js';
import type { Far, Hold, Piece } from '../formats/pieces.js';
import { closeAll } from '../host/close-all.js';
import { type ClientOptions, CONNECTIONS, HttpClient } from './client.js';
import { type FetchOptions, fetchRange, type Target } from './fetch-range.js';
import { Gate } from './gate.js';
import { NetworkError } from './network-error.js';
import type { PartFile } from './part-file.js';
import type { Validators } from './range-answer.js';
import { MOST_AHEAD, ReadAhead } from './read-ahead.js';
import { BLOCK, MOST_SPAN, type Span, Spans } from './spans.js';
import { fileNameOf, shownUrl } from './url.js';

/** What reading a file over a network has cost so far. */
export interface Traffic {
  /** Round trips: requests sent, redirects and failed ones among them. */
  readonly requests: number;
  /** Bytes of the file that came. */
  readonly bytes: number;
  /** Tries that failed. */
  readonly retries: number;
}

/** A file on a server, as a source: nothing above it knows that it is far away. */
export interface RemoteFile extends ByteSource {
  /** For people and manifests; see shownUrl. */
  readonly url: string;
  readonly validators: Validators;
  traffic(): Traffic;
  /** Ends what is under way, and all connections. */
  close(): Promise<void>;
}

export interface RemoteOptions extends ClientOptions {
  readonly signal: AbortSignal;
  /** The same file elsewhere, asked where the first place does not answer at all. */
  readonly alternatives?: readonly URL[];
  /** Whether redirects from https to http are followed. */
  readonly toHttp?: boolean;
  /** The size it must have, bytes. */
  readonly size?: number;
  /** Where what is read is kept, and what it has already is read from. */
  readonly keep?: (url: string, validators: Validators) => Promise<PartFile | undefined>;
  onRetry?(error: NetworkError): void;
  /** Replaces the waiting between tries, for tests. */
  readonly wait?: FetchOptions['wait'];
}

/** Bytes of the first request, which says how large the file is. */
const FIRST = BLOCK;

/**
 * Opens a file on a server. NetworkError when it cannot be had, in parts, from any of its places; and when it is not as large as it
 * must be.
 */
export async function openRemote(url: URL, options: RemoteOptions): Promise<RemoteFile> {
  const places = [url, ...(options.alternatives ?? [])];
  for (const [index, place] of places.entries()) {
    try {
      return await openAt(place, options);
    } catch (error) {
      options.signal.throwIfAborted();
      const elsewhere = error instanceof NetworkError && !error.wholeOnly && index + 1 < places.length;
      if (!elsewhere) throw error;
      options.onRetry?.(error);
    }
  }
  throw new Error('no place to ask');
}

async function openAt(url: URL, options: RemoteOptions): Promise<RemoteFile> {
  const client = new HttpClient({ ...options, reuse: true });
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  const target: Target = { client, url, ...(options.toHttp !== undefined && { toHttp: options.toHttp }) };
  const counted = { bytes: 0, retries: 0 };
  const fetchOptions = {
    signal,
    onRetry: (error: NetworkError) => {
      counted.retries++;
      options.onRetry?.(error);
    },
    ...(options.wait && { wait: options.wait }),
  };
  let keep: PartFile | undefined;
  try {
    const first = await firstBytes(target, fetchOptions, url);
    counted.bytes += first.bytes.length;
    const { validators } = first;
    if (options.size !== undefined && options.size !== validators.size) {
      throw new NetworkError(`${shownUrl(url)}: expected ${options.size} bytes, the server has ${validators.size}.`, {
        hint: 'Apple may have replaced the file: osx-iso list shows what is offered. Or something in between sends another.',
      });
    }
    keep = await options.keep?.(shownUrl(url), validators);
    await keep?.write(first.bytes, 0);
    const gate = new Gate(options.connections ?? CONNECTIONS);
    const load = async (offset: number, end: number, room: () => Uint8Array, urgent: boolean): Promise<void> => {
      if (end <= first.bytes.length) room().set(first.bytes.subarray(offset, end));
      else if (keep?.has(offset, end)) room().set(await keep.read(offset, end - offset));
      else await gate.pass(() => fetchInto(offset, end, room()), urgent);
    };
    const fetchInto = async (offset: number, end: number, room: Uint8Array) => {
      const take = (part: Uint8Array, at: number) => {
        counted.bytes += part.length;
        copyInto(room, part, at - offset);
      };
      await fetchRange(target, { offset, length: end - offset }, take, { ...fetchOptions, known: validators });
      await keep?.write(room.subarray(0, end - offset), offset);
    };
    return new HttpFile(
      url,
      validators,
      load,
      () => ({ requests: client.requests, ...counted }),
      async () => {
        closing.abort();
        await closeAll(keep ? [client, keep] : [client]);
      },
    );
  } catch (error) {
    closing.abort();
    await closeAll(keep ? [client, keep] : [client]);
    throw error;
  }
}

async function firstBytes(target: Target, options: FetchOptions, url: URL) {
  const parts: Uint8Array[] = [];
  try {
    const validators = await fetchRange(
      target,
      { offset: 0, length: FIRST },
      (part) => void parts.push(Buffer.from(part)),
      options,
    );
    return { validators, bytes: new Uint8Array(Buffer.concat(parts)) };
  } catch (error) {
    if (error instanceof NetworkError && error.status === 416) {
      throw new NetworkError(`${shownUrl(url)}: the file on the server is empty.`, { cause: error });
    }
    throw error;
  }
}

let opened = 0;

class HttpFile implements RemoteFile {
  readonly name: string;
  readonly size: number;
  readonly url: string;
  /** Unique in the process: what caches of decoded bytes go by. */
  readonly #opening = `http ${opened++}`;
  readonly #spans: Spans;
  readonly #ahead = new ReadAhead();
  readonly #far: Far = { hold: (offset, length) => this.#hold(offset, length) };

  constructor(
    url: URL,
    readonly validators: Validators,
    load: (offset: number, end: number, room: () => Uint8Array, urgent: boolean) => Promise<void>,
    readonly traffic: () => Traffic,
    readonly close: () => Promise<void>,
  ) {
    this.name = fileNameOf(url);
    this.url = shownUrl(url);
    this.size = validators.size;
    this.#spans = new Spans(this.size, load);
  }

  /** What a reader that goes on will want next is fetched as well. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const bytes = this.#take(offset, length);
    if (length > 0) this.#readAhead(offset, length);
    return bytes;
  }

  /** What is asked for in pieces is known to its end: nothing is read ahead. */
  *pieces(offset: number, length: number): Generator<Piece> {
    checkRange(this, offset, length);
    if (length === 0) return;
    yield { kind: 'far', source: this.#far, origin: `${this.#opening}:${offset}`, offset, length, file: this.name };
  }

  /** In memory of its own. */
  async #take(offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array();
    const spans = this.#spans.cover(offset, length);
    try {
      for (const span of spans) await span.ready;
      return copyOf(spans, offset, length);
    } finally {
      this.#spans.release(spans);
    }
  }

  async #hold(offset: number, length: number): Promise<Hold> {
    const spans = this.#spans.cover(offset, length, { exact: true });
    const release = () => this.#spans.release(spans);
    try {
      for (const span of spans) await span.ready;
    } catch (error) {
      release();
      throw error;
    }
    const bytes = (from: number, count: number): Uint8Array => {
      const span = spans.find((one) => one.offset <= from && from + count <= one.end);
      return span ? span.room.subarray(from - span.offset, from - span.offset + count) : copyOf(spans, from, count);
    };
    return { bytes, release };
  }

  #readAhead(offset: number, length: number): void {
    const ahead = this.#ahead.note(offset, length);
    if (ahead === 0) return;
    const part = Math.min(MOST_SPAN, Math.max(BLOCK, (ahead * MOST_SPAN) / MOST_AHEAD));
    this.#spans.prefetch(offset + length, ahead, Math.floor(part));
  }
}

function copyOf(spans: readonly Span[], offset: number, length: number): Uint8Array {
  const bytes = unfilled(length);
  for (const span of spans) {
    const [from, end] = [Math.max(offset, span.offset), Math.min(offset + length, span.end)];
    if (from < end) copyInto(bytes, span.room.subarray(from - span.offset, end - span.offset), from - offset);
  }
  return bytes;
}
