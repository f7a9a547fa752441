import { NetworkError } from './network-error.js';

/** What says that a file on a server is still the same. */
export interface Validators {
  /** Bytes of the whole file. */
  readonly size: number;
  /** As sent, weak ones with their W/. */
  readonly etag?: string;
  readonly lastModified?: string;
}

/** A range that was asked for, bytes. */
export interface Wanted {
  readonly offset: number;
  readonly length: number;
}

/** Status and headers of an answer, as HttpClient gives them. */
export interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** What a 206 that was checked brings. */
export interface RangeAnswer {
  /** Bytes of the body: those that were asked for, or, of a file whose size was not known, up to its end. */
  readonly length: number;
  readonly validators: Validators;
}

/**
 * Checks the answer to a request for a range against RFC 9110: 206, a Content-Range that begins and ends where it was asked, no
 * coding, and, where the file is `known`, the same size and validators. NetworkError otherwise.
 */
export function checkRangeAnswer(
  { status, headers }: Head,
  wanted: Wanted,
  known: Validators | undefined,
  url: string,
): RangeAnswer {
  if (status !== 206) throw notPartial({ status, headers }, wanted, known, url);
  const asked = `bytes ${wanted.offset} to ${wanted.offset + wanted.length - 1}`;
  checkCoding(headers, url);
  const text = headers.get('content-range');
  const range = parseContentRange(text);
  if (!range) {
    throw new NetworkError(
      `${url}: expected ${asked}, found an answer that does not say which (${text ?? 'no Content-Range'}).`,
      {
        transient: true,
      },
    );
  }
  const validators = { size: range.total, ...validatorsOf(headers) };
  if (known) checkSame(validators, known, url);
  const end = Math.min(wanted.offset + wanted.length, range.total);
  if (range.first !== wanted.offset || range.last !== end - 1) {
    throw new NetworkError(
      `${url}: expected ${asked} of ${range.total}, found bytes ${range.first} to ${range.last}.`,
      {
        transient: true,
      },
    );
  }
  const length = range.last - range.first + 1;
  const stated = headers.get('content-length');
  if (stated !== undefined && Number(stated) !== length) {
    throw new NetworkError(`${url}: expected ${length} bytes, found an answer of ${stated}.`, { transient: true });
  }
  return { length, validators };
}

/** Apple's servers sometimes compress unasked. NetworkError, transient, for such an answer. */
export function checkCoding(headers: ReadonlyMap<string, string>, url: string): void {
  const coding = headers.get('content-encoding');
  if (coding === undefined || coding.toLowerCase() === 'identity') return;
  throw new NetworkError(`${url}: expected the file as it is, found it coded (${coding}), which was not asked for.`, {
    transient: true,
    hint: 'A proxy in between may do that. Try https, or another network.',
  });
}

export function validatorsOf(headers: ReadonlyMap<string, string>): Omit<Validators, 'size'> {
  const etag = headers.get('etag');
  const lastModified = headers.get('last-modified');
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

/** Why two answers are not of the same file, in words; undefined where nothing says so. What only one of them states is no witness. */
export function difference(now: Validators, before: Validators): string | undefined {
  if (now.size !== before.size) return `${before.size} bytes before, ${now.size} now`;
  const pairs = [
    ['ETag', before.etag, now.etag],
    ['Last-Modified', before.lastModified, now.lastModified],
  ] as const;
  for (const [name, old, current] of pairs) {
    if (old !== undefined && current !== undefined && old !== current) return `${name} ${old} before, ${current} now`;
  }
  return undefined;
}

function checkSame(now: Validators, before: Validators, url: string): void {
  const differs = difference(now, before);
  if (differs === undefined) return;
  throw new NetworkError(`${url}: the file on the server changed while it was read (${differs}).`, {
    hint: 'Nothing of it can be used together. Start again.',
  });
}

/** RFC 9110, 14.4: "bytes 0-499/1234". Undefined for anything else, also for an unknown total ("*"). */
export function parseContentRange(
  text: string | undefined,
): { first: number; last: number; total: number } | undefined {
  const match = /^\s*bytes\s+(\d{1,16})-(\d{1,16})\/(\d{1,16})\s*$/i.exec(text ?? '');
  if (!match) return undefined;
  const [first, last, total] = match.slice(1).map(Number) as [number, number, number];
  if (![first, last, total].every(Number.isSafeInteger) || first > last || last >= total) return undefined;
  return { first, last, total };
}

/** Longest that a server is waited for, milliseconds. */
export const LONGEST_WAIT = 120_000;

const TRANSIENT: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

function notPartial(
  { status, headers }: Head,
  wanted: Wanted,
  known: Validators | undefined,
  url: string,
): NetworkError {
  if (status === 200) {
    // One that gave ranges before may have a sick sister.
    return new NetworkError(
      `${url}: expected a part of the file, found all of it: the server sends whole files only.`,
      {
        transient: known !== undefined,
        wholeOnly: true,
        hint: `Get the file first, then give its path: osx-iso download ${url}`,
      },
    );
  }
  if (status === 416) {
    const total = /\*\/(\d+)/.exec(headers.get('content-range') ?? '')?.[1] ?? 'unknown';
    return new NetworkError(
      `${url}: asked for bytes from ${wanted.offset} of ${known?.size ?? 'unknown'}, the server says that it has ${total} (416).`,
      { status, hint: 'The file on the server is another one than it was. Start again.' },
    );
  }
  return statusError({ status, headers }, url);
}

const STATUS: Readonly<Record<number, readonly [string, string?]>> = {
  401: ['it wants a password'],
  403: ['it refuses', 'The link may have expired, or the network may block it.'],
  404: ['it does not have the file', 'osx-iso list shows what Apple offers now.'],
  407: ['the proxy wants a password', 'Set it in HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT'],
  410: ['it does not have the file any more', 'osx-iso list shows what Apple offers now.'],
  429: ['it asks for patience', 'Wait a while, or ask less at once: --connections 1'],
};

/** A status that brings no file, as an error: transient where it is about the moment. */
export function statusError({ status, headers }: Head, url: string): NetworkError {
  const [text, hint] = STATUS[status] ?? [status >= 500 ? 'it is in trouble' : 'an answer that makes no sense here'];
  const transient = TRANSIENT.includes(status);
  const wait = transient ? retryAfter(headers.get('retry-after')) : undefined;
  const patience = wait !== undefined && wait > LONGEST_WAIT;
  return new NetworkError(
    `${url}: asked for the file, the server says ${status}: ${text}${patience ? ` (for ${Math.ceil(wait / 1000)} seconds)` : ''}.`,
    {
      status,
      transient: transient && !patience,
      ...(wait !== undefined && { wait }),
      ...(hint !== undefined && { hint }),
    },
  );
}

/** RFC 9110, 10.2.3: seconds, or a date. In milliseconds from now; undefined where it says nothing. */
export function retryAfter(text: string | undefined, now = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
