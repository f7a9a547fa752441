import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { SourceError, UsageError, UserError } from '../../src/errors.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { FatVolume } from '../../src/formats/fat/index.js';
import { gatherEsp, makeEsp, openCoreTitle, openOpenCore } from '../../src/opencore/index.js';
import { scratch } from '../helpers/judges/tool.js';
import { efiProgram, kextFiles, OPENCORE_DRIVERS, putFiles, releaseFiles } from '../helpers/opencore.js';
import { type Zipped, zipOf } from '../helpers/zip.js';

const signal = new AbortController().signal;
const folder = scratch('opencore');
let count = 0;
const place = () => {
  const path = join(folder, `${++count}`);
  mkdirSync(path);
  return path;
};
const zipFile = (files: readonly Zipped[], name = 'OpenCore.zip'): string => {
  const path = join(place(), name);
  writeFileSync(path, zipOf(files));
  return path;
};
const zipped = (files: ReadonlyMap<string, Uint8Array>): Zipped[] =>
  [...files].map(([name, bytes]) => ({ name, bytes }));
const open = async (path: string) => {
  const found = await openOpenCore(path, { option: '--opencore', signal });
  await found.close();
  return found;
};
const CONFIG = `<plist><dict><key>UEFI</key><dict><key>Drivers</key><array>
  <dict><key>Path</key><string>OpenRuntime.efi</string><key>Enabled</key><true/></dict>
  <dict><key>Path</key><string>Absent.efi</string><key>Enabled</key><false/></dict>
</array></dict></dict></plist>`;

describe('which OpenCore it is', () => {
  it.each([
    ['the zip', () => zipFile(zipped(releaseFiles()))],
    ['the folder it was unpacked to', () => putFiles(place(), releaseFiles())],
    ['X64', () => join(putFiles(place(), releaseFiles()), 'X64')],
    ['the folder EFI', () => join(putFiles(place(), releaseFiles()), 'X64', 'EFI')],
  ])('%s', async (_, given) => {
    const found = await open(given());
    expect(openCoreTitle(found)).toBe('OpenCore 1.0.5 (RELEASE)');
    expect(found.config).toBeUndefined();
    expect(found.file('oc/drivers/OPENHFSPLUS.EFI')?.path).toMatch(/OpenHfsPlus\.efi$/);
  });

  it('a DEBUG build, one whose version nobody can read', async () => {
    expect(openCoreTitle(await open(zipFile(zipped(releaseFiles({ says: 'DBG-098' })))))).toBe(
      'OpenCore 0.9.8 (DEBUG)',
    );
    const files = releaseFiles();
    files.set('X64/EFI/OC/OpenCore.efi', efiProgram());
    expect(openCoreTitle(await open(zipFile(zipped(files))))).toBe('OpenCore of an unknown version');
  });
});

