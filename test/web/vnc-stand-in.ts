import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { atEndOfFile } from '../helpers/end-of-file.js';
import { scratch } from '../helpers/judges/tool.js';

export interface VncStandIn {
  readonly socket: string;
  /** Whoever has connected, the first first. */
  readonly clients: readonly Socket[];
  /** Resolves as soon as so many have connected. */
  connected(count: number): Promise<void>;
}

/** Listens where QEMU's VNC server would; the test speaks for it. */
export async function vncStandIn(speak: (client: Socket) => void): Promise<VncStandIn> {
  const socket = join(scratch('vnc'), 'vnc');
  const clients: Socket[] = [];
  const waiting: { readonly count: number; readonly done: () => void }[] = [];
  const server = createServer((client) => {
    clients.push(client);
    client.on('error', () => undefined);
    speak(client);
    for (const { count, done } of waiting) if (clients.length >= count) done();
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  atEndOfFile(() => {
    server.close();
    for (const client of clients) client.destroy();
  });
  return {
    socket,
    clients,
    connected: (count) =>
      new Promise((done) => {
        if (clients.length >= count) done();
        else waiting.push({ count, done });
      }),
  };
}
