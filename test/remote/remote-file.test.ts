import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { brought, type Piece } from '../../src/formats/pieces.js';
import { HttpClient } from '../../src/remote/client.js';
import { Exchange } from '../../src/remote/exchange.js';
import { TRIES } from '../../src/remote/fetch-range.js';
import { openRemote, type RemoteFile, type RemoteOptions } from '../../src/remote/remote-file.js';
import { BLOCK } from '../../src/remote/spans.js';
import { type Fault, type ServerOptions, startServer, type TestServer } from '../helpers/http-server.js';

const SIZE = 3_000_001;
/** Bytes that say where they are from. */
const content = new Uint8Array(SIZE).map((_, i) => (i * 2654435761) >>> 24);
const file = fromBytes(content, 'test.bin');

type Bytes = Extract<Piece, { kind: 'bytes' }>;

const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of toClose.splice(0).reverse()) await thing.close();
});

async function serve(options: ServerOptions = {}, served = file): Promise<TestServer> {
  const server = await startServer([['/test.bin', served]], options);
  toClose.push(server);
  return server;
}

async function openFrom(server: TestServer, options: Partial<RemoteOptions> = {}): Promise<RemoteFile> {
  const remote = await openRemote(new URL(server.url('/test.bin')), {
    signal: new AbortController().signal,
    stall: 300,
    wait: async () => {},
    ...options,
  });
  toClose.push(remote);
  return remote;
}

/** What reading everything comes to: the right bytes, or what the user is told. */
async function outcome(faults: (index: number) => Fault | undefined, options: Partial<RemoteOptions> = {}) {
  const server = await serve({ fault: (index) => faults(index) });
  try {
    const remote = await openFrom(server, options);
    for (let at = 0; at < SIZE; at += 700_000) {
      const bytes = await remote.read(at, Math.min(700_000, SIZE - at));
      expect(Buffer.compare(bytes, content.subarray(at, at + bytes.length))).toBe(0);
    }
    return { server, remote, error: undefined };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { server, remote: undefined, error };
  }
}

describe('a file on a server', () => {
  it('is read like a file of the host, at any places in any order, also many at once', async () => {
    const server = await serve();
    const remote = await openFrom(server);
    expect(remote.size).toBe(SIZE);
    const reads = fc.array(fc.tuple(fc.nat(SIZE - 1), fc.oneof(fc.nat(5000), fc.nat(900_000))), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(reads, async (list) => {
        await Promise.all(
          list.map(async ([offset, wanted]) => {
            const length = Math.min(wanted, SIZE - offset);
            const bytes = await remote.read(offset, length);
            expect(Buffer.compare(bytes, content.subarray(offset, offset + length))).toBe(0);
          }),
        );
      }),
      { numRuns: 30 },
    );
    await expect(remote.read(SIZE - 1, 2)).rejects.toThrow(/inside the 3000001 bytes/);
  });

  it('gives the right bytes or an error of exit code 4, whatever the server does', async () => {
    const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
      fc.constant(undefined),
      fc.record({ kind: fc.constant('cut' as const), after: fc.nat(200_000) }),
      fc.record({ kind: fc.constant('short' as const), by: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ kind: fc.constant('shifted' as const), by: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ kind: fc.constant('status' as const), status: fc.constantFrom(403, 404, 416, 429, 500, 503) }),
      fc.constantFrom<Fault>({ kind: 'whole' }, { kind: 'gzip' }, { kind: 'garbage' }, { kind: 'unsaid' }),
      fc.record({ kind: fc.constant('etag' as const), etag: fc.constantFrom('"1-of-the-tests"', '"another"') }),
      fc.record({ kind: fc.constant('size' as const), size: fc.constantFrom(SIZE, SIZE + 1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 8 }), async (faults) => {
        const { error } = await outcome((index) => faults[index]);
        if (error) expect(error.exitCode).toBe(4);
      }),
      { numRuns: 25 },
    );
  });

  it('small reads that lie together cost one round trip, and reading on costs few', async () => {
    const server = await serve();
    const remote = await openFrom(server);
    for (let at = 0; at < 3000; at += 16) await remote.read(at, 16);
    expect(server.asked.length).toBe(1);
    for (let at = 0; at < SIZE; at += 10_000) await remote.read(at, Math.min(10_000, SIZE - at));
    expect(remote.traffic().requests).toBeLessThan(30);
    expect(remote.traffic().bytes).toBe(SIZE);
    expect(server.sent()).toBe(SIZE);
  });

  it('a reader that jumps about fetches blocks, not more', async () => {
    const server = await serve();
    const remote = await openFrom(server);
    for (let i = 0; i < 10; i++) await remote.read(((i * 7) % 10) * 290_000 + 70_000, 100);
    expect(remote.traffic().bytes).toBeLessThanOrEqual(11 * BLOCK);
  });

  it('is fetched on several connections at once where it is read in order', async () => {
    const server = await serve({ link: { latency: 20, bitsPerSecond: 1e9 } });
    const remote = await openFrom(server, { stall: 5000 });
    for (let at = 0; at < SIZE; at += 50_000) await remote.read(at, Math.min(50_000, SIZE - at));
    // How many depends on who is faster; one alone would be a round trip after the other.
    expect(server.most()).toBeGreaterThan(1);
    expect(server.most()).toBeLessThanOrEqual(4);
    expect(server.sent()).toBe(SIZE);
  });
});

