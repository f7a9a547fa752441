import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { madeFrom, type Truth, type TruthEntry } from '../../../scripts/installer/index.js';
import { type ByteSource, chunks } from '../../../src/formats/bytes.js';
import { ChunkVerifier, parseChunklist, verifySignature } from '../../../src/formats/chunklist.js';
import { type Disk, openDisk, openVolume } from '../../../src/formats/disk.js';
import type { Entry, Path } from '../../../src/formats/entry.js';
import type { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { openPackage } from '../../../src/formats/payload.js';
import { openPbzx } from '../../../src/formats/pbzx/index.js';
import { openXar } from '../../../src/formats/xar/index.js';
import { type HostFile, openHostFile } from '../../../src/host/host-file.js';
import { parsePlist, plistGet } from '../../../src/plist/plist.js';
import { FSCK, fsck, WITHOUT_FSCK } from '../../helpers/fsck.js';
import { sharedInstaller } from '../../helpers/installers.js';

interface Opened {
  readonly disk: Disk;
  readonly volume: HfsVolume;
}

let app: string;
let truth: Truth;
let file: HostFile;
let esd: Opened;
let base: Opened;

beforeAll(async () => {
  const made = await sharedInstaller({ scale: 0.002 });
  app = made.app;
  truth = made.truth!;
  file = await openHostFile(join(app, 'Contents', 'SharedSupport', 'InstallESD.dmg'));
  esd = await opened(file);
  base = await opened(await inEsd('BaseSystem.dmg'));
});

afterAll(() => file.close());

async function opened(source: ByteSource): Promise<Opened> {
  const disk = await openDisk(source);
  return { disk, volume: (await openVolume(disk)).volume };
}

async function inEsd(...path: Path): Promise<ByteSource> {
  const found = await esd.volume.file(path);
  if (!found) throw new Error(`no ${path.join('/')} in InstallESD.dmg`);
  return found;
}

async function sha256(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of chunks(source)) hash.update(bytes);
  return hash.digest('hex');
}

/** What the truth should say of an entry that was read. */
async function seen(volume: HfsVolume, entry: Entry): Promise<Omit<TruthEntry, 'link'>> {
  const { mode, uid, gid } = entry.bsd;
  const attributes = entry.xattrs.filter(({ name }) => name !== 'com.apple.decmpfs');
  const compressed = attributes.length < entry.xattrs.length;
  const content = entry.kind === 'file' ? await volume.file(entry.path) : entry.data;
  const target = Buffer.from((await content?.read(0, content.size)) ?? []);
  const xattrs: Record<string, string> = {};
  for (const { name, value } of attributes) xattrs[name] = await sha256(value);
  return {
    kind: entry.kind,
    mode,
    uid,
    gid,
    ...(entry.kind === 'file' || entry.kind === 'symlink' ? { size: content?.size ?? 0 } : {}),
    ...(entry.kind === 'file' && content ? { sha256: await sha256(content) } : {}),
    ...(entry.kind === 'symlink' ? { target: target.toString() } : {}),
    ...(compressed ? { compressed: true } : {}),
    ...(entry.resource && !compressed
      ? { resource: { size: entry.resource.size, sha256: await sha256(entry.resource) } }
      : {}),
    ...(attributes.length > 0 ? { xattrs } : {}),
  };
}

/** The same as the listing has it: by path, and which paths are one file. */
async function listed(volume: HfsVolume, from: Path = []) {
  const entries: Record<string, Omit<TruthEntry, 'link'>> = {};
  const links = new Map<number, string[]>();
  for await (const entry of volume.walk(from)) {
    if (entry.path.length === from.length) continue;
    const path = entry.path
      .slice(from.length)
      .map((name) => name.replaceAll('/', ':'))
      .join('/');
    entries[path] = await seen(volume, entry);
    if (entry.link !== undefined) links.set(entry.link, [...(links.get(entry.link) ?? []), path]);
  }
  return { entries, links: [...links.values()].map((paths) => paths.sort()).sort() };
}

function expected(list: Truth['base']) {
  const links = new Map<number, string[]>();
  const entries: Record<string, Omit<TruthEntry, 'link'>> = {};
  for (const [path, { link, ...entry }] of Object.entries(list)) {
    entries[path] = entry;
    if (link !== undefined) links.set(link, [...(links.get(link) ?? []), path]);
  }
  return { entries, links: [...links.values()].map((paths) => paths.sort()).sort() };
}

describe('the app', () => {
  test('says what it is', async () => {
    const info = parsePlist(await readFile(join(app, 'Contents', 'Info.plist')), 'Info.plist');
    expect(plistGet(info, 'CFBundleIdentifier')).toBe('com.apple.InstallAssistant.Yosemite');
    expect(plistGet(info, 'CFBundleDisplayName')).toBe('Install OS X Yosemite');
    expect(JSON.parse((await madeFrom(app)) ?? '')).toMatchObject({ release: '10.10', scale: 0.002, seed: 1 });
    // 0755 as it was made, read-only as it is shared.
    expect((await stat(join(app, 'Contents', 'MacOS', 'InstallAssistant'))).mode & 0o777).toBe(0o555);
  });

  test('nothing is left of the making', async () => {
    await expect(stat(`${app}.making`)).rejects.toThrow('ENOENT');
    await expect(stat(join(app, 'BaseSystem.dmg'))).rejects.toThrow('ENOENT');
  });
});

