import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { HostError } from '../errors.js';
import { type Asset, loadAssets } from './assets.js';
import { admit, headersFor, makeToken } from './guard.js';
import { CLOSED, relay } from './relay.js';

/** A guest's screen as a page for browsers on this computer, and for those that ssh brings here. */
export interface ScreenServer {
  /** With the token: whoever knows it sees the screen and types. */
  readonly url: string;
  readonly port: number;
  /** QEMU's VNC server is there from now on. */
  show(socket: string): void;
  /** Tells the viewers that the guest is off, and gives the port back. */
  close(): Promise<void>;
}

/** People who look at one guest at a time; each costs QEMU a copy of its screen. */
export const MOST_VIEWERS = 4;
const MOST_CONNECTIONS = 64;
/** Bytes of one message of a viewer: a key press has 12. */
const MOST_MESSAGE = 1 << 20;
/** Milliseconds: for a request's head, for a connection that asks nothing, between two looks whether viewers are there. */
const HEAD = 10_000;
const IDLE = 5000;
const LOOK = 30_000;
/** Milliseconds that viewers have to say goodbye. */
const GOODBYE = 500;
/** The path of the WebSocket below the token. */
const SCREEN = 'screen';

/**
 * Serves the page on 127.0.0.1 and nothing else: our own files and noVNC's, to those who know the token. HostError where the port is
 * taken. 0 is any free one.
 */
export async function serveScreen({ port = 0 }: { readonly port?: number } = {}): Promise<ScreenServer> {
  const token = makeToken();
  const assets = await loadAssets();
  const viewers = new Viewers();
  const server = createServer(
    { headersTimeout: HEAD, requestTimeout: HEAD, keepAliveTimeout: IDLE },
    (request, answer) => serve(request, answer, { token, assets }),
  );
  server.maxConnections = MOST_CONNECTIONS;
  // A server forgets connections that became WebSockets, or were to.
  const connections = new Set<Socket>();
  server.on('connection', (connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  server.on('upgrade', (request, connection, head) => {
    connection.on('error', () => connection.destroy());
    const admitted = admit(request, token);
    // A page always says where it comes from; another program need not.
    const status = typeof admitted === 'number' ? admitted : admitted.path === SCREEN ? undefined : 404;
    if (status === undefined) viewers.welcome(request, connection, head);
    // Whoever keeps his half open is not waited for.
    else connection.end(refusal(status), () => connection.destroy());
  });
  await listen(server, port);
  // One connection that could not be taken, say.
  server.on('error', () => undefined);
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${own}/${token}/`,
    port: own,
    show: (socket) => viewers.show(socket),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await viewers.leave();
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

function refusal(status: number): string {
  return `HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

interface Served {
  readonly token: string;
  readonly assets: ReadonlyMap<string, Asset>;
}

function serve(request: IncomingMessage, answer: ServerResponse, { token, assets }: Served): void {
  const admitted = admit(request, token);
  const asset = typeof admitted === 'number' ? undefined : assets.get(admitted.path);
  const headers = typeof admitted === 'number' ? {} : headersFor(admitted.host);
  if (typeof admitted === 'number') refuse(answer, admitted);
  else if (request.method !== 'GET' && request.method !== 'HEAD')
    refuse(answer, 405, { ...headers, Allow: 'GET, HEAD' });
  else if (!asset) refuse(answer, 404, headers);
  else {
    answer.writeHead(200, { ...headers, 'Content-Type': asset.type, 'Content-Length': asset.body.length });
    answer.end(request.method === 'HEAD' ? undefined : asset.body);
  }
}

function refuse(answer: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  answer.writeHead(status, { ...headers, Connection: 'close', 'Content-Length': 0 }).end();
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be had (${error.code ?? error.message})`;
      reject(
        new HostError(`Port ${port} of 127.0.0.1 ${reason}.`, {
          hint: 'Give another one, or --web without a number: any free one.',
          cause: error,
        }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** Who looks at the screen. */
class Viewers {
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MOST_MESSAGE,
    perMessageDeflate: false,
  });
  /** And whether each has answered since it was last looked for. */
  readonly #there = new Map<WebSocket, boolean>();
  readonly #clock = setInterval(() => this.#look(), LOOK).unref();
  #screen: string | undefined;

  show(socket: string): void {
    this.#screen = socket;
  }

  welcome(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, connection, head, (viewer) => {
      // What is wrong with it, ws closes it for.
      viewer.on('error', () => undefined);
      if (this.#there.size >= MOST_VIEWERS) return viewer.close(CLOSED.crowded);
      if (this.#screen === undefined) return viewer.close(CLOSED.noScreen);
      this.#there.set(viewer, true);
      viewer.on('pong', () => this.#there.set(viewer, true));
      viewer.on('close', () => this.#there.delete(viewer));
      relay(viewer, this.#screen);
    });
  }

  async leave(): Promise<void> {
    clearInterval(this.#clock);
    const viewers = [...this.#there.keys()];
    const gone = viewers.map((viewer) => new Promise<void>((resolve) => viewer.once('close', () => resolve())));
    for (const viewer of viewers) viewer.close(CLOSED.off);
    const late = setTimeout(() => {
      for (const viewer of viewers) viewer.terminate();
    }, GOODBYE);
    await Promise.all(gone);
    clearTimeout(late);
  }

  /** One whose cable was pulled out closes nothing. */
  #look(): void {
    for (const [viewer, there] of this.#there) {
      if (!there) viewer.terminate();
      else {
        this.#there.set(viewer, false);
        viewer.ping();
      }
    }
  }
}