describe('a bad network', () => {
  it.each<[string, (index: number) => Fault | undefined]>([
    ['every connection is cut after 300,000 bytes', () => ({ kind: 'cut', after: 300_000 })],
    ['every connection is cut after 30,000 bytes', () => ({ kind: 'cut', after: 30_000 })],
    ['503 five times, then fine', (i) => (i < 5 ? { kind: 'status', status: 503 } : undefined)],
    [
      '429 with Retry-After',
      (i) => (i === 1 ? { kind: 'status', status: 429, headers: { 'retry-after': '1' } } : undefined),
    ],
    ['every third answer stalls', (i) => (i % 3 === 2 ? { kind: 'stall', after: 5000 } : undefined)],
    ['every third request gets no answer', (i) => (i % 3 === 2 ? { kind: 'silent' } : undefined)],
    ['every second answer is short', (i) => (i % 2 ? { kind: 'short', by: 10 } : undefined)],
    ['no answer ends', () => ({ kind: 'endless' })],
    ['every second answer is another range', (i) => (i % 2 ? { kind: 'shifted', by: 512 } : undefined)],
    ['every second answer is coded', (i) => (i % 2 ? { kind: 'gzip' } : undefined)],
    ['every second answer is the whole file', (i) => (i % 2 ? { kind: 'whole' } : undefined)],
    ['every second answer is no HTTP', (i) => (i % 2 ? { kind: 'garbage' } : undefined)],
    ['it is slow', (i) => (i === 0 ? undefined : { kind: 'slow', rate: 3_000_000 })],
  ])('is put up with: %s', async (_, faults) => {
    const { error, remote } = await outcome(faults);
    expect(error?.message).toBeUndefined();
    expect(remote?.size).toBe(SIZE);
  });

  it.each<[string, (index: number) => Fault | undefined, RegExp]>([
    ['403', () => ({ kind: 'status', status: 403 }), /the server says 403: it refuses/],
    ['404', () => ({ kind: 'status', status: 404 }), /404: it does not have the file/],
    ['503 for ever', () => ({ kind: 'status', status: 503 }), /503: it is in trouble, 6 times in a row/],
    [
      '429 for an hour',
      () => ({ kind: 'status', status: 429, headers: { 'retry-after': '3600' } }),
      /429: it asks for patience \(for 3600 seconds\)/,
    ],
    ['nothing comes', () => ({ kind: 'silent' }), /no answer in time, 6 times in a row/],
    ['it stalls for ever', () => ({ kind: 'stall', after: 10 }), /stalled: no byte came any more/],
    ['no ranges', () => ({ kind: 'whole' }), /the server sends whole files only/],
    ['always coded', () => ({ kind: 'gzip' }), /found it coded \(gzip\)/],
    [
      'always shifted',
      () => ({ kind: 'shifted', by: 7 }),
      /expected bytes 0 to 65535 of 3000001, found bytes 7 to 65542/,
    ],
    ['no Content-Range', () => ({ kind: 'unsaid' }), /does not say which \(no Content-Range\)/],
    ['another ETag', (i) => (i > 1 ? { kind: 'etag', etag: '"2"' } : undefined), /changed while it was read \(ETag/],
    [
      'another size',
      (i) => (i > 1 ? { kind: 'size', size: 5e6 } : undefined),
      /changed .*3000001 bytes before, 5000000 now/,
    ],
    ['it lies about the size', (i) => (i === 0 ? { kind: 'size', size: 9e6 } : undefined), /changed while it was read/],
    [
      '416',
      (i) => (i > 0 ? { kind: 'status', status: 416, headers: { 'content-range': 'bytes */7' } } : undefined),
      /has 7 \(416\)/,
    ],
    ['a circle', () => ({ kind: 'redirect', to: '/test.bin' }), /more than 5 redirects/],
    ['redirected to nowhere', () => ({ kind: 'redirect', to: 'http://[' }), /a redirect to nowhere/],
    ['redirected to a file', () => ({ kind: 'redirect', to: 'file:///etc/passwd' }), /found a redirect to file:/],
    ['an endless head', () => ({ kind: 'endless-head' }), /the head of the answer does not end/],
    ['no HTTP', () => ({ kind: 'garbage' }), /expected an answer in HTTP/],
  ])('ends with a sentence: %s', async (_, faults, words) => {
    const { error } = await outcome(faults);
    expect(error?.message).toMatch(words);
    expect(error?.exitCode).toBe(4);
  });

  it('a name nobody has, a port nobody listens on', async () => {
    const options = { signal: new AbortController().signal, wait: async () => {} };
    await expect(openRemote(new URL('http://127.0.0.1:1/x'), options)).rejects.toThrow(/connection refused\), 6 times/);
  });

  it('waits longer from try to try, as long as it is asked to', async () => {
    const waits: number[] = [];
    const wait = async (milliseconds: number) => void waits.push(milliseconds);
    await outcome((i) => ({ kind: 'status', status: 503, ...(i === 1 && { headers: { 'retry-after': '7' } }) }), {
      wait,
    });
    expect(waits.length).toBe(TRIES - 1);
    const bounds = [500, 1000, 2000, 4000, 8000];
    for (const [i, most] of bounds.entries()) {
      const asked = i === 1 ? 7000 : 0;
      expect(waits[i]).toBeGreaterThanOrEqual(asked + most / 2);
      expect(waits[i]).toBeLessThanOrEqual(asked + most);
    }
  });

  it('a read that failed can be tried again', async () => {
    let broken = false;
    const server = await serve({ fault: () => (broken ? { kind: 'status', status: 403 } : undefined) });
    const remote = await openFrom(server);
    broken = true;
    await expect(remote.read(500_000, 10)).rejects.toThrow(/403/);
    broken = false;
    expect(await remote.read(500_000, 10)).toEqual(content.subarray(500_000, 500_010));
  });

  it('stops at once when it is cancelled, while it waits and while it reads', async () => {
    const server = await serve({ fault: (i) => (i > 0 ? { kind: 'stall', after: 1000 } : undefined) });
    const stop = new AbortController();
    const remote = await openFrom(server, { signal: stop.signal, stall: 60_000 });
    const read = remote.read(1_000_000, 500_000);
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(read).rejects.toThrow('enough');
  });

  it('the other place is asked where the first does not answer', async () => {
    const server = await serve();
    const remote = await openRemote(new URL('http://127.0.0.1:1/x'), {
      signal: new AbortController().signal,
      alternatives: [new URL(server.url('/test.bin'))],
      wait: async () => {},
    });
    toClose.push(remote);
    expect(remote.url).toBe(server.url('/test.bin'));
  });

  it('the size is compared with the one it must have', async () => {
    const server = await serve();
    await expect(openFrom(server, { size: 5 })).rejects.toThrow('expected 5 bytes, the server has 3000001');
  });
});

