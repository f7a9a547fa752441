import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { RangeSet } from '../../src/remote/range-set.js';
import { Line, type Link } from './line.js';

/** One file on 127.0.0.1, in ranges. */
export interface FileServer {
  /** For the report. */
  readonly title: string;
  readonly url: string;
  /** Ends it, and gives what it did. */
  close(): Promise<Served>;
}

/** What a server did. */
export interface Served {
  /** Requests answered. */
  readonly requests: number;
  /** Bytes of the file sent. */
  readonly sent: number;
  /** The same, each byte counted once. */
  readonly sentOnce: number;
  /** Seconds of the processor that it took. */
  readonly cpu: number;
}

/** Bytes sent at once over a slow line: each takes its time. */
const PART = 128 << 10;
/** Over none: fewer calls. */
const LARGE_PART = 1 << 20;

/** Serves a file to builds, over a line where there is one; see test/helpers/http-server.ts for one that also misbehaves. */
export async function serveFile(path: string, link?: Link): Promise<FileServer> {
  const file = await open(path);
  const { size } = await file.stat();
  const line = new Line(link);
  const buffers: Buffer[] = [];
  const part = link ? PART : LARGE_PART;
  const asked = new RangeSet();
  const before = process.cpuUsage();
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    answer(request, response).catch(() => response.destroy());
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [from, end] = rangeOf(request, size);
    asked.add(from, end);
    await line.wait();
    response.writeHead(206, {
      'content-range': `bytes ${from}-${end - 1}/${size}`,
      'content-length': end - from,
      etag: '"1"',
    });
    const buffer = buffers.pop() ?? Buffer.alloc(part);
    for (let at = from; at < end && !response.destroyed; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(part, end - at), at);
      await line.carry(bytesRead);
      at += bytesRead;
      await new Promise((sent) => response.write(buffer.subarray(0, bytesRead), sent));
    }
    buffers.push(buffer);
    response.end();
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    title: 'node',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${basename(path)}`,
    async close() {
      // This process does nothing else meanwhile.
      const { user, system } = process.cpuUsage(before);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await file.close();
      return { requests, sent: line.carried, sentOnce: asked.total, cpu: (user + system) / 1e6 };
    },
  };
}

function rangeOf({ headers }: IncomingMessage, size: number): [number, number] {
  const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
  if (!match) throw new Error(`expected a range, found ${headers.range}`);
  return [Number(match[1]), Math.min(Number(match[2]) + 1, size)];
}
