import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { xarSource } from '../../scripts/installer/package.js';
import { download } from '../../src/download/index.js';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { inspect } from '../../src/inspect/index.js';
import { build } from '../../src/iso/build-and-keep.js';
import { type BuildOptions, closePlan, planBuild } from '../../src/iso/plan.js';
import { realHost } from '../../src/preflight/host-facts.js';
import { installerTitle } from '../../src/releases.js';
import { type ServerOptions, startServer, type TestServer } from '../helpers/http-server.js';
import { sharedInstaller } from '../helpers/installers.js';
import { LONG, points } from '../helpers/long.js';
import { offerCatalogue, writeOffers } from '../helpers/offers.js';
import { testFolder } from '../helpers/small-installer.js';

const signal = new AbortController().signal;
const SCALE = 0.0005;

// The ISO's dates are those of its making.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'], now: new Date('2024-05-01T12:00:00Z') }));
afterAll(() => void vi.useRealTimers());

const servers: TestServer[] = [];
afterEach(async () => {
  delete process.env.OSX_ISO_OFFERS;
  for (const server of servers.splice(0)) await server.close();
});

async function serve(files: Iterable<[string, ByteSource]>, options: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer(files, options);
  servers.push(server);
  return server;
}

let counter = 0;
function folder(): string {
  const path = join(testFolder(), `remote-${counter++}`);
  mkdirSync(path);
  return path;
}

async function built(app: string, more: Partial<BuildOptions> = {}) {
  const output = folder();
  const options = { app, output, ...more };
  const plan = await planBuild(options);
  return { output, ...(await build(plan, options, { signal, emit: () => undefined })) };
}

const asSource = (path: string) => fromBytes(readFileSync(path), basename(path));

/** Apple's dmg of a release on a server, and offered there. */
async function offeredImage(release: '10.7' | '10.8' | '10.10' | '10.11' | '10.12', options: ServerOptions = {}) {
  const { app, truth } = await sharedInstaller({ release, form: 'dmg', scale: SCALE });
  const server = await serve([[`/${basename(app)}`, asSource(app)]], options);
  const { size } = server.files.get(`/${basename(app)}`)!;
  const url = server.url(`/${basename(app)}`);
  const where = folder();
  process.env.OSX_ISO_OFFERS = writeOffers(where, server, [
    { version: `${release}.5`, build: '1A1', size, urls: [url] },
  ]);
  return { app, truth, server, url, size, where };
}

