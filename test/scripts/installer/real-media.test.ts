import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ReleaseName, releases } from '../../../scripts/installer/index.js';
import type { ByteSource } from '../../../src/formats/bytes.js';
import { openDisk, openVolume } from '../../../src/formats/disk.js';
import type { Path } from '../../../src/formats/entry.js';
import type { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { openXar } from '../../../src/formats/xar/index.js';
import { type HostFile, openHostFile } from '../../../src/host/host-file.js';
import { parsePlist, plistGet } from '../../../src/plist/plist.js';
import { sharedInstaller } from '../../helpers/installers.js';
import { LONG } from '../../helpers/long.js';

// The shapes of the synthetic installers, held to facts/real-media.md sections 1.2, 3 and 5 by that page's own numbers.

const SCALE = 0.0005;
const RELEASES = ['10.6', '10.7', '10.8', '10.9', '10.10', '10.11', '10.12', '10.13', '10.14', '10.15'] as const;

/** In the short run: those that other tests have made. */
const SHORT: readonly unknown[] = ['10.7', '10.10', '10.12', '10.13'];
const some = <T>(all: readonly T[]): readonly T[] =>
  LONG ? all : all.filter((one) => SHORT.includes(Array.isArray(one) ? one[0] : one));

const files: HostFile[] = [];
afterAll(async () => {
  for (const file of files) await file.close();
});

async function opened(path: string): Promise<HostFile> {
  const file = await openHostFile(path);
  files.push(file);
  return file;
}

interface Image {
  readonly file: ByteSource;
  /** The first 64 KiB of the disk. */
  readonly head: Buffer;
  readonly size: number;
  readonly volume: HfsVolume;
}

async function image(file: ByteSource): Promise<Image> {
  const disk = await openDisk(file);
  const { volume } = await openVolume(disk);
  return { file, head: Buffer.from(await disk.source.read(0, 65_536)), size: disk.source.size, volume };
}

async function media(release: ReleaseName): Promise<{ esd: Image; base: Image; folder: string }> {
  const { app } = await sharedInstaller({ release, scale: SCALE });
  if (release === '10.6') {
    const dvd = await image(await opened(app));
    return { esd: dvd, base: dvd, folder: dirname(app) };
  }
  const folder = join(app, 'Contents', 'SharedSupport');
  const esd = await image(await opened(join(folder, 'InstallESD.dmg')));
  const inEsd = await esd.volume.file(['BaseSystem.dmg']);
  return { esd, base: await image(inEsd ?? (await opened(join(folder, 'BaseSystem.dmg')))), folder };
}

/** The blkx tables of an image, read from its trailer and property list: name, buffersNeeded, types and lengths of the runs. */
async function tablesOf({ file }: Image) {
  const trailer = Buffer.from(await file.read(file.size - 512, 512));
  const xml = await file.read(Number(trailer.readBigUInt64BE(216)), Number(trailer.readBigUInt64BE(224)));
  const list = plistGet(plistGet(parsePlist(xml, 'blkx'), 'resource-fork'), 'blkx') as readonly unknown[];
  return list.map((entry) => {
    const data = Buffer.from(plistGet(entry as never, 'Data') as Uint8Array);
    const runs = Array.from({ length: data.readUInt32BE(200) - 1 }, (_, i) => {
      return { type: data.readUInt32BE(204 + 40 * i), sectors: Number(data.readBigUInt64BE(204 + 40 * i + 16)) };
    });
    const name = plistGet(entry as never, 'Name') as string;
    return {
      name,
      first: Number(data.readBigUInt64BE(8)),
      sectors: Number(data.readBigUInt64BE(16)),
      buffers: data.readUInt32BE(32),
      runs,
    };
  });
}

/** Entries of an Apple map with 2048-byte blocks: type, start, count. */
function entriesOf(head: Buffer) {
  const entries: [type: string, start: number, count: number][] = [];
  for (let at = 2048; head.toString('latin1', at, at + 2) === 'PM'; at += 2048) {
    const type = head.toString('latin1', at + 48, at + 80).replace(/\0.*$/, '');
    entries.push([type, head.readUInt32BE(at + 8), head.readUInt32BE(at + 12)]);
  }
  return entries;
}

describe.each(some(['10.6', '10.7', '10.8', '10.9', '10.10'] as const))(
  '%s: Apple maps of 2048-byte blocks',
  (release) => {
    test('descriptor and entries', async () => {
      const { esd, base } = await media(release);
      for (const { head, size } of release === '10.6' ? [esd] : [esd, base]) {
        expect(head.toString('latin1', 0, 2)).toBe('ER');
        expect(head.readUInt16BE(2)).toBe(2048);
        expect(head.subarray(8, 2048).every((byte) => byte === 0)).toBe(true);
        const total = head.readUInt32BE(4);
        const entries = entriesOf(head);
        expect(entries[0]).toEqual(['Apple_partition_map', 1, 15]);
        expect(entries.at(-1)).toEqual(['Apple_Free', total - 3, 3]);
        if (release === '10.6' || release === '10.7') {
          expect(entries.map(([type]) => type).slice(1, -1)).toEqual(['Apple_Driver_ATAPI', 'Apple_Free', 'Apple_HFS']);
        } else expect(entries[1]).toEqual(['Apple_HFS', 16, total - 19]);
        // The DVD counts three blocks that are not there.
        expect(size).toBe((release === '10.6' ? total - 3 : total) * 2048);
      }
      if (release === '10.6') expect(esd.head.toString('latin1', 0x8001, 0x8006)).toBe('CD001');
    });

    test('tables and runs of the image', async () => {
      const { esd, base } = await media(release);
      for (const one of release === '10.6' ? [esd] : [esd, base]) {
        const tables = await tablesOf(one);
        const gap = release === '10.6' || release === '10.7' ? 'Apple_ISO' : 'Apple_Free';
        expect(tables.slice(0, 3).map(({ name, first, sectors }) => [name, first, sectors])).toEqual([
          ['Driver Descriptor Map (DDM : 0)', 0, 1],
          [` (${gap} : 1)`, 1, 3],
          ['Apple (Apple_partition_map : 2)', 4, 60],
        ]);
        const volume = tables.find(({ name }) => name.includes('(Apple_HFS'))!;
        expect(volume.buffers).toBe(520);
        expect(Math.max(...volume.runs.filter(({ type }) => type === 0x80000005).map(({ sectors }) => sectors))).toBe(
          512,
        );
      }
    });
  },
);

describe.each(some(['10.11', '10.12', '10.13', '10.14', '10.15'] as const))('%s: GUID partition tables', (release) => {
  test('InstallESD with an EFI partition first, BaseSystem without', async () => {
    const { esd, base } = await media(release);
    const types = async ({ file }: Image) => (await openDisk(file)).map.partitions.map(({ type }) => type);
    const hfs = '48465300-0000-11AA-AA11-00306543ECAC';
    expect(await types(esd)).toEqual(['C12A7328-F81F-11D2-BA4B-00A0C93EC93B', hfs]);
    expect(await types(base)).toEqual([hfs]);
  });

  test('runs of BaseSystem', async () => {
    const tables = await tablesOf((await media(release)).base);
    const volume = tables.find(({ name }) => name.includes('(Apple_HFS'))!;
    const longest = Math.max(...volume.runs.map(({ sectors }) => sectors));
    if (release === '10.11' || release === '10.12') expect([volume.buffers, longest]).toEqual([520, 512]);
    else expect(longest).toBeGreaterThan(2048);
    const known = [0, 1, 2, 0x80000005];
    for (const { runs } of tables) for (const { type } of runs) expect(known).toContain(type);
  });
});

test.each(
  some([
    ['10.6', 'Mac OS X Install DVD'],
    ['10.7', 'Mac OS X Install ESD'],
    ['10.8', 'Mac OS X Install ESD'],
    ['10.9', 'OS X Install ESD'],
    ['10.10', 'OS X Install ESD'],
    ['10.11', 'OS X Install ESD'],
  ] as const),
)('%s: the volume is called "%s"', async (release, name) => {
  expect((await media(release)).esd.volume.name).toBe(name);
});

test.each(
  some([
    ['10.7', 'Install Mac OS X'],
    ['10.10', 'Install OS X'],
    ['10.11', 'Install OS X'],
    ['10.12', 'Install macOS'],
  ] as const),
)('%s: the outer download’s volume is called "%s"', async (release, name) => {
  const { app } = await sharedInstaller({ release, scale: SCALE, form: 'dmg' });
  expect(basename(app)).toBe(release === '10.12' ? 'InstallOS.dmg' : 'InstallMacOSX.dmg');
  const { volume, head } = await image(await opened(app));
  expect(volume.name).toBe(name);
  expect(head.readUInt16BE(2)).toBe(release === '10.7' || release === '10.10' ? 2048 : 0);
});

/** How a package's payload begins; '' where it has none. */
async function payloadOf(volume: HfsVolume, name: string, folder: Path = ['Packages']): Promise<string> {
  const archive = await openXar((await volume.file([...folder, name]))!);
  if (!archive.members.some(({ path }) => path === 'Payload')) return '';
  return Buffer.from(await archive.member('Payload').read(0, 3)).toString('latin1');
}

describe('packages', () => {
  test.each(
    some([
      ['10.7', '\x1f\x8b\b'],
      ['10.8', 'BZh'],
      ['10.9', 'BZh'],
      ['10.10', 'pbz'],
      ['10.11', 'pbz'],
      ['10.12', 'pbz'],
      ['10.13', 'pbz'],
    ] as const),
  )('%s: Essentials.pkg is coded as it was then', async (release, magic) => {
    const { volume } = (await media(release)).esd;
    expect(await payloadOf(volume, 'Essentials.pkg')).toBe(magic);
    // Some of 10.7's and 10.8's are stored.
    if (release === '10.7' || release === '10.8') expect(await payloadOf(volume, 'MediaFiles.pkg')).toBe('070');
  });

  test('10.7: BaseSystemResources.pkg has a Bom and no Payload', async () => {
    const { volume } = (await media('10.7')).esd;
    expect(await payloadOf(volume, 'BaseSystemResources.pkg')).toBe('');
    const archive = await openXar((await volume.file(['Packages', 'BaseSystemResources.pkg']))!);
    expect(archive.members.map(({ path }) => path)).toContain('Bom');
  });

  test.runIf(LONG)(
    'how many there are: 48 on the DVD, 16 items in 10.9; no BaseSystemBinaries from 10.11 on',
    async () => {
      const names = async (release: ReleaseName, folder: Path) => {
        const found: string[] = [];
        for await (const { path } of (await media(release)).esd.volume.walk(folder)) {
          if (path.length === folder.length + 1) found.push(path.at(-1)!);
        }
        return found;
      };
      const dvd = await names('10.6', ['System', 'Installation', 'Packages']);
      expect(dvd.filter((name) => name.endsWith('.pkg')).length).toBe(48);
      expect(dvd).toContain('OSInstall.mpkg');
      expect((await names('10.9', ['Packages'])).length).toBe(16);
      expect(await names('10.11', ['Packages'])).not.toContain('BaseSystemBinaries.pkg');
      expect(await names('10.12', ['Packages'])).toContain('EmbeddedOSFirmware.pkg');
    },
  );
});

describe('what is where', () => {
  test.each(some(RELEASES))(
    '%s: AppleDiagnostics from 10.11 on, beside InstallESD.dmg from 10.13 on',
    async (release) => {
      const { esd, folder } = await media(release);
      const minor = Number(release.split('.')[1]);
      expect((await esd.volume.file(['AppleDiagnostics.dmg'])) !== undefined).toBe(minor === 11 || minor === 12);
      if (minor >= 13) expect((await readFile(join(folder, 'AppleDiagnostics.dmg'))).length).toBeGreaterThan(10_000);
    },
  );

  test('10.7: boot.efi blessed at the root, a fat kernel, a cache in LZSS, BaseSystem.dmg in more than 8 extents', async () => {
    const { volume } = (await media('10.7')).esd;
    const start = async (path: Path, length: number) => Buffer.from(await (await volume.file(path))!.read(0, length));
    expect((await start(['mach_kernel'], 4)).toString('hex')).toBe('cafebabe');
    expect((await start(['kernelcache'], 8)).toString('latin1')).toBe('complzss');
    expect(Buffer.from(volume.header.finderInfo).readUInt32BE(0)).toBe(2);
    expect(await volume.file(['boot.efi'])).toBeDefined();
    const record = (await volume.lookup(['BaseSystem.dmg']))!.record;
    if (record.kind !== 'file') throw new Error('BaseSystem.dmg is no file');
    expect((await volume.extents(record.cnid, record.data, 0)).length).toBeGreaterThan(8);
  });

  test.runIf(LONG)('10.9: what was measured on its Base System', async () => {
    const { volume } = (await media('10.9')).base;
    const modes = new Map<string, number>();
    let compressed = 0;
    let secured = 0;
    let target = '';
    for await (const { path, bsd, xattrs, data, kind } of volume.walk()) {
      modes.set(path.join('/'), bsd.mode & 0o7777);
      compressed += xattrs.filter(({ name }) => name === 'com.apple.decmpfs').length;
      secured += xattrs.filter(({ name }) => name === 'com.apple.system.Security').length;
      if (kind === 'symlink' && path.join('/') === 'System/Installation/Packages') {
        target = Buffer.from(await data!.read(0, data!.size)).toString();
      }
      expect([path.join('/'), bsd.uid === 1000]).toEqual([path.join('/'), false]);
    }
    expect(target).toBe('/System/Installation/PackagesLink');
    expect(
      ['.file', 'bin/ps', 'bin/rcp', 'usr/bin/login', 'usr/libexec/authopen', 'usr/sbin/traceroute'].map((path) =>
        modes.get(path),
      ),
    ).toEqual([0, 0o4755, 0o4555, 0o4555, 0o4555, 0o4555]);
    expect(modes.get('System/Library/PrivateFrameworks/Install.framework/Resources/runner')).toBe(0o6755);
    expect(compressed).toBe(0);
    expect(secured).toBeGreaterThan(2);
  });

  test.each(
    some([
      ['10.10', 'Caches/com.apple.kext.caches/Startup/kernelcache'],
      ['10.11', 'PrelinkedKernels/prelinkedkernel'],
    ] as const),
  )('%s: the kernel cache is %s', async (release, path) => {
    const { volume } = (await media(release)).base;
    expect(await volume.file(['System', 'Library', ...path.split('/')])).toBeDefined();
    const prelinked: string[] = [];
    for await (const entry of volume.walk(['System', 'Library', 'PrelinkedKernels']))
      prelinked.push(entry.path.at(-1)!);
    expect(prelinked.length).toBe(release === '10.10' ? 1 : 2);
  });
});

test('the table of releases says which map and volume each has, and no release is forgotten', () => {
  expect(Object.keys(releases).sort()).toEqual([...RELEASES, '11'].sort());
});
