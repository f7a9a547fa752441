import { HostError, UserError } from '../errors.js';

export interface NetworkErrorOptions {
  readonly transient?: boolean;
  readonly wait?: number;
  readonly wholeOnly?: boolean;
  readonly status?: number;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** A request did not bring what was asked for. Exit code 4; the message says what was asked of whom, and what came back. */
export class NetworkError extends HostError {
  /** Whether the same request may well succeed a moment later. */
  readonly transient: boolean;
  /** Milliseconds the server wants to be left alone (Retry-After). */
  readonly wait: number | undefined;
  /** The server sends whole files only. */
  readonly wholeOnly: boolean;
  /** Of the answer, where there was one. */
  readonly status: number | undefined;

  constructor(message: string, options: NetworkErrorOptions = {}) {
    super(message, options);
    this.status = options.status;
    this.transient = options.transient ?? false;
    this.wait = options.wait;
    this.wholeOnly = options.wholeOnly ?? false;
  }
}

/** What undici and node call what can go wrong, in words. What is listed as final is the same a moment later. */
const WORDS: Readonly<Record<string, { readonly text: string; readonly final?: true; readonly hint?: string }>> = {
  ECONNREFUSED: { text: 'nobody answers there (connection refused)' },
  ECONNRESET: { text: 'the connection was cut' },
  EPIPE: { text: 'the connection was cut' },
  ETIMEDOUT: { text: 'no answer in time' },
  ENETUNREACH: { text: 'the network cannot be reached' },
  EHOSTUNREACH: { text: 'the host cannot be reached' },
  EAI_AGAIN: { text: 'the name could not be looked up (is there a network?)' },
  ENOTFOUND: { text: 'there is no host of that name', final: true },
  UND_ERR_CONNECT_TIMEOUT: { text: 'no connection in time' },
  UND_ERR_HEADERS_TIMEOUT: { text: 'no answer in time' },
  UND_ERR_BODY_TIMEOUT: { text: 'the answer stalled: no byte came any more' },
  UND_ERR_SOCKET: { text: 'the connection was cut' },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { text: 'the answer was longer or shorter than it said' },
  UND_ERR_HEADERS_OVERFLOW: { text: 'the head of the answer does not end', final: true },
  HPE_HEADER_OVERFLOW: { text: 'the head of the answer does not end', final: true },
};

const PROXY_HINT = 'Behind a proxy, set HTTPS_PROXY (and HTTP_PROXY, NO_PROXY) to its URL.';

/** Whatever a request threw, as a NetworkError about this URL; errors for users, and bugs, as they are. */
export function networkError(error: unknown, url: string): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const code = codeOf(error) ?? (error.name === 'HTTPParserError' ? 'HPE_' : undefined);
  if (code === undefined) return error;
  const known = WORDS[code];
  if (known) {
    const lookUp = code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ECONNREFUSED';
    return new NetworkError(`${url}: ${known.text}.`, {
      transient: !known.final,
      cause: error,
      ...(lookUp && { hint: `Look at the network. ${PROXY_HINT}` }),
    });
  }
  if (code.startsWith('HPE_')) {
    return new NetworkError(`${url}: expected an answer in HTTP, found something else (${error.message}).`, {
      transient: true,
      cause: error,
    });
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|ERR_TLS|ERR_SSL|^EPROTO$/.test(code)) {
    return new NetworkError(`${url}: the server cannot prove who it is (${code}).`, {
      cause: error,
      hint: 'If a proxy of your network puts itself in between, give node its certificate: NODE_EXTRA_CA_CERTS=FILE',
    });
  }
  return new NetworkError(`${url}: ${error.message} (${code}).`, { transient: true, cause: error });
}

/** The code of an error, or of what it was made from. */
function codeOf(error: Error): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string' && !code.startsWith('ERR_INVALID')) return code;
    if (at instanceof AggregateError && at.errors[0] instanceof Error) return codeOf(at.errors[0]);
  }
  return undefined;
}