describe('what is none', () => {
  const release = releaseFiles();
  const without = (path: string) => new Map([...release].filter(([name]) => name !== path));
  const text = (path: string, content: string) => {
    const file = join(place(), path);
    writeFileSync(file, content);
    return file;
  };
  it.each<[string, () => string, RegExp]>([
    ['another file', () => text('OpenCore.zip', 'Not Found'), /expected a zip or a folder, found neither/],
    ['nothing', () => join(folder, 'nothing'), /--opencore .*nothing: no such file or folder/],
    [
      'a zip cut short',
      () => text('a.zip', zipOf(zipped(release)).subarray(0, 900).toString('latin1')),
      /not a zip that can be read/,
    ],
    [
      'a zip of something else',
      () => zipFile([{ name: 'a/b.txt', bytes: Buffer.from('x') }]),
      /expected EFI\/OC\/OpenCore.efi in it, found none among 1 file/,
    ],
    ['an empty folder', place, /found none among 0 files/],
    [
      'its source',
      () => zipFile([{ name: 'OpenCorePkg-1.0.5/OpenCorePkg.dsc', bytes: Buffer.from('x') }]),
      /found OpenCore's source code/,
    ],
    [
      'only the 32-bit one',
      () => zipFile(zipped(release).filter(({ name }) => name.startsWith('IA32'))),
      /found only that for 32 bits/,
    ],
    [
      'two',
      () =>
        putFiles(
          place(),
          new Map(
            [...release].flatMap(([name, bytes]) => [
              [`a/${name}`, bytes],
              [`b/${name}`, bytes],
            ]),
          ),
        ),
      /expected one OpenCore, found 2/,
    ],
    ['no BOOTx64.efi', () => zipFile(zipped(without('X64/EFI/BOOT/BOOTx64.efi'))), /which firmware starts, found none/],
    [
      'another program',
      () => zipFile(zipped(new Map([...release, ['X64/EFI/OC/OpenCore.efi', efiProgram({ machine: 0x14c })]]))),
      /for 64-bit x86, found one for 32-bit x86/,
    ],
    [
      'no program',
      () => zipFile(zipped(new Map([...release, ['X64/EFI/OC/OpenCore.efi', Buffer.from('text')]]))),
      /expected an EFI program .* found another file/,
    ],
    [
      'a mixture',
      () => zipFile(zipped(new Map([...release, ['X64/EFI/OC/Drivers/OpenRuntime.efi', efiProgram({ debug: true })]]))),
      /OpenRuntime.efi is of a DEBUG build, X64\/EFI\/OC\/OpenCore.efi of a RELEASE build/,
    ],
    [
      '.. in a name',
      () => zipFile([...zipped(release), { name: '../../etc/x', bytes: Buffer.from('x') }]),
      /expected names of files in it, found "\.\.\/\.\.\/etc\/x"/,
    ],
    [
      'an absolute name',
      () => zipFile([...zipped(release), { name: '/etc/x', bytes: Buffer.from('x') }]),
      /found "\/etc\/x"/,
    ],
    [
      'a link',
      () =>
        zipFile(
          zipped(release).map((one) =>
            one.name.endsWith('X64/EFI/OC/OpenCore.efi') ? { ...one, mode: 0o120777 } : one,
          ),
        ),
      /expected a file, found a link/,
    ],
    [
      'a bomb',
      () =>
        zipFile(
          zipped(release).map((one) =>
            one.name.endsWith('X64/EFI/OC/OpenCore.efi') ? { ...one, size: 70 << 20 } : one,
          ),
        ),
      /expected at most 67,108,864 bytes, found more/,
    ],
    [
      'a size that lies',
      () =>
        zipFile(
          zipped(release).map((one) => (one.name.endsWith('X64/EFI/OC/OpenCore.efi') ? { ...one, size: 100 } : one)),
        ),
      /not a zip that can be read: .*too many bytes/,
    ],
    [
      'a damaged file',
      () =>
        zipFile(
          zipped(release).map((one) => (one.name.endsWith('X64/EFI/OC/OpenCore.efi') ? { ...one, crc: 1 } : one)),
        ),
      /is damaged: its checksum is another/,
    ],
    [
      'too many files',
      () => zipFile(Array.from({ length: 10_001 }, (_, i) => ({ name: `${i}`, bytes: Buffer.alloc(0) }))),
      /at most 10,000 files/,
    ],
  ])('%s', async (_, given, message) => {
    const error = await open(given()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).exitCode).toBe(3);
  });

  it('a link in a folder', async () => {
    const given = putFiles(place(), without('X64/EFI/OC/OpenCore.efi'));
    writeFileSync(join(given, 'elsewhere.efi'), efiProgram({ says: 'REL-105' }));
    symlinkSync('../../../elsewhere.efi', join(given, 'X64/EFI/OC/OpenCore.efi'));
    await expect(open(given)).rejects.toThrow(/OpenCore.efi: expected a file, found a link/);
  });
});