describe('build from a server', () => {
  for (const release of points(['10.10', '10.7', '10.8', '10.11', '10.12'] as const, 1)) {
    it(`${release} by name: the ISO is, byte for byte, that of the local file`, async () => {
      const { app, server, url, size } = await offeredImage(release);
      const here = await built(app);
      const there = await built(release);
      expect(there.manifest.iso.sha256).toBe(here.manifest.iso.sha256);
      expect(basename(there.iso)).toBe(`${installerTitle(release)}.iso`);
      expect(basename(here.iso)).toBe(basename(there.iso));
      expect(Buffer.compare(readFileSync(there.iso), readFileSync(here.iso))).toBe(0);
      const [remote] = there.manifest.source.remote ?? [];
      expect(remote).toMatchObject({ name: basename(app), url, size, etag: '"1-of-the-tests"', retries: 0 });
      expect(remote).toMatchObject({ requests: server.asked.length, bytes: server.sent() });
      expect(there.manifest.source.notes.join()).toMatch(/plain http/);
      expect(readdirSync(there.output).sort()).toEqual([basename(there.iso), `${basename(there.iso)}.json`]);
    });
  }

  for (const form of ['esd', 'pkg', 'dmg-app', 'renamed'] as const) {
    it.runIf(LONG)(`a URL of the form ${form}: as its local file`, async () => {
      const { app } = await sharedInstaller({ release: '10.11', form, scale: SCALE });
      // Coded in a URL, as the server has it.
      const path = `/${encodeURIComponent(basename(app))}`;
      const server = await serve([[path, asSource(app)]]);
      const there = await built(server.url(path));
      expect(there.manifest.iso.sha256).toBe((await built(app)).manifest.iso.sha256);
      expect(basename(there.iso)).toBe(`${installerTitle('10.11')}.iso`);
    });
  }

  for (const release of points(['10.13', '10.14', '10.15'] as const, 1)) {
    it(`${release} from the catalogue's three files: as from a folder with them, and as downloaded`, async () => {
      const { app } = await sharedInstaller({ release, scale: SCALE });
      const support = join(app, 'Contents/SharedSupport');
      const pkg = await xarSource('InstallESDDmg.pkg', [
        { name: 'InstallESD.dmg', content: asSource(join(support, 'InstallESD.dmg')) },
      ]);
      const parts = new Map<string, ByteSource>([['InstallESDDmg.pkg', pkg]]);
      for (const name of ['BaseSystem.dmg', 'BaseSystem.chunklist']) parts.set(name, asSource(join(support, name)));
      const server = await serve([]);
      await offerCatalogue(server, [{ id: '0-1', version: `${release}.6`, build: '17G66', parts }]);
      const where = folder();
      process.env.OSX_ISO_OFFERS = writeOffers(where, server);
      const there = await built(release);
      const kept = join(where, 'kept');
      const { files } = await download({ what: release, output: kept }, { signal, emit: () => undefined });
      const sha1 = (name: string) =>
        createHash('sha1')
          .update(readFileSync(join(support, name)))
          .digest('hex');
      const proof = new Map(files.map(({ path, proof }) => [basename(path), proof.join(' ')]));
      expect(proof.get('InstallESDDmg.pkg')).toContain(`SHA-1 of InstallESD.dmg: ${sha1('InstallESD.dmg')}.`);
      expect(proof.get('BaseSystem.dmg')).toContain(`SHA-1 of BaseSystem.dmg: ${sha1('BaseSystem.dmg')}.`);
      const here = await built(kept);
      expect(there.manifest.iso.sha256).toBe(here.manifest.iso.sha256);
      expect(there.manifest.source.remote?.map(({ name }) => name)).toEqual([...parts.keys()]);
      expect(there.manifest.facts).toMatchObject({ chunklist: { signature: 'absent' } });
    });
  }

  it('--save keeps what is read, uses what was kept, and completes it; with --identify nothing comes twice', async () => {
    const { app, server, where, size } = await offeredImage('10.10');
    const save = join(where, 'kept');
    const name = basename(app);
    // As a build that ends before it is complete leaves it.
    await closePlan(await planBuild({ app: 'yosemite', output: folder(), save }));
    expect(readdirSync(save).sort()).toEqual([`${name}.part`, `${name}.part.json`]);
    // As long as the whole, and of what was not read there is nothing on the disk: blocks of 512 bytes.
    const kept = statSync(join(save, `${name}.part`));
    expect(kept.size).toBe(size);
    expect(kept.blocks * 512).toBeLessThan(size / 2);
    const there = await built('yosemite', { save, identify: true });
    const here = await built(app, { identify: true });
    expect(there.manifest.iso.sha256).toBe(here.manifest.iso.sha256);
    expect(there.manifest.source.sha1).toBe(here.manifest.source.sha1);
    expect(here.manifest.source.sha1).toMatch(/^[0-9a-f]{40}$/);
    expect(readdirSync(save)).toEqual([name]);
    expect(Buffer.compare(readFileSync(join(save, name)), readFileSync(app))).toBe(0);
    expect(there.kept).toMatchObject({
      files: [
        { path: join(save, name), proof: expect.arrayContaining([expect.stringMatching(/^SHA-1 of InstallESD/)]) },
      ],
    });
    // Some bytes of each first request, and nothing else.
    expect(server.sent()).toBeLessThan(size + 200_000);
  });

  it('what was kept cannot be completed: the ISO is there, and why', async () => {
    const { app, server, where } = await offeredImage('10.10', {
      fault: (_, { range }) => (range === 'bytes=0-0' ? { kind: 'status', status: 404 } : undefined),
    });
    const there = await built('yosemite', { save: join(where, 'kept') });
    expect(readdirSync(there.output)).toContain(basename(there.iso));
    expect(there.kept).toMatchObject({ error: { exitCode: 4, message: expect.stringContaining('404') } });
    expect(readdirSync(join(where, 'kept'))).toContain(`${basename(app)}.part`);
    expect(server.sent()).toBeGreaterThan(0);
  });

  it('no room: said before the bulk is read, for ISO and kept installer together; nothing is left of a build', async () => {
    const { app, where, server, size } = await offeredImage('10.10');
    const options = { app: 'yosemite', output: folder(), save: join(where, 'kept') };
    const free = size;
    const plan = await planBuild(options, { ...realHost, freeSpace: async () => free });
    const failed = build(plan, options, { signal, emit: () => undefined });
    await expect(failed).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/expected [\d.]+ GB free for the ISO and the installer, found [\d.]+ GB\.$/),
      hint: 'Make room, or give another place with -o FILE or --save DIR.',
    });
    expect(readdirSync(options.output)).toEqual([]);
    // What was read of it to know that is kept.
    expect(readdirSync(options.save)).toContain(`${basename(app)}.part`);
    expect(server.sent()).toBeLessThan(size / 2);
  });

  it('--save into a folder where another build keeps the same file is refused, until that is done', async () => {
    const { where } = await offeredImage('10.10');
    const options = { app: 'yosemite', output: folder(), save: join(where, 'kept') };
    const first = await planBuild(options);
    await expect(planBuild({ ...options, output: folder() })).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/another download of it is running, process \d+/),
    });
    await closePlan(first);
    await closePlan(await planBuild({ ...options, output: folder() }));
    expect(readdirSync(options.save).filter((name) => name.includes('lock'))).toEqual([]);
  });

  it.runIf(LONG)('with a connection that is cut again and again: the same ISO', async () => {
    const { app } = await offeredImage('10.11', { fault: (i) => (i % 3 ? { kind: 'cut', after: 70_000 } : undefined) });
    const there = await built('el capitan');
    const here = await built(app);
    expect(there.manifest.iso.sha256).toBe(here.manifest.iso.sha256);
    expect(there.manifest.source.remote![0]!.retries).toBeGreaterThan(0);
  });

  it('of a file that changes in the middle: exit code 4, and nothing is left', async () => {
    let asked = 0;
    await offeredImage('10.10', { fault: (i) => (i >= 0 && ++asked > 20 ? { kind: 'etag', etag: '"2"' } : undefined) });
    const output = folder();
    const options = { app: '10.10', output };
    const failed = (async () => build(await planBuild(options), options, { signal, emit: () => undefined }))();
    await expect(failed).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/changed while it was read/),
    });
    expect(readdirSync(output)).toEqual([]);
  });

  it('of a damaged file: exit code 3, and nothing is left', async () => {
    const { server, app } = await offeredImage('10.10');
    const bytes = readFileSync(app);
    bytes[bytes.length >> 1]! ^= 1;
    server.files.set(`/${basename(app)}`, fromBytes(bytes, 'bad'));
    const output = folder();
    const options = { app: '10.10', output };
    const failed = (async () => build(await planBuild(options), options, { signal, emit: () => undefined }))();
    await expect(failed).rejects.toMatchObject({ exitCode: 3 });
    expect(readdirSync(output)).toEqual([]);
  });

  it('where a signature is required that is not there: exit code 3, and nothing is left', async () => {
    const { url } = await offeredImage('10.10');
    const output = folder();
    const options = { app: url, output, requireSignature: true };
    const failed = (async () => build(await planBuild(options), options, { signal, emit: () => undefined }))();
    await expect(failed).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/signed by Apple/) });
    expect(readdirSync(output)).toEqual([]);
  });

  it('from a server that sends whole files only: says what to do', async () => {
    const { url } = await offeredImage('10.10', { fault: () => ({ kind: 'whole' }) });
    await expect(planBuild({ app: url, output: folder() })).rejects.toMatchObject({
      exitCode: 4,
      hint: `Get the file first, then give its path: osx-iso download ${url}`,
    });
  });

  it('what lies here goes first; High Sierra is no Sierra', async () => {
    const { app } = await sharedInstaller({ release: '10.13', scale: SCALE });
    const { url } = await offeredImage('10.12');
    const here = folder();
    mkdirSync(join(here, basename(app)));
    copyFileSync(join(app, 'Contents/Info.plist'), join(here, basename(app), 'Info.plist'));
    const before = process.cwd();
    process.chdir(here);
    try {
      const plan = await planBuild({ app: 'sierra', output: folder() });
      expect(plan.installer.path).toBe(url);
      await plan.installer.files.close();
    } finally {
      process.chdir(before);
    }
  });

  it('with the hdiutil engine: refused before anything is asked', async () => {
    const { url } = await offeredImage('10.10');
    await expect(planBuild({ app: url, engine: 'hdiutil', output: folder() })).rejects.toThrow(/hdiutil/);
  });
});

describe('inspect of a URL', () => {
  it('lists what is inside by reading a part of it', async () => {
    const { url, server, size } = await offeredImage('10.10');
    for (const inside of ['/Packages', '/InstallMacOSX.pkg/InstallMacOSX.pkg/InstallESD.dmg/Packages']) {
      const found = await inspect(url, { signal, inside });
      expect(found.listing.map(({ path }) => path)).toContain('/Packages/Essentials.pkg');
    }
    // At this scale blocks of 64 KiB are much; of the real 5.7 GB it is the same few MB.
    expect(server.sent()).toBeLessThan(size / 2);
  });

  const offered = points(['10.11', '10.7', '10.8', '10.10', '10.12'] as const, 1);
  it.each(offered)('of %s says which installer it is', async (release) => {
    const { url, server } = await offeredImage(release);
    const { installer, layers } = await inspect(url, { signal });
    expect(installer?.release).toMatch(new RegExp(`X ${release.replace('.', '\\.')}\\b|macOS ${release}\\b`));
    expect(layers.length).toBeGreaterThan(0);
    // Opened once.
    expect(server.asked.filter(({ range }) => range?.startsWith('bytes=0-')).length).toBe(1);
  });
});
