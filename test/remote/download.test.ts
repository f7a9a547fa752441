import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type DownloadOptions, download } from '../../src/download/index.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { chunkUp, parseChunklist, writeChunklist } from '../../src/formats/chunklist.js';
import { downloadFile } from '../../src/remote/download.js';
import { RangeSet } from '../../src/remote/range-set.js';
import type { Wanted } from '../../src/remote/wanted.js';
import { type Fault, type ServerOptions, startServer, type TestServer } from '../helpers/http-server.js';
import { top } from '../helpers/imports.js';
import { LONG } from '../helpers/long.js';
import { offerCatalogue, writeOffers } from '../helpers/offers.js';
import { campaignSeed, Random } from '../helpers/random.js';

const folder = mkdtempSync(join(tmpdir(), 'osx-iso-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const toClose: TestServer[] = [];
afterEach(async () => {
  delete process.env.OSX_ISO_OFFERS;
  for (const server of toClose.splice(0)) await server.close();
});

function noise(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

const content = noise(5_000_000);
const file = fromBytes(content, 'x.bin');
const CHUNK = 512 << 10;
const chunklist = async () => parseChunklist(writeChunklist(await chunkUp(file, CHUNK)), 'x.integrityDataV1');

let folders = 0;
function empty(): string {
  const path = join(folder, String(folders++));
  mkdirSync(path);
  return path;
}

async function serve(options: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer([['/x.bin', file]], options);
  toClose.push(server);
  return server;
}

interface State {
  done: [number, number][];
}

interface Told {
  notes: string[];
}

async function get(server: TestServer, where: string, more: Partial<Wanted> = {}, signal?: AbortSignal, told?: Told) {
  const wanted = { path: join(where, 'x.bin'), urls: [new URL(server.url('/x.bin'))], ...more };
  return downloadFile(wanted, {
    signal: signal ?? new AbortController().signal,
    stall: 300,
    wait: async () => {},
    report: () => {},
    note: (text) => void told?.notes.push(text),
  });
}

const isRight = (where: string) => Buffer.compare(readFileSync(join(where, 'x.bin')), content) === 0;

describe('a set of ranges', () => {
  it('says what a list of all bytes would say', () => {
    const change = fc.tuple(fc.boolean(), fc.nat(60), fc.nat(20));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.nat(60), fc.nat(30), (changes, from, length) => {
        const set = new RangeSet();
        const bytes = new Array<boolean>(100).fill(false);
        for (const [add, at, size] of changes) {
          if (add) set.add(at, at + size);
          else set.remove(at, at + size);
          bytes.fill(add, at, at + size);
        }
        const inside = bytes.slice(from, from + length);
        expect(set.total).toBe(bytes.filter(Boolean).length);
        expect(set.has(from, from + length)).toBe(inside.every(Boolean));
        const missing = new Set<number>();
        for (const [a, b] of set.missing(from, from + length)) for (let i = a; i < b; i++) missing.add(i);
        expect([...missing]).toEqual(inside.flatMap((there, i) => (there ? [] : [from + i])));
        for (const [i, [, end]] of set.ranges.entries()) expect(set.ranges[i + 1]?.[0] ?? 1000).toBeGreaterThan(end);
      }),
    );
  });
});

describe('a download', () => {
  it('is whole, has its name last, and leaves nothing beside it', async () => {
    const [server, where] = [await serve(), empty()];
    const done = await get(server, where, { chunklist: await chunklist() });
    expect(done).toMatchObject({ had: 0, fetched: content.length, chunks: 10 });
    expect(isRight(where)).toBe(true);
    expect(readdirSync(where)).toEqual(['x.bin']);
  });

  it('interrupted at any byte, any number of times, it goes on where it was', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 100, max: content.length }), { minLength: 1, maxLength: 6 }),
        async (stops) => {
          const [server, where] = [await serve(), empty()];
          for (const limit of stops) {
            const stop = new AbortController();
            const before = server.sent();
            const timer = setInterval(() => server.sent() - before >= limit && stop.abort(), 1);
            await get(server, where, {}, stop.signal).catch(() => {});
            clearInterval(timer);
            if (existsSync(join(where, 'x.bin'))) break;
            expect(['', 'x.bin.part,x.bin.part.json']).toContain(readdirSync(where).sort().join());
          }
          if (!existsSync(join(where, 'x.bin'))) {
            const state = JSON.parse(readFileSync(join(where, 'x.bin.part.json'), 'utf8')) as State;
            const kept = state.done.reduce((sum, [from, to]) => sum + to - from, 0);
            const { had, fetched } = await get(server, where);
            expect({ had, fetched }).toEqual({ had: kept, fetched: content.length - kept });
          }
          expect(isRight(where)).toBe(true);
        },
      ),
      { numRuns: LONG ? 8 : 3 },
    );
  });

  it('a chunk that comes damaged is fetched again, and named', async () => {
    const [server, where, told] = [await serve(), empty(), { notes: [] as string[] }];
    let damaged = 0;
    server.files.set('/x.bin', {
      ...file,
      async read(offset, length) {
        const bytes = (await file.read(offset, length)).slice();
        const at = 1_200_000 - offset;
        if (at >= 0 && at < length && damaged++ === 0) bytes[at]! ^= 1;
        return bytes;
      },
    });
    await get(server, where, { chunklist: await chunklist() }, undefined, told);
    expect(isRight(where)).toBe(true);
    expect(told.notes).toEqual(['chunk 2 (bytes 1048576 to 1572863) came damaged: fetched again']);
    expect(server.sent()).toBe(content.length + CHUNK + 1);
  });

  it('a chunk that is always damaged: exit code 3, its number, and no file', async () => {
    const bad = content.slice();
    bad[4_999_999]! ^= 1;
    const [server, where] = [await serve(), empty()];
    server.files.set('/x.bin', fromBytes(bad, 'bad'));
    await expect(get(server, where, { chunklist: await chunklist() })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/x\.bin: chunk 9 \(bytes 4718592 to 4999999\): expected SHA-256/),
    });
    expect(existsSync(join(where, 'x.bin'))).toBe(false);
  });

  it('bytes of an earlier run that have changed since are noticed, and fetched again', async () => {
    const [server, where, told] = [await serve({}), empty(), { notes: [] as string[] }];
    const stop = new AbortController();
    const timer = setInterval(() => server.sent() > 3_000_000 && stop.abort(), 1);
    await get(server, where, { chunklist: await chunklist() }, stop.signal).catch(() => {});
    clearInterval(timer);
    const part = join(where, 'x.bin.part');
    const state = JSON.parse(readFileSync(`${part}.json`, 'utf8')) as State;
    const bytes = readFileSync(part);
    bytes[state.done[0]![0]]! ^= 1;
    writeFileSync(part, bytes);
    await get(server, where, { chunklist: await chunklist() }, undefined, told);
    expect(isRight(where)).toBe(true);
    expect(told.notes.join()).toMatch(/damaged: fetched again/);
  });

  it('of a file that has changed on the server begins anew, and says so', async () => {
    const where = empty();
    const first = await serve({ validators: { etag: '"1"' } });
    const stop = new AbortController();
    const timer = setInterval(() => first.sent() > 2_000_000 && stop.abort(), 1);
    await get(first, where, {}, stop.signal).catch(() => {});
    clearInterval(timer);
    const state = join(where, 'x.bin.part.json');
    const text = readFileSync(state, 'utf8');
    const second = await serve({ validators: { etag: '"2"' } });
    writeFileSync(state, text.replaceAll(first.origin, second.origin));
    const told = { notes: [] as string[] };
    const done = await get(second, where, {}, undefined, told);
    expect(done.fetched).toBe(content.length);
    expect(told.notes.join()).toMatch(
      /begun anew: the file on the server is another one now \(ETag "1" before, "2" now\)/,
    );
  });

  it.each([
    ['the same strong ETag', '"1"', '"1"', true],
    ['a weak one', 'W/"1"', 'W/"1"', false],
    ['another one', '"1"', '"2"', false],
    ['none', undefined, undefined, false],
  ])('the second place goes on where the first failed only with one strong ETag: %s', async (_, one, two, goesOn) => {
    const where = empty();
    const validators = (etag: string | undefined) => ({ validators: etag === undefined ? {} : { etag } });
    // Asked for the size, then for all of it, then for the rest.
    const faults: Fault[] = [
      { kind: 'cut', after: 2_000_000 },
      { kind: 'status', status: 404 },
    ];
    const first = await serve({ ...validators(one), fault: (i) => faults[i - 1] });
    const second = await serve(validators(two));
    const urls = [first, second].map((server) => new URL(server.url('/x.bin')));
    const told = { notes: [] as string[] };
    await get(first, where, { urls }, undefined, told);
    expect(isRight(where)).toBe(true);
    expect(/begun anew: /.test(told.notes.join())).toBe(!goesOn);
    expect(second.sent() < content.length).toBe(goesOn);
  });

  it.each<[string, string | undefined]>([
    ['nonsense', '{]'],
    ['null', 'null'],
    [
      'ranges outside the file',
      '{"tool":"osx-iso","schema":1,"url":"U","validators":{"size":5000000},"done":[[0,9e9]]}',
    ],
    ['no state', undefined],
  ])("a part file that is nobody's (%s) is left alone", async (_, state) => {
    const [server, where] = [await serve(), empty()];
    writeFileSync(join(where, 'x.bin.part'), 'somebody else');
    if (state !== undefined) writeFileSync(join(where, 'x.bin.part.json'), state);
    await expect(get(server, where)).rejects.toThrow(
      /x\.bin\.part exists already, and nothing beside it says what it is/,
    );
    expect(readFileSync(join(where, 'x.bin.part'), 'utf8')).toBe('somebody else');
  });

  it("a state that is nobody's, with no part file beside it, is left alone", async () => {
    const [server, where] = [await serve(), empty()];
    const state = join(where, 'x.bin.part.json');
    writeFileSync(state, '{"mine":"of another tool"}');
    await expect(get(server, where)).rejects.toMatchObject({
      exitCode: 2,
      message: `${state} exists already, and is not of osx-iso.`,
    });
    expect(readFileSync(state, 'utf8')).toBe('{"mine":"of another tool"}');
    expect(readdirSync(where)).toEqual(['x.bin.part.json']);
  });

  it('a link in the place of the state on its way is not followed', async () => {
    const [server, where] = [await serve(), empty()];
    const victim = join(where, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(where, 'x.bin.part.json.new'));
    await get(server, where);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(isRight(where)).toBe(true);
  });

  it('a link in the place of the part file is not followed', async () => {
    const [server, where] = [await serve(), empty()];
    const victim = join(where, 'victim');
    writeFileSync(victim, noise(5_000_000));
    symlinkSync(victim, join(where, 'x.bin.part'));
    const done = {
      tool: 'osx-iso',
      schema: 1,
      url: server.url('/x.bin'),
      validators: { size: content.length },
      done: [],
    };
    writeFileSync(join(where, 'x.bin.part.json'), JSON.stringify(done));
    const before = readFileSync(victim);
    await expect(get(server, where)).rejects.toThrow();
    expect(Buffer.compare(readFileSync(victim), before)).toBe(0);
  });

  it('a server that sends whole files only is taken from the start', async () => {
    const [where, told] = [empty(), { notes: [] as string[] }];
    const server = await serve({ fault: () => ({ kind: 'whole' }) });
    await get(server, where, { chunklist: await chunklist() }, undefined, told);
    expect(isRight(where)).toBe(true);
    expect(told.notes.join()).toMatch(/whole files only/);
  });

  it.each([true, false])(
    'no place for the state here (parts from the server: %s) is not the network: asked once',
    async (ranges) => {
      const [server, where] = [await serve({ ranges }), empty()];
      mkdirSync(join(where, 'x.bin.part.json.new'));
      let waits = 0;
      const wanted = { path: join(where, 'x.bin'), urls: [new URL(server.url('/x.bin'))] };
      const wait = async () => void waits++;
      const options = { signal: new AbortController().signal, wait, report: () => {}, note: () => {} };
      await expect(downloadFile(wanted, options)).rejects.not.toThrow(/127\.0\.0\.1/);
      expect(waits).toBe(0);
    },
  );

  it('a server that sends whole files only, and no end of one: what was promised, and no byte more', async () => {
    const where = empty();
    const server = await serve({ fault: (i) => ({ kind: i ? 'endless' : 'whole' }), ranges: false });
    // It does not say how large the file is; the list does.
    await expect(get(server, where, { chunklist: await chunklist() })).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/expected at most 5000000 bytes, found more/),
    });
    await expect(get(server, where)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/neither how large the file is nor sends parts/),
    });
    expect(readdirSync(where)).not.toContain('x.bin');
  });

  it('no room on the disk: said before anything is fetched, and nothing is begun', async () => {
    const [server, where] = [await serve(), empty()];
    // More than the disks of today, less than their file systems can hold.
    server.files.set('/x.bin', { name: 'x.bin', size: 15e12, read: (at, length) => file.read(at, length) });
    await expect(get(server, where)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/x\.bin needs 15,000,000,000,000 bytes more, [\d,]+ are free\.$/),
      hint: 'Make room and type the same again, or give another folder with -o DIR.',
    });
    expect(readdirSync(where)).toEqual([]);
    // To be told its size.
    expect(server.sent()).toBe(1);
  });

  const small = content.subarray(0, 50_000);
  const getSmall = async (fault: (i: number) => Fault | undefined, where: string, kept = small) => {
    const server = await startServer([['/x.bin', fromBytes(kept, 'x.bin')]], { fault });
    toClose.push(server);
    return get(server, where);
  };

  it.each<[string, (i: number) => Fault | undefined, number?]>([
    ['every connection is cut after 7,000 bytes', () => ({ kind: 'cut', after: 7000 })],
    ['every other answer stalls', (i) => (i % 2 ? { kind: 'stall', after: 5000 } : undefined)],
    ['every other answer is short', (i) => (i % 2 ? { kind: 'short', by: 10 } : undefined)],
    ['no answer ends', () => ({ kind: 'endless' })],
    ['every other answer is another range', (i) => (i % 2 ? { kind: 'shifted', by: 512 } : undefined)],
    ['every other answer is the whole file', (i) => (i % 2 ? { kind: 'whole' } : undefined)],
    ['every other answer is coded', (i) => (i % 2 ? { kind: 'gzip' } : undefined)],
    ['503 five times, then fine', (i) => (i < 5 ? { kind: 'status', status: 503 } : undefined)],
    ['429 with Retry-After', (i) => (i ? undefined : { kind: 'status', status: 429, headers: { 'retry-after': '1' } })],
    ['20 KB/s', (i) => (i ? { kind: 'slow', rate: 20_000 } : undefined), 12_000],
  ])('%s: the right bytes', async (_, fault, size = small.length) => {
    const where = empty();
    await getSmall(fault, where, small.subarray(0, size));
    expect(readdirSync(where)).toEqual(['x.bin']);
    expect(Buffer.compare(readFileSync(join(where, 'x.bin')), small.subarray(0, size))).toBe(0);
  });

  const later = (fault: Fault) => (i: number) => (i > 0 ? fault : undefined);
  it.each<[string, (i: number) => Fault | undefined, RegExp]>([
    ['403', later({ kind: 'status', status: 403 }), /403: it refuses/],
    ['404', () => ({ kind: 'status', status: 404 }), /404/],
    ['416', later({ kind: 'status', status: 416, headers: { 'content-range': 'bytes */7' } }), /has 7 \(416\)/],
    ['cut off for ever', later({ kind: 'cut', after: 100 }), /6 times in a row/],
    ['stalls for ever', later({ kind: 'stall', after: 100 }), /stalled/],
    ['always short', later({ kind: 'short', by: 49_999 }), /6 times in a row/],
    ['always another range', later({ kind: 'shifted', by: 512 }), /does not say which \(bytes 512-/],
    ['always coded', later({ kind: 'gzip' }), /found it coded/],
    ['another file in the middle', later({ kind: 'etag', etag: '"2"' }), /changed while it was read/],
    ['another size in the middle', later({ kind: 'size', size: 60_000 }), /changed while it was read/],
    ['a lie about the size', (i) => (i ? undefined : { kind: 'size', size: 9e6 }), /changed while it was read/],
    ['a circle', () => ({ kind: 'redirect', to: '/x.bin' }), /more than 5 redirects/],
    ['an endless head', () => ({ kind: 'endless-head' }), /does not end/],
  ])('%s: exit code 4, and no file of that name', async (_, fault, words) => {
    const where = empty();
    const failed = getSmall(fault, where);
    await expect(failed).rejects.toMatchObject({ exitCode: 4, message: expect.stringMatching(words) });
    expect(readdirSync(where)).not.toContain('x.bin');
  });

  it('of another size than it must have: exit code 4', async () => {
    const [server, where] = [await serve(), empty()];
    await expect(get(server, where, { size: 7 })).rejects.toThrow('expected 7 bytes, the server has 5000000');
  });
});

