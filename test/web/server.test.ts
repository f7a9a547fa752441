import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { dirname, join, normalize } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { admit } from '../../src/web/guard.js';
import { MOST_VIEWERS, type ScreenServer, serveScreen } from '../../src/web/server.js';
import { vncStandIn } from './vnc-stand-in.js';

let server: ScreenServer;
/** "/token/". */
let base: string;
beforeAll(async () => {
  server = await serveScreen();
  base = new URL(server.url).pathname;
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** As it is typed: nothing is normalized, as fetch would. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET', to = server): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: to.port,
        path,
        method,
        headers: { host: `127.0.0.1:${to.port}`, ...headers },
        agent: false,
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (text) => {
          body += text;
        });
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body }));
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

/** Resolves with the code the connection is closed by, or the status that refuses it. */
function ended(viewer: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    viewer.on('error', () => undefined);
    viewer.on('unexpected-response', (_, answer) => resolve(answer.statusCode!));
    viewer.on('close', (code) => resolve(code));
  });
}
const view = (
  to: ScreenServer = server,
  options: { headers?: Record<string, string>; origin?: string } = {},
  path?: string,
): WebSocket => new WebSocket(`ws://127.0.0.1:${to.port}${path ?? `${new URL(to.url).pathname}screen`}`, options);
const opened = (viewer: WebSocket) => new Promise<void>((resolve) => viewer.once('open', resolve));

