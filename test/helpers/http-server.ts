import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Line, type Link } from '../../scripts/bench/line.js';
import type { ByteSource } from '../../src/formats/bytes.js';

/** How one answer goes wrong. */
export type Fault =
  /** The connection is cut after so many bytes of the body. */
  | { readonly kind: 'cut'; readonly after: number }
  /** No byte comes any more after so many; the connection stays. */
  | { readonly kind: 'stall'; readonly after: number }
  /** No answer at all. */
  | { readonly kind: 'silent' }
  /** A well-formed answer with fewer bytes than were asked for. */
  | { readonly kind: 'short'; readonly by: number }
  /** What was asked for, and then more and more. */
  | { readonly kind: 'endless' }
  /** Content-Range says so many bytes further on. */
  | { readonly kind: 'shifted'; readonly by: number }
  /** 206 without a Content-Range. */
  | { readonly kind: 'unsaid' }
  /** 200 with everything. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Content-Encoding: gzip, unasked. */
  | { readonly kind: 'gzip' }
  | { readonly kind: 'etag'; readonly etag: string }
  /** Another size of the whole file in Content-Range. */
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'redirect'; readonly to: string }
  /** Bytes a second. */
  | { readonly kind: 'slow'; readonly rate: number }
  /** A head that never ends. */
  | { readonly kind: 'endless-head' }
  /** Something that is not HTTP. */
  | { readonly kind: 'garbage' };

export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

export interface ServerOptions {
  /** What is wrong with the answer to request `index` (from 0); nothing where it returns undefined. */
  fault?(index: number, asked: Asked): Fault | undefined;
  /** False: it knows no ranges. */
  readonly ranges?: boolean;
  /** A line between server and client. */
  readonly link?: Link;
  /** Default: a strong ETag and a Last-Modified that never change. */
  readonly validators?: { readonly etag?: string; readonly lastModified?: string };
}

export interface TestServer {
  /** http://127.0.0.1:PORT */
  readonly origin: string;
  readonly asked: readonly Asked[];
  /** Answers under way at once, at most so far. */
  readonly most: () => number;
  /** Bytes of bodies sent. */
  readonly sent: () => number;
  /** What it serves, by path; may be changed while it runs. */
  readonly files: Map<string, ByteSource>;
  url(path: string): string;
  close(): Promise<void>;
}

const PART = 64 << 10;
/** Bytes. */
const ENDLESS = 256 << 20;
const VALIDATORS = { etag: '"1-of-the-tests"', lastModified: 'Wed, 23 Oct 2019 10:00:00 GMT' };

/** A server of files on 127.0.0.1 that knows ranges, and every fault that is listed above. */
export async function startServer(
  files: Iterable<[string, ByteSource]>,
  options: ServerOptions = {},
): Promise<TestServer> {
  const served = new Map(files);
  const asked: Asked[] = [];
  const line = new Line(options.link);
  const validators = options.validators ?? VALIDATORS;
  const sockets = new Set<Socket>();

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const one: Asked = { path, range: request.headers.range, headers: request.headers };
    const fault = options.fault?.(asked.length, one);
    asked.push(one);
    await line.wait();
    const file = served.get(path);
    if (fault && (await misbehave(fault, response))) return;
    if (!file) return void response.writeHead(404).end();
    const total = fault?.kind === 'size' ? fault.size : file.size;
    const { ranges = true } = options;
    const range = fault?.kind === 'whole' || !ranges ? undefined : parseRange(one.range, file.size);
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'content-range': `bytes */${file.size}` }).end();
      return;
    }
    const [first, last] = range ?? [0, file.size - 1];
    const cut = fault?.kind === 'short' ? fault.by : 0;
    let from = first;
    const end = Math.max(from, last + 1 - cut);
    const shift = fault?.kind === 'shifted' ? fault.by : 0;
    const headers: Record<string, string> = { 'accept-ranges': 'bytes', 'content-length': String(end - from) };
    const etag = fault?.kind === 'etag' ? fault.etag : validators.etag;
    if (fault?.kind === 'endless') delete headers['content-length'];
    if (etag !== undefined) headers.etag = etag;
    if (validators.lastModified !== undefined) headers['last-modified'] = validators.lastModified;
    if (range && fault?.kind !== 'unsaid')
      headers['content-range'] = `bytes ${first + shift}-${end - 1 + shift}/${total}`;
    if (fault?.kind === 'gzip') {
      const packed = gzipSync(await file.read(from, Math.min(end - from, PART)));
      response.writeHead(range ? 206 : 200, {
        ...headers,
        'content-encoding': 'gzip',
        'content-length': String(packed.length),
      });
      response.end(packed);
      return;
    }
    response.writeHead(range ? 206 : 200, headers);
    response.flushHeaders();
    const stop = fault?.kind === 'cut' || fault?.kind === 'stall' ? from + fault.after : Number.POSITIVE_INFINITY;
    const part = fault?.kind === 'slow' ? Math.max(1, Math.floor(fault.rate / 50)) : PART;
    while (from < Math.min(end, stop)) {
      if (response.destroyed) return;
      const bytes = await file.read(from, Math.min(part, end - from, stop - from));
      await line.carry(bytes.length);
      if (fault?.kind === 'slow') await sleep(20);
      const room = response.write(bytes);
      from += bytes.length;
      if (!room) await drained(response);
    }
    if (from < end && fault?.kind === 'stall') return;
    if (fault?.kind === 'endless') await goOn(response);
    // What was written goes out before the connection is cut.
    if (from < end) return void response.write('', () => response.destroy());
    response.end();
  };

  let underWay = 0;
  let most = 0;
  const server = createServer((request, response) => {
    most = Math.max(most, ++underWay);
    response.on('close', () => underWay--);
    answer(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    asked,
    most: () => most,
    sent: () => line.carried,
    files: served,
    url: (path) => origin + path,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** More than anybody may take of it, until nobody wants any more. */
async function goOn(response: ServerResponse): Promise<void> {
  const more = new Uint8Array(PART);
  for (let sent = 0; sent < ENDLESS && !response.destroyed; sent += PART) {
    if (!response.write(more)) await drained(response);
  }
}

/** Answers that have no file in them. True: this one was such. */
async function misbehave(fault: Fault, response: ServerResponse): Promise<boolean> {
  switch (fault.kind) {
    case 'silent':
      return true;
    case 'status':
      response.writeHead(fault.status, fault.headers).end();
      return true;
    case 'redirect':
      response.writeHead(302, { location: fault.to }).end();
      return true;
    case 'garbage':
      response.socket?.end('This is no HTTP.\r\n\r\n');
      return true;
    case 'endless-head': {
      const { socket } = response;
      socket?.write('HTTP/1.1 206 Partial Content\r\n');
      for (let i = 0; socket && !socket.destroyed && i < 10_000; i++) {
        socket.write(`x-${i}: ${'x'.repeat(1000)}\r\n`);
        await sleep(0);
      }
      return true;
    }
    default:
      return false;
  }
}

function parseRange(text: string | undefined, size: number): [number, number] | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(text ?? '');
  if (!match) return undefined;
  const first = Number(match[1]);
  if (first >= size) return 'unsatisfiable';
  return [first, match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)];
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
