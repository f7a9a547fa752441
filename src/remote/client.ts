import type { IncomingHttpHeaders } from 'node:http';
import type { EnvHttpProxyAgent } from 'undici';
import { UsageError } from '../errors.js';
import { version } from '../version.js';
import { connectorOf } from './connect.js';
import { type Body, Exchange } from './exchange.js';
import { NetworkError, networkError } from './network-error.js';
import { shownUrl } from './url.js';

export interface ClientOptions {
  /** Connections to one host at once. */
  readonly connections?: number;
  /** Milliseconds without a byte after which a request is given up. */
  readonly stall?: number;
  /** What comes is read into the same memory again: a part of a body is good only until who takes it returns. */
  readonly reuse?: boolean;
}

/** Few, so that a server has no reason to mind. */
export const CONNECTIONS = 4;
/** As good downloaders have it: 30 s. */
export const STALL = 30_000;
/** Milliseconds a connection may take. */
const CONNECT = 15_000;
/** Bytes of the largest head of an answer. */
const LARGEST_HEAD = 32 << 10;
/** Each is a round trip; a chain this long is a circle. */
const MOST_REDIRECTS = 5;

/** An answer whose body has not been read. Whoever has it reads it to the end, or destroys it. */
export interface Answer {
  readonly status: number;
  /** Lower-case names. Of a header that came twice, both, separated by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Body;
  /** Where it came from in the end. */
  readonly url: URL;
}

/**
 * Asks servers for things: connections are kept, proxies are those of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, bodies come as they were
 * sent. `close` ends all connections.
 */
export class HttpClient {
  #agent: Promise<EnvHttpProxyAgent> | undefined;
  readonly #closing = new AbortController();
  readonly #stall: number;
  readonly #connections: number;
  readonly #reuse: boolean;
  /** Requests sent, redirects among them. */
  requests = 0;

  constructor({ connections = CONNECTIONS, stall = STALL, reuse = false }: ClientOptions = {}) {
    this.#stall = stall;
    this.#reuse = reuse;
    this.#connections = connections;
  }

  /**
   * Asks for a URL. Redirects are followed, but not from https to http unless `toHttp`: what came unprotected from a place nobody
   * named proves nothing. NetworkError when there is no answer; what the answer says is for the caller to judge.
   */
  async get(
    url: URL,
    options: { headers?: Readonly<Record<string, string>>; signal?: AbortSignal; toHttp?: boolean } = {},
  ): Promise<Answer> {
    const signals = [this.#closing.signal, ...(options.signal ? [options.signal] : [])];
    const signal = AbortSignal.any(signals);
    let at = url;
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#ask(at, options.headers ?? {}, signal);
      const target = redirectOf(answer);
      if (target === undefined) return answer;
      answer.body.destroy();
      if (redirects === MOST_REDIRECTS) {
        throw new NetworkError(`${shownUrl(url)}: expected a file, found more than ${MOST_REDIRECTS} redirects.`);
      }
      at = checkRedirect(at, target, options.toHttp ?? false);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // Why there is no agent was said by the request that wanted it.
    await (await this.#agent?.catch(() => undefined))?.destroy();
  }

  /** Loaded with the first request: most commands never make one. */
  async #open(): Promise<EnvHttpProxyAgent> {
    const { EnvHttpProxyAgent, buildConnector } = await import('undici');
    const timeout = Math.min(CONNECT, this.#stall);
    const options = {
      connections: this.#connections,
      pipelining: 1,
      connect: this.#reuse ? connectorOf(buildConnector, timeout) : { timeout },
      maxHeaderSize: LARGEST_HEAD,
      // Whoever asks for http through a proxy asks the proxy for it: many let CONNECT through to port 443 only.
      proxyTunnel: false,
    };
    try {
      return new EnvHttpProxyAgent(options);
    } catch (error) {
      throw proxyError(error);
    }
  }

  async #ask(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    this.requests++;
    this.#agent ??= this.#open();
    try {
      const exchange = new Exchange(signal);
      (await this.#agent).dispatch(
        {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: 'GET',
          headersTimeout: this.#stall,
          bodyTimeout: this.#stall,
          headers: { 'accept-encoding': 'identity', 'user-agent': `osx-iso/${version}`, ...headers },
        },
        exchange,
      );
      const head = await exchange.head;
      return { status: head.status, headers: joined(head.headers), body: exchange, url };
    } catch (error) {
      signal.throwIfAborted();
      throw networkError(error, shownUrl(url));
    }
  }
}

/** What undici threw over the environment's proxies, which may be of any class; their values are not shown: they may hold passwords. */
function proxyError(cause: unknown): unknown {
  // As undici reads them: the lower case goes first, even where it is empty.
  const names = ['http_proxy', 'https_proxy']
    .map((lower) => (process.env[lower] === undefined ? lower.toUpperCase() : lower))
    .filter((name) => process.env[name]);
  if (names.length === 0) return cause;
  return new UsageError(`${names.join(', ')}: expected the URL of a proxy, found something else.`, {
    hint: 'Its form is http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT, where a % in a password is written %25.',
    cause,
  });
}

function joined(headers: IncomingHttpHeaders): Map<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

function redirectOf({ status, headers }: Answer): string | undefined {
  return REDIRECTS.includes(status) ? headers.get('location') : undefined;
}

function checkRedirect(from: URL, location: string, toHttp: boolean): URL {
  let target: URL;
  try {
    target = new URL(location, from);
  } catch {
    throw new NetworkError(`${shownUrl(from)}: expected the URL of a file, found a redirect to nowhere.`);
  }
  // Nobody's password is sent anywhere.
  target.username = '';
  target.password = '';
  target.hash = '';
  if (target.protocol === 'https:' || (target.protocol === 'http:' && (from.protocol === 'http:' || toHttp)))
    return target;
  throw new NetworkError(`${shownUrl(from)}: expected to stay with https, found a redirect to ${shownUrl(target)}.`, {
    hint: 'Whoever sits in between could send anything. If you trust the network, give that URL itself.',
  });
}