const context = () => ({ signal: new AbortController().signal, emit: () => {} });
const run = (options: DownloadOptions) => download(options, context());

describe('osx-iso download', () => {
  const parts = async () => {
    const image = fromBytes(readFileSync(join(top, 'test/fixtures/udif/udif-zlib.dmg')), 'image');
    const list = writeChunklist(await chunkUp(image));
    return new Map([
      ['InstallESDDmg.pkg', file],
      ['BaseSystem.dmg', image],
      ['BaseSystem.chunklist', fromBytes(list, 'list')],
    ]);
  };

  it('by name: all parts, each proved as it can be; the second time nothing is fetched', async () => {
    const [server, where] = [await serve(), empty()];
    await offerCatalogue(server, [{ id: '1-2', version: '10.13.6', build: '17G66', parts: await parts() }]);
    process.env.OSX_ISO_OFFERS = writeOffers(where, server);
    const output = join(where, 'high sierra');
    const done = await run({ what: 'high sierra', output });
    expect(done.path).toBe(output);
    expect(readdirSync(output).sort()).toEqual(['BaseSystem.chunklist', 'BaseSystem.dmg', 'InstallESDDmg.pkg']);
    const proof = Object.fromEntries(done.files.map((one) => [one.path.split('/').at(-1), one.proof.join(' ')]));
    expect(proof['BaseSystem.dmg']).toMatch(/All 1 chunks are as in BaseSystem\.chunklist, which nobody signed/);
    expect(proof['InstallESDDmg.pkg']).toMatch(/InstallESDDmg\.pkg\.integrityDataV1, which nobody signed.*plain http/);
    const again = await run({ what: 'high sierra', output });
    expect(again.files.map(({ fetched }) => fetched)).toEqual([0, 0, 0]);
  });

  it('an image whose own checksums are wrong: exit code 3, and it is removed', async () => {
    const [server, where] = [await serve(), empty()];
    const image = readFileSync(join(top, 'test/fixtures/udif/udif-raw-in-udif.dmg'));
    image[image.length >> 3]! ^= 1;
    server.files.set('/i.dmg', fromBytes(image, 'i'));
    await expect(run({ what: server.url('/i.dmg'), output: where })).rejects.toMatchObject({ exitCode: 3 });
    expect(readdirSync(where)).toEqual([]);
  });

  it('names that no file could have become harmless ones', async () => {
    const [server, where] = [await serve(), empty()];
    server.files.set('/a/..%2F..%2Fevil', file);
    const done = await run({ what: server.url('/a/..%2F..%2Fevil'), output: where });
    expect(readdirSync(where)).toEqual(['_.._evil']);
    expect(done.files[0]!.size).toBe(content.length);
  });

  it('one writer at a time', async () => {
    const [where, server] = [empty(), await serve({ fault: (i) => (i > 0 ? { kind: 'slow', rate: 1e6 } : undefined) })];
    const stop = new AbortController();
    const first = download({ what: server.url('/x.bin'), output: where }, { signal: stop.signal, emit: () => {} });
    first.catch(() => {});
    while (server.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(run({ what: server.url('/x.bin'), output: where })).rejects.toThrow(
      /another download of it is running/,
    );
    stop.abort();
    await expect(first).rejects.toMatchObject({ exitCode: 130 });
  });

  it('a whole file that is there is proved, not fetched again; a damaged one is exit code 3, and stays', async () => {
    const [server, where] = [await serve(), empty()];
    const image = readFileSync(join(top, 'test/fixtures/udif/udif-raw-in-udif.dmg'));
    server.files.set('/i.dmg', fromBytes(image, 'i'));
    writeFileSync(join(where, 'i.dmg'), image);
    const [again] = (await run({ what: server.url('/i.dmg'), output: where })).files;
    expect(again).toMatchObject({ fetched: 0, proof: expect.arrayContaining([expect.stringMatching(/checksums/)]) });
    // To be told its size.
    expect(server.sent()).toBe(1);
    const damaged = Buffer.from(image);
    damaged[image.length >> 3]! ^= 1;
    writeFileSync(join(where, 'i.dmg'), damaged);
    await expect(run({ what: server.url('/i.dmg'), output: where })).rejects.toMatchObject({ exitCode: 3 });
    expect(readFileSync(join(where, 'i.dmg')).equals(damaged)).toBe(true);
    expect(readdirSync(where)).toEqual(['i.dmg']);
  });

  it.each([1, 3])('%d parts at once, as told', async (connections) => {
    const [server, where] = [await serve({ link: { latency: 10, bitsPerSecond: 2e9 } }), empty()];
    // Of four parts.
    const large = Buffer.alloc(32 << 20, 'what it is');
    server.files.set('/large', fromBytes(large, 'large'));
    await run({ what: server.url('/large'), output: where, connections });
    expect(server.most()).toBe(connections);
    expect(readFileSync(join(where, 'large')).equals(large)).toBe(true);
  });

  it('something else of that name is not overwritten', async () => {
    const [server, where] = [await serve(), empty()];
    writeFileSync(join(where, 'x.bin'), 'mine');
    await expect(run({ what: server.url('/x.bin'), output: where })).rejects.toThrow(/exists already/);
    expect(readFileSync(join(where, 'x.bin'), 'utf8')).toBe('mine');
    // Before anything of it is fetched.
    expect(server.sent()).toBe(1);
  });

  it('a name that is none: what there is', async () => {
    await expect(run({ what: 'windows' })).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringMatching(/osx-iso list/),
    });
  });
});

