import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What is left of a request that may be answered. */
export interface Admitted {
  /** Below the token: "", "style.css", "screen". */
  readonly path: string;
  /** As the browser calls us: "localhost:6080". Nothing in it means anything to a header. */
  readonly host: string;
}

/** Bytes of the token: 192 bits. */
const TOKEN_BYTES = 24;

export function makeToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Names of this computer. A name that only resolves to it is somebody else's (DNS rebinding). The port is what ssh -L makes of ours. */
const HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;

/**
 * Whether a request comes from our own page, or from somebody who was given its address: it knows the token, calls us by a name of this
 * computer, and where a page sent it, that page is ours. What it answers is an HTTP status, which tells nothing of the token.
 */
export function admit(request: Pick<IncomingMessage, 'url' | 'headers'>, token: string): Admitted | 403 | 404 {
  const { host = '', origin } = request.headers;
  if (!HOST.test(host)) return 403;
  if (origin !== undefined && origin !== `http://${host}`) return 403;
  // Neither decoded nor normalized: what is served has plain names, and everything else is not served.
  const [, given, path] = /^\/([^/?#]*)\/([^?#]*)$/.exec(request.url ?? '') ?? [];
  if (given === undefined || path === undefined || !isSame(given, token)) return 404;
  return { path, host };
}

/** Takes the same time wherever they differ, and whatever their lengths are. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** What a browser is told of each answer: nothing but our own files runs, and no other page looks in. */
export function headersFor(host: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      // noVNC makes its pointers, and some pictures, of data.
      "img-src 'self' data:",
      `connect-src ws://${host}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'fullscreen=(self), clipboard-read=(), camera=(), geolocation=(), microphone=()',
    // The token is in the address.
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cache-Control': 'no-store',
  };
}
