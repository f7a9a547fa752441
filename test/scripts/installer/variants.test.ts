import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Faults, makeInstaller, releases } from '../../../scripts/installer/index.js';
import type { ByteSource } from '../../../src/formats/bytes.js';
import { ChunkVerifier, parseChunklist } from '../../../src/formats/chunklist.js';
import { openDisk, openVolume } from '../../../src/formats/disk.js';
import { openPackage } from '../../../src/formats/payload.js';
import { openXar } from '../../../src/formats/xar/index.js';
import { type HostFile, openHostFile } from '../../../src/host/host-file.js';
import { parsePlist, plistGet } from '../../../src/plist/plist.js';
import { LONG } from '../../helpers/long.js';
import { smallInstaller, testFolder } from '../../helpers/small-installer.js';

const SCALE = 0.0005;

const files: HostFile[] = [];
afterEach(async () => {
  for (const file of files.splice(0)) await file.close();
});

async function opened(path: string): Promise<HostFile> {
  const file = await openHostFile(path);
  files.push(file);
  return file;
}

/** The volumes of an installer with these faults, to be read until the test ends. */
async function volumes(faults: Faults, more: Parameters<typeof smallInstaller>[1] = {}) {
  const app = await smallInstaller(faults, { scale: SCALE, ...more });
  const shared = join(app, 'Contents', 'SharedSupport');
  const disk = await openDisk(await opened(join(shared, 'InstallESD.dmg')));
  const { volume } = await openVolume(disk);
  const inApp = (await readdir(shared)).includes('BaseSystem.dmg');
  const file = (path: string[]) => volume.file(path);
  const dmg = inApp ? await opened(join(shared, 'BaseSystem.dmg')) : await file(['BaseSystem.dmg']);
  if (!dmg) throw new Error('no BaseSystem.dmg');
  return { esd: { disk, volume }, dmg, file };
}

async function base(faults: Faults) {
  const disk = await openDisk((await volumes(faults)).dmg);
  return { disk, volume: (await openVolume(disk)).volume };
}

async function kernelIn(faults: Faults, more: Parameters<typeof smallInstaller>[1] = {}) {
  const release = releases[more.release ?? '10.10'];
  const { file } = await volumes(faults, more);
  const pkg = await file(['Packages', release.kernelPackage]);
  const tree = await openPackage(pkg as ByteSource);
  const names: string[] = [];
  let start = '';
  for await (const entry of tree.walk(release.kernelPath.slice(0, -1))) {
    if (entry.path.join('/') === release.kernelPath.join('/') && entry.data) {
      start = Buffer.from(await entry.data.read(0, 4)).toString('hex');
    }
    names.push(entry.path.join('/'));
  }
  await tree.close();
  return { names, start };
}

// Of a fault the short run sees what the build says of it (test/build, test/source).
describe('faults', () => {
  test('a stub has no SharedSupport', async () => {
    const app = await smallInstaller({ app: 'stub' }, { scale: SCALE });
    expect((await readdir(join(app, 'Contents'))).sort()).toEqual(
      ['Info.plist', 'MacOS', 'PkgInfo', 'Resources', '_CodeSignature', 'version.plist'].sort(),
    );
  });

  test('no kernel: an empty folder', async () => {
    expect((await kernelIn({ kernel: 'missing' })).names).toEqual(['System/Library/Kernels']);
  });

  test.runIf(LONG)('a kernel that is none', async () => {
    expect(await kernelIn({ kernel: 'text' })).toMatchObject({ start: Buffer.from('This').toString('hex') });
  });

  test.runIf(LONG).each(['gzip', 'bzip2', 'pbzx', 'cpio'] as const)('payload as %s', async (payload) => {
    expect((await kernelIn({ payload })).start).toBe('cffaedfe');
    const pkg = await (await volumes({ payload })).file(['Packages', 'Essentials.pkg']);
    const magic = await (await openXar(pkg as ByteSource)).member('Payload').read(0, 3);
    expect(Buffer.from(magic).toString('latin1')).toBe(
      { gzip: '\x1f\x8b\b', bzip2: 'BZh', pbzx: 'pbz', cpio: '070' }[payload],
    );
  });

  test.runIf(LONG).each(['trailer', 'data'] as const)('damage in the %s: the chunklist tells', async (damagedChunk) => {
    const { dmg, file } = await volumes({ damagedChunk });
    const list = await file(['BaseSystem.chunklist']);
    const chunklist = parseChunklist(await list!.read(0, list!.size), 'BaseSystem.chunklist');
    const bytes = await dmg.read(0, dmg.size);
    expect(() => new ChunkVerifier(chunklist, 'BaseSystem.dmg').update(bytes)).toThrow(/chunk 0 .*expected SHA-256/);
    if (damagedChunk === 'trailer') expect((await base({ damagedChunk })).volume.name).toBe('OS X Base System');
  });

  test.runIf(LONG)('no chunklist', async () => {
    expect(await (await volumes({ chunklist: 'missing' })).file(['BaseSystem.chunklist'])).toBeUndefined();
  });

  test.runIf(LONG)('what Packages is', async () => {
    const path = ['System', 'Installation', 'Packages'];
    expect((await (await base({})).volume.entry(path))?.kind).toBe('symlink');
    expect((await (await base({ packagesLink: 'folder' })).volume.entry(path))?.kind).toBe('folder');
    expect(await (await base({ packagesLink: 'missing' })).volume.entry(path)).toBeUndefined();
  });

  test.runIf(LONG)('no SystemVersion.plist', async () => {
    const { volume } = await base({ systemVersion: 'missing' });
    const core = ['System', 'Library', 'CoreServices'];
    expect(await volume.file([...core, 'SystemVersion.plist'])).toBeUndefined();
    expect(await volume.file([...core, 'boot.efi'])).toBeDefined();
  });

  const maps = [
    ['apm-old-school', 'apm'],
    ['apm', 'apm'],
    ['apm-2048', 'apm'],
    ['apm-2048-atapi', 'apm'],
    ['gpt', 'gpt'],
    ['gpt-efi', 'gpt'],
    ['none', 'none'],
  ] as const;
  test.runIf(LONG).each(maps)('maps: %s', async (map, scheme) => {
    const faults = { baseMap: map, esdMap: map };
    expect((await base(faults)).disk.map.scheme).toBe(scheme);
    expect((await volumes(faults)).esd.disk.map.scheme).toBe(scheme);
  });

  test.runIf(LONG)('HFSX, and journals', async () => {
    const hfsx = (await base({ baseVolume: 'hfsx' })).volume;
    expect(hfsx.caseSensitive).toBe(true);
    expect((await hfsx.journal()).state).toBe('none');
    expect((await (await base({ baseJournal: 'clean' })).volume.journal()).state).toBe('clean');
    const dirty = (await base({ baseJournal: 'dirty' })).volume;
    expect((await dirty.journal()).state).toBe('dirty');
    expect(dirty.header.attributes & 0x100).toBe(0);
  });
});