describe('InstallESD.dmg', () => {
  test('is an Apple map of 2048-byte blocks', () => {
    expect(esd.disk.map.scheme).toBe('apm');
    expect(esd.disk.map.partitions.map(({ type, firstSector }) => [type, firstSector])).toEqual([
      ['Apple_partition_map', 4],
      ['Apple_HFS', 64],
      ['Apple_Free', esd.disk.map.totalSectors - 12],
    ]);
    expect(esd.disk.map.warnings).toEqual([]);
    expect(esd.volume.name).toBe('OS X Install ESD');
  });

  test('has the packages that the truth lists, and stores them raw', async () => {
    expect(await listed(esd.volume, ['Packages'])).toEqual(expected(truth.packages));
    expect(Object.keys(truth.packages)).toEqual(
      expect.arrayContaining(['Essentials.pkg', 'OSInstall.mpkg', 'InstallableMachines.plist', 'OSInstall.pkg']),
    );
    expect(file.size).toBeGreaterThan((await inEsd('Packages', 'Essentials.pkg')).size);
  });

  test('BaseSystem.chunklist fits BaseSystem.dmg', async () => {
    const list = parseChunklist(await whole(await inEsd('BaseSystem.chunklist')), 'BaseSystem.chunklist');
    const verifier = new ChunkVerifier(list, 'BaseSystem.dmg');
    for await (const bytes of chunks(await inEsd('BaseSystem.dmg'))) verifier.update(bytes);
    verifier.finish();
    expect(verifySignature(list)).toBe('absent');
    expect(truth.files['BaseSystem.dmg']?.sha256).toBe(await sha256(await inEsd('BaseSystem.dmg')));
    expect(truth.files['BaseSystem.chunklist']?.size).toBe((await inEsd('BaseSystem.chunklist')).size);
  });
});

describe('BaseSystem.dmg', () => {
  test('is an APM with everything that the truth lists', async () => {
    expect(base.disk.map.scheme).toBe('apm');
    expect(base.volume.name).toBe(truth.volume);
    const found = await listed(base.volume);
    expect(found).toEqual(expected(truth.base));
    expect(found.links.length).toBeGreaterThan(2);
  });

  test('is made of what makes copying hard', async () => {
    const all = Object.values(truth.base);
    expect(all.filter(({ compressed }) => compressed).length).toBeGreaterThan(7);
    expect(all.filter(({ resource }) => resource).length).toBeGreaterThan(1);
    expect(all.some(({ xattrs }) => xattrs?.['com.apple.system.Security'])).toBe(true);
    expect(all.some(({ kind }) => kind === 'special')).toBe(true);
    const { record } = (await base.volume.lookup(['usr', 'share', 'odd', 'forks', 'fragmented']))!;
    const data = record.kind === 'file' ? record.data : undefined;
    expect((await base.volume.extents(record.kind === 'file' ? record.cnid : 0, data!, 0)).length).toBe(40);
    expect(truth.base['System/Installation/Packages']?.target).toBe('/System/Installation/PackagesLink');
  });

  test('names its release and blesses CoreServices and boot.efi', async () => {
    const path = ['System', 'Library', 'CoreServices'];
    const version = await whole((await base.volume.file([...path, 'SystemVersion.plist']))!);
    expect(plistGet(parsePlist(version, 'SystemVersion.plist'), 'ProductVersion')).toBe('10.10.5');
    const info = Buffer.from(base.volume.header.finderInfo);
    const folder = (await base.volume.lookup(path))?.record;
    const boot = (await base.volume.lookup([...path, 'boot.efi']))?.record;
    expect([info.readUInt32BE(0), info.readUInt32BE(4), info.readUInt32BE(20)]).toEqual([
      folder?.kind === 'folder' ? folder.cnid : -1,
      boot?.kind === 'file' ? boot.cnid : -1,
      folder?.kind === 'folder' ? folder.cnid : -1,
    ]);
  });
});

describe('Essentials.pkg', () => {
  test('has the kernel, with raw and xz chunks around it', async () => {
    const archive = await openXar(await inEsd('Packages', 'Essentials.pkg'));
    expect(archive.members.map(({ path }) => path)).toEqual(['Bom', 'Scripts', 'PackageInfo', 'Payload']);
    const payload = await openPbzx(archive.member('Payload'));
    expect(new Set(payload.chunks.map(({ raw }) => raw)).size).toBe(2);
  });

  test('unpacks to what the truth says of Kernels', async () => {
    const tree = await openPackage(await inEsd('Packages', 'Essentials.pkg'));
    const found: Record<string, string> = {};
    let names = 0;
    for await (const entry of tree.walk(['System', 'Library', 'Kernels'])) {
      // The folder comes once more, with its attributes.
      if (!entry.again) names++;
      if (entry.data) found[entry.path.slice(3).join('/')] = await sha256(entry.data);
    }
    expect(names).toBe(2);
    expect(found).toEqual({ kernel: truth.kernels['kernel']?.sha256 });
    expect(truth.kernel).toMatchObject({ path: '/System/Library/Kernels/kernel', sha256: found['kernel'] });
    await tree.close();
  });
});

describe.skipIf(!FSCK)(`Apple's fsck${WITHOUT_FSCK}`, () => {
  test('finds nothing', async () => {
    for (const { volume } of [base, esd]) {
      const { status, output } = fsck(await whole(volume.source));
      expect(output).toContain('appears to be OK');
      expect(status).toBe(0);
    }
  });
});

async function whole(source: ByteSource): Promise<Uint8Array> {
  return source.read(0, source.size);
}