describe('what goes into the partition', () => {
  const paths = ({ items }: { items: readonly { path: readonly string[] }[] }) =>
    items.map(({ path }) => path.join('/')).sort();
  const yosemite = '10.10';
  const release = () => zipFile(zipped(releaseFiles()));

  it('of a release: only what is needed, with a config and the kexts', async () => {
    const kext = join(putFiles(place(), new Map([...kextFiles('Lilu'), ['Lilu.kext/.DS_Store', '']])), 'Lilu.kext');
    const esp = await gatherEsp({ openCore: release(), kexts: [kext], release: yosemite }, { signal });
    expect(esp.loader).toBe('OpenCore 1.0.5 (RELEASE)');
    expect(esp.config).toBe('made');
    expect(paths(esp)).toEqual(
      [
        'EFI/BOOT/.contentVisibility',
        'EFI/BOOT/BOOTx64.efi',
        ...OPENCORE_DRIVERS.map((name) => `EFI/OC/Drivers/${name}`),
        'EFI/OC/Kexts/Lilu.kext/Contents/Info.plist',
        'EFI/OC/Kexts/Lilu.kext/Contents/MacOS/Lilu',
        'EFI/OC/OpenCore.efi',
        'EFI/OC/config.plist',
      ].sort(),
    );
  });

  it.each<[string, (xml: string) => Uint8Array]>([
    ['binary form', () => Buffer.from('bplist00')],
    ['UTF-16', (xml) => Buffer.from(`\ufeff${xml.replace('UTF-8', 'UTF-16')}`, 'utf16le')],
    ['bytes that are no UTF-8', (xml) => Buffer.concat([Buffer.from(xml), Buffer.from([0x0a, 0xff])])],
  ])('a config in %s is refused: OpenCore would not read it', async (_, coded) => {
    const config = join(place(), 'config.plist');
    writeFileSync(config, coded(CONFIG));
    await expect(gatherEsp({ openCore: release(), config, release: yosemite }, { signal })).rejects.toThrow(
      /config\.plist/,
    );
  });

  it('property lists of kexts that are more than all kexts have are refused before they are read', async () => {
    const files = new Map([...kextFiles('Lilu')].map(([path, content]) => [path, Buffer.from(content)] as const));
    for (let i = 0; i < 40; i++)
      files.set(`Lilu.kext/Contents/PlugIns/${i}.kext/Contents/Info.plist`, Buffer.alloc(1 << 20, ' '));
    const kext = join(putFiles(place(), files), 'Lilu.kext');
    await expect(gatherEsp({ openCore: release(), kexts: [kext], release: yosemite }, { signal })).rejects.toThrow(
      /property lists of kexts/,
    );
  });

  it('of one that is configured: all of it, as it is', async () => {
    const given = putFiles(
      place(),
      new Map([
        ...releaseFiles(),
        ['X64/EFI/OC/config.plist', Buffer.from(CONFIG)],
        ['X64/EFI/OC/ACPI/SSDT.aml', Buffer.from('DSDT')],
      ]),
    );
    for (const request of [{ openCore: given }, { efi: join(given, 'X64', 'EFI') }, { efi: join(given, 'X64') }]) {
      const esp = await gatherEsp(request, { signal });
      expect(esp.config).toBe('given');
      expect(paths(esp)).toContain('EFI/OC/ACPI/SSDT.aml');
      expect(paths(esp)).toHaveLength(8);
      expect(esp.notes).toContainEqual(expect.stringMatching(/^OC\/config.plist, line \d+: .*SecureBootModel/));
    }
    await expect(gatherEsp({ openCore: given, kexts: ['x'] }, { signal })).rejects.toThrow(
      /is configured already: it takes no kexts/,
    );
  });

  it('of another loader: the folder with its program', async () => {
    const given = putFiles(
      place(),
      new Map([
        ['EFI/BOOT/BOOTX64.EFI', efiProgram()],
        ['EFI/BOOT/refind.conf', Buffer.from('timeout 1')],
      ]),
    );
    const esp = await gatherEsp({ efi: given }, { signal });
    expect(esp).toMatchObject({ loader: 'EFI/BOOT/BOOTX64.EFI', config: 'none' });
    expect(paths(esp)).toEqual(['EFI/BOOT/BOOTX64.EFI', 'EFI/BOOT/refind.conf']);
  });

  it.each<[string, () => Parameters<typeof gatherEsp>[0], RegExp]>([
    ['no loader at all', () => ({}), /Which loader/],
    ['both', () => ({ openCore: 'a', efi: 'b' }), /give one of them/],
    [
      'a release as a ready folder',
      () => ({ efi: join(putFiles(place(), releaseFiles()), 'X64') }),
      /expected EFI\/OC\/config.plist in it/,
    ],
    [
      'a folder without a loader',
      () => ({ efi: putFiles(place(), new Map([['EFI/x', 'x']])) }),
      /expected EFI\/BOOT\/BOOTX64.EFI in it/,
    ],
    [
      'a config that is JSON',
      () => ({ openCore: release(), config: join(putFiles(place(), new Map([['c', '{"a": 1}']])), 'c') }),
      /expected an XML or binary property list/,
    ],
    [
      'a config that names what is not there',
      () => ({
        openCore: release(),
        config: join(putFiles(place(), new Map([['c', CONFIG.replace('OpenRuntime', 'HfsPlus')]])), 'c'),
      }),
      /expected HfsPlus.efi in OC\/Drivers, found none/,
    ],
    [
      'a kext without Info.plist',
      () => ({ openCore: release(), kexts: [putFiles(place(), new Map([['A.kext/Contents/MacOS/A', 'x']]))] }),
      /expected Contents\/Info.plist in A.kext, found none/,
    ],
    [
      'no kext',
      () => ({ openCore: release(), kexts: [putFiles(place(), new Map([['a', 'x']]))], release: yosemite }),
      /expected a kext, found none/,
    ],
    [
      'a kext twice',
      () => ({ openCore: release(), kexts: [1, 2].map(() => putFiles(place(), new Map(kextFiles('A')))) }),
      /A.kext is there twice/,
    ],
  ])('refuses %s', async (_, request, message) => {
    const error = await gatherEsp(request(), { signal }).catch((caught: unknown) => caught);
    expect(error).toSatisfy((caught) => caught instanceof SourceError || caught instanceof UsageError);
    expect((error as UserError).message).toMatch(message);
  });

  it('is an image, made whole or not at all, the same bytes each time', async () => {
    vi.stubEnv('SOURCE_DATE_EPOCH', '1790000000');
    const from = release();
    const images: Buffer[] = [];
    for (const name of ['a.img', 'b.img']) {
      const file = join(place(), name);
      const made = await makeEsp(file, { openCore: from, release: yosemite, size: 4 << 20 }, { signal });
      expect(made).toMatchObject({ file, size: 4 << 20, loader: 'OpenCore 1.0.5 (RELEASE)' });
      images.push(readFileSync(file));
    }
    vi.unstubAllEnvs();
    expect(images[0]!.equals(images[1]!)).toBe(true);
    const volume = await FatVolume.open(fromBytes(images[0]!, 'esp'));
    expect((await volume.file(['EFI', 'BOOT', 'BOOTX64.EFI']))?.size).toBe(0x800);
    const there = join(place(), 'there');
    writeFileSync(there, 'mine');
    await expect(makeEsp(there, { openCore: from }, { signal })).rejects.toThrow(/exists already/);
    expect(readFileSync(there, 'utf8')).toBe('mine');
    const small = join(place(), 'small.img');
    await expect(makeEsp(small, { openCore: from, release: yosemite, size: 4096 }, { signal })).rejects.toThrow(
      /No FAT volume has|room for/,
    );
    await expect(open(small)).rejects.toThrow(/no such file/);
  });
});