describe('the page', () => {
  test('is there with all that it asks for, noVNC’s modules and licences too', async () => {
    const { status, headers, body } = await ask(base);
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    const seen = new Set<string>();
    const todo = [...body.matchAll(/(?:href|src)="([^":,]+)"/g)].map(([, path]) => path!);
    expect(todo).toContain('novnc/docs/LICENSE.MPL-2.0');
    for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const answer = await ask(base + path);
      expect(`${path}: ${answer.status}`).toBe(`${path}: 200`);
      if (!path.endsWith('.js')) continue;
      expect(answer.headers['content-type']).toBe('text/javascript; charset=utf-8');
      for (const [, to] of answer.body.matchAll(/^\s*(?:import|export)\b[^'"]*["'](\.[^"']+)["']/gm))
        todo.push(normalize(join(dirname(path), to!)));
    }
    expect([...seen]).toEqual(expect.arrayContaining(['style.css', 'typing.js', 'keys.js', 'novnc/core/rfb.js']));
    expect(seen.size).toBeGreaterThan(40);
  });

  test('runs nothing but its own files, in no other page', async () => {
    const { headers } = await ask(base);
    const policy = headers['content-security-policy']!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`connect-src ws://127.0.0.1:${server.port};`);
    expect(policy).not.toContain('unsafe');
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('has an address of its own each time', async () => {
    const other = await serveScreen();
    await other.close();
    expect(Buffer.from(base.slice(1, -1), 'base64url').length * 8).toBeGreaterThanOrEqual(128);
    expect(new URL(other.url).pathname).not.toBe(base);
  });
});

test('nobody who keeps his half of a connection open keeps the server', async () => {
  const other = await serveScreen();
  const path = new URL(other.url).pathname;
  // Refused, refused although it knows the token, and a viewer before there is a screen.
  for (const asked of ['/x', `${path}style.css`, `${path}screen`]) {
    const socket = connect({ port: other.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    const head = [
      `GET ${asked} HTTP/1.1`,
      `Host: 127.0.0.1:${other.port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
    ];
    const key = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'];
    socket.write(`${[...head, ...key].join('\r\n')}\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
  }
  await other.close();
});

/** Paths, asked when the token is known. */
const UNKNOWN: readonly (readonly [what: string, path: () => string])[] = [
  ['without a token', () => '/'],
  ['without one, to a file', () => '/style.css'],
  ['to a token without its end', () => base.slice(0, -1)],
  ['to a shorter token', () => `${base.slice(0, -2)}/`],
  ['to another token', () => `/${'A'.repeat(base.length - 2)}/`],
  ['to no file of ours', () => `${base}package.json`],
  ['above the page', () => `${base}../package.json`],
  ['above noVNC', () => `${base}novnc/../screen.js`],
  ['to an escaped way up', () => `${base}novnc/%2e%2e/screen.js`],
  ['to a file of the host', () => `${base}/etc/passwd`],
  ['to the WebSocket’s path', () => `${base}screen`],
  ['to a proxy’s question', () => `http://example.org${base}`],
];

describe('nothing is answered', () => {
  test.for(UNKNOWN)('%s', async ([, path]) => {
    const { status, body, headers } = await ask(path());
    expect({ status, body }).toEqual({ status: 404, body: '' });
    expect(headers['connection']).toBe('close');
  });

  test('to other methods', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])
      expect(await ask(base, {}, method)).toMatchObject({ status: 405, body: '' });
    expect(await ask(base, {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  test.for([
    ['a name that only leads here', { host: 'rebound.example' }],
    ['one with our port', { host: 'rebound.example:80' }],
    ['one that begins like ours', { host: 'localhost.example' }],
    ['another page', { origin: 'http://example.org' }],
    ['a page of another port of this computer', { origin: 'http://127.0.0.1:1' }],
    ['a page of no origin', { origin: 'null' }],
    ['a name with more in it', { host: "localhost; script-src 'unsafe-inline'" }],
  ] as const)('to %s', async ([, headers]) => {
    expect(await ask(base, headers)).toMatchObject({ status: 403, body: '' });
    const { host, origin } = headers as { host?: string; origin?: string };
    const stranger = view(server, { ...(host !== undefined && { headers: { host } }), ...(origin && { origin }) });
    expect(await ended(stranger)).toBe(403);
  });

  test('to who calls us nothing', () => {
    const request = { url: base, headers: {} };
    expect(admit(request, base.slice(1, -1))).toBe(403);
    expect(admit({ ...request, headers: { host: '[::1]:1' } }, base.slice(1, -1))).toEqual({
      path: '',
      host: '[::1]:1',
    });
  });

  test('to whatever path, as long as it is not one of ours', async () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '%2e',
      '%2f',
      'novnc',
      'core',
      'rfb.js',
      '',
      '\\',
      ';',
      'web',
      'package.json',
      '~',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
        const path = parts.join('/');
        const { status, headers } = await ask(base + path);
        const isOurs = path === '' || path === 'novnc/core/rfb.js';
        expect(`${path}: ${status}`).toBe(`${path}: ${isOurs ? 200 : 404}`);
        expect(headers['content-type']?.startsWith('text/')).toBe(isOurs ? true : undefined);
      }),
      { numRuns: 40 },
    );
  });
});

test('through ssh -L, which gives it another port, it is the same', async () => {
  expect(await ask(base, { host: 'localhost:7777', origin: 'http://localhost:7777' })).toMatchObject({ status: 200 });
});

describe('the screen', () => {
  test('goes to the viewer, and what the viewer does to the guest', async () => {
    const vnc = await vncStandIn((client) => {
      client.write('RFB 003.008\n');
      client.on('data', (bytes) => client.write(bytes));
    });
    server.show(vnc.socket);
    const viewer = view(server, { origin: `http://127.0.0.1:${server.port}` });
    let heard = '';
    const closed = ended(viewer);
    const all = new Promise<void>((resolve) => {
      viewer.on('message', (data, binary) => {
        expect(binary).toBe(true);
        heard += String(data);
        if (heard === 'RFB 003.008\nkey') resolve();
      });
    });
    await opened(viewer);
    viewer.send(Buffer.from('key'));
    await all;
    // Somebody else is no reason to stop; QEMU's end is.
    vnc.clients[0]!.end();
    expect(await closed).toBe(4001);
  });

  test('is for those with the token', async () => {
    for (const path of ['/screen', '/', `${base}`, `${base}style.css`, `/${'A'.repeat(32)}/screen`])
      expect(`${path}: ${await ended(view(server, {}, path))}`).toBe(`${path}: 404`);
  });

  test('is for so many', async () => {
    const vnc = await vncStandIn(() => undefined);
    server.show(vnc.socket);
    const viewers = Array.from({ length: MOST_VIEWERS }, () => view());
    await Promise.all(viewers.map(opened));
    expect(await ended(view())).toBe(4002);
    const gone = ended(viewers[0]!);
    viewers[0]!.close();
    await gone;
    const next = view();
    await opened(next);
    for (const viewer of [...viewers, next]) viewer.terminate();
  });

  test('is not there before QEMU, and after it', async () => {
    const own = await serveScreen();
    expect(await ended(view(own))).toBe(4001);
    const vnc = await vncStandIn(() => undefined);
    own.show(vnc.socket);
    const viewer = view(own);
    const closed = ended(viewer);
    await vnc.connected(1);
    // As a guest shuts down: first QEMU is gone, then whoever looked after it.
    vnc.clients[0]!.destroy();
    await sleep(20);
    await own.close();
    expect(await closed).toBe(4000);
    await expect(ask('/', {}, 'GET', own)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('does not wait for a viewer that says nothing when it ends', async () => {
    const own = await serveScreen();
    const vnc = await vncStandIn(() => undefined);
    own.show(vnc.socket);
    const deaf = connect(own.port, '127.0.0.1');
    deaf.on('error', () => undefined);
    deaf.write(
      `GET ${new URL(own.url).pathname}screen HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await vnc.connected(1);
    await own.close();
  });
});

describe('memory', () => {
  const MORE = 256 << 20;

  test('a viewer that does not read stops QEMU', async () => {
    const block = Buffer.alloc(1 << 16);
    let sent = 0;
    const vnc = await vncStandIn((client) => {
      const more = () => {
        while (sent < MORE) {
          sent += block.length;
          if (!client.write(block)) return;
        }
      };
      client.on('drain', more);
      more();
    });
    server.show(vnc.socket);
    const viewer = view();
    await opened(viewer);
    viewer.pause();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await sleep(100);
    }
    // What the kernel holds for two connections, and MOST_WAITING.
    expect(sent).toBeLessThan(32 << 20);
    let got = 0;
    const goesOn = new Promise<void>((resolve) => {
      viewer.on('message', (data) => {
        got += (data as Buffer).length;
        if (got > before + (1 << 20)) resolve();
      });
    });
    viewer.resume();
    await goesOn;
    viewer.terminate();
  });

  test('a QEMU that does not read stops the viewer', async () => {
    const vnc = await vncStandIn((client) => client.pause());
    server.show(vnc.socket);
    const viewer = view();
    await opened(viewer);
    const block = Buffer.alloc(1 << 16);
    for (let sent = 0; sent < 64 << 20; sent += block.length) viewer.send(block);
    let before = -1;
    while (before !== viewer.bufferedAmount) {
      before = viewer.bufferedAmount;
      await sleep(100);
    }
    expect(before).toBeGreaterThan(32 << 20);
    viewer.terminate();
  });

  test('a message without an end is refused', async () => {
    const vnc = await vncStandIn(() => undefined);
    server.show(vnc.socket);
    const viewer = view();
    const closed = ended(viewer);
    await opened(viewer);
    viewer.send(Buffer.alloc((1 << 20) + 1));
    expect(await closed).toBe(1009);
  });
});

test('a port that is taken', async () => {
  await expect(serveScreen({ port: server.port })).rejects.toMatchObject({
    exitCode: 4,
    message: `Port ${server.port} of 127.0.0.1 is in use.`,
    hint: 'Give another one, or --web without a number: any free one.',
  });
});