describe('releases', () => {
  test.runIf(LONG).each(['10.9', '10.11', '10.12', '10.13'] as const)(
    '%s: version in BaseSystem, kernel in its package',
    async (release) => {
      const { dmg } = await volumes({}, { release });
      const { volume } = await openVolume(await openDisk(dmg));
      const plist = await volume.file(['System', 'Library', 'CoreServices', 'SystemVersion.plist']);
      const version = parsePlist(await plist!.read(0, plist!.size), 'SystemVersion.plist');
      expect(plistGet(version, 'ProductVersion')).toBe(releases[release].version);
      expect((await kernelIn({}, { release })).start).toBe('cffaedfe');
    },
  );

  test('11 has SharedSupport.dmg and nothing else', async () => {
    const app = await smallInstaller({}, { scale: SCALE, release: '11' });
    expect(await readdir(join(app, 'Contents', 'SharedSupport'))).toEqual(['SharedSupport.dmg']);
  });
});

describe('making', () => {
  test('the same options make the same bytes, another seed makes others', async () => {
    const esd = async (folder: string, seed: number) => {
      const { app } = await makeInstaller({ directory: join(testFolder(), folder), scale: SCALE, seed });
      return readFile(join(app, 'Contents', 'SharedSupport', 'InstallESD.dmg'));
    };
    const shared = join(await smallInstaller({}, { scale: SCALE }), 'Contents', 'SharedSupport', 'InstallESD.dmg');
    const first = await readFile(shared);
    expect(first.equals(await esd('second', 1))).toBe(true);
    if (LONG) expect(first.equals(await esd('third', 6))).toBe(false);
  });

  test('replaces what it made, and nothing else', async () => {
    const directory = join(testFolder(), 'replaced');
    const stub = { directory, faults: { app: 'stub' } } as const;
    const { app } = await makeInstaller(stub);
    await makeInstaller(stub);
    await writeFile(join(app, 'Contents', 'Info.plist'), '<plist version="1.0"><dict></dict></plist>');
    await expect(makeInstaller(stub)).rejects.toThrow(/was not made by this command/);
    expect((await stat(app)).isDirectory()).toBe(true);
  });

  test('leaves nothing when it fails', async () => {
    const directory = join(testFolder(), 'failing');
    const report = ({ what }: { what: string }) => {
      if (what === 'Essentials.pkg') throw new Error('stopped here');
    };
    await expect(makeInstaller({ directory, scale: SCALE, report })).rejects.toThrow('stopped here');
    expect(await readdir(directory)).toEqual([]);
  });

  test('a scale is above 0 and at most 1', async () => {
    for (const scale of [0, -1, 1.5, Number.NaN]) {
      await expect(makeInstaller({ directory: testFolder(), scale })).rejects.toThrow(RangeError);
    }
  });
});