describe('redirects', () => {
  it('are followed, also to another host', async () => {
    const server = await serve();
    const first = await serve({ fault: () => ({ kind: 'redirect', to: server.url('/test.bin') }) });
    const remote = await openFrom(first);
    expect(await remote.read(SIZE - 5, 5)).toEqual(content.subarray(SIZE - 5));
  });
});

describe('the first request', () => {
  it('cancelled while its library is being loaded, its reason waits for who will ask', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const stop = new AbortController();
      const exchange = new Exchange(stop.signal);
      stop.abort(new Error('stopped'));
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
      await expect(exchange.head).rejects.toThrow('stopped');
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('proxies', () => {
  it.each([
    ['HTTP_PROXY', 'proxy.corp:3128'],
    ['http_proxy', 'http://'],
    ['HTTPS_PROXY', '10.0.0.1:3128'],
    ['https_proxy', 'http://me:se%cret@127.0.0.1:3128'],
  ])('%s=%s is refused, without its password', async (name, value) => {
    const before = { ...process.env };
    for (const one of ['http_proxy', 'https_proxy']) {
      delete process.env[one];
      delete process.env[one.toUpperCase()];
    }
    process.env[name] = value;
    try {
      const client = new HttpClient();
      await expect(client.get(new URL('http://127.0.0.1:9/x'))).rejects.toMatchObject({
        exitCode: 2,
        message: `${name}: expected the URL of a proxy, found something else.`,
        hint: expect.stringContaining('http://HOST:PORT'),
      });
      await client.close();
    } finally {
      process.env = before;
    }
  });

  it('of HTTP_PROXY are asked, except for hosts in NO_PROXY', async () => {
    const server = await serve();
    const seen: string[] = [];
    const proxy = createServer((request, response) => {
      seen.push(request.url ?? '');
      const body = content.subarray(0, 65_536);
      response.writeHead(206, { 'content-range': `bytes 0-65535/${SIZE}`, 'content-length': body.length }).end(body);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    toClose.push({ close: () => new Promise<void>((resolve) => proxy.close(() => resolve())) });
    const before = { ...process.env };
    process.env.HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
    try {
      process.env.NO_PROXY = '';
      const remote = await openRemote(new URL('http://example.invalid/x.dmg'), {
        signal: new AbortController().signal,
      });
      expect(remote.size).toBe(SIZE);
      await remote.close();
      expect(seen).toEqual(['http://example.invalid/x.dmg']);
      process.env.NO_PROXY = '127.0.0.1';
      await openFrom(server);
      expect(server.asked.length).toBe(1);
      expect(seen.length).toBe(1);
    } finally {
      process.env = before;
    }
  });
});

describe('through the threads that write', () => {
  it('what lies side by side is asked for as one, and nothing behind it', async () => {
    const server = await serve();
    const remote = await openFrom(server);
    const at = 4 * BLOCK;
    const parts = [0, 1, 2, 3].map((i) => [...remote.pieces!(at + i * BLOCK, BLOCK)][0]!);
    const inside: Piece = {
      kind: 'encoded',
      codec: 'zlib',
      input: parts.slice(1, 3),
      plainLength: 1,
      skip: 0,
      length: 1,
      file: '',
      at,
    };
    const { pieces, release } = await brought([parts[0]!, inside, parts[3]!]);
    const [first, { input }, last] = pieces as [Bytes, typeof inside, Bytes];
    const came = [first, ...(input as Bytes[]), last];
    for (const [i, { bytes }] of came.entries()) {
      expect(Buffer.compare(bytes, content.subarray(at + i * BLOCK, at + (i + 1) * BLOCK))).toBe(0);
    }
    release();
    expect(server.asked.slice(1).map(({ range }) => range)).toEqual([`bytes=${at}-${8 * BLOCK - 1}`]);
  });

  it('what is held stays as it is, whatever else is read, and across what was asked for before', async () => {
    const server = await serve();
    const remote = await openFrom(server);
    const piece = (offset: number, length: number) => [...remote.pieces!(offset, length)][0]!;
    const wanted = [
      [1_000_000, 10_000],
      [1_005_000, 20_000],
      [999_000, 30_000],
    ] as const;
    const held = await Promise.all(wanted.map(([offset, length]) => brought([piece(offset, length)])));
    for (let at = 0; at + 100_000 < SIZE; at += 100_000) (await brought([piece(at, 100_000)])).release();
    for (const [i, { pieces, release }] of held.entries()) {
      const [offset, length] = wanted[i]!;
      expect(Buffer.compare((pieces[0] as Bytes).bytes, content.subarray(offset, offset + length))).toBe(0);
      release();
    }
  });

  it('pieces that are far away are brought, with their checksums', async () => {
    const server = await serve();
    const remote = await openFrom(server);
    const { WorkerPool } = await import('../../src/image/writer/pool.js');
    const pool = new WorkerPool(1);
    toClose.push(pool);
    const pieces = [...remote.pieces!(100, 1000)].map((piece) =>
      piece.kind === 'far' ? { ...piece, run: { image: 1, index: 2 } } : piece,
    );
    const slot = new SharedArrayBuffer(1000);
    const sums = await pool.request({ pieces, length: 1000, slot });
    expect(Buffer.compare(new Uint8Array(slot), content.subarray(100, 1100))).toBe(0);
    expect(sums.map(({ run }) => run)).toEqual([{ image: 1, index: 2 }]);
    expect(createHash('sha1').update(new Uint8Array(slot)).digest('hex').length).toBe(40);
  });
});