/** How often, each at another place, drawn from the seed. */
const KILLS = LONG ? 20 : 1;

describe('kill -9', () => {
  it('at random places: the same command goes on, and the file is right', async () => {
    const large = noise(LONG ? 80_000_000 : 24_000_000, 7);
    const server = await startServer([['/big.pkg', fromBytes(large, 'big')]]);
    toClose.push(server);
    const where = empty();
    const argv = [join(top, 'bin/osx-iso.js'), 'download', server.url('/big.pkg'), '-o', where];
    const start = () => {
      const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
      let text = '';
      child.stderr.on('data', (bytes: Buffer) => {
        text += bytes.toString();
      });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      return { child, ended, text: () => text };
    };
    const path = join(where, 'big.pkg');
    const seed = campaignSeed();
    console.log(`OSX_ISO_SEED=${seed}`);
    const random = new Random(seed);
    for (let i = 0; i < KILLS; i++) {
      // One that had come to its end is begun anew.
      rmSync(path, { force: true });
      const { child, ended } = start();
      const limit = server.sent() + random.below(9_000_000);
      let over = false;
      void ended.then(() => {
        over = true;
      });
      while (!over && server.sent() <= limit) await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill('SIGKILL');
      await ended;
      expect(existsSync(path) && statSync(path).size !== large.length, `OSX_ISO_SEED=${seed}`).toBe(false);
    }
    // As one leaves it that is killed while it notes what is there.
    writeFileSync(`${path}.part.json.new`, '{"tool":');
    const { ended, text } = start();
    expect({ code: await ended, text: text() }).toMatchObject({ code: 0 });
    const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(sum(readFileSync(path))).toBe(sum(large));
    expect(readdirSync(where)).toEqual(['big.pkg']);
  });
});
