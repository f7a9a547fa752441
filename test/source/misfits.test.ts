import { copyFile, mkdir, open, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { uuidSeed } from '../../scripts/installer/base.js';
import { writeDmg } from '../../scripts/installer/dmg.js';
import { EntryList } from '../../scripts/installer/entries.js';
import { wrapInstaller } from '../../scripts/installer/index.js';
import { type SourceError, UserError } from '../../src/errors.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { writeXar } from '../../src/formats/xar/index.js';
import { build } from '../../src/iso/build.js';
import { planBuild } from '../../src/iso/plan.js';
import { openInstaller } from '../../src/source/index.js';
import { LONG, points } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

// What people give that is no installer: each is recognised, with a sentence of its own and what to do, as exit 3.

const SCALE = { scale: 0.0005 };
const SHARED = 'Contents/SharedSupport';
let counter = 0;
let app: string;
let esd: string;

beforeAll(async () => {
  app = await smallInstaller({}, SCALE);
  esd = join(app, SHARED, 'InstallESD.dmg');
});

async function folder(): Promise<string> {
  const path = join(testFolder(), `misfit-${counter++}`);
  await mkdir(path);
  return path;
}

async function fileOf(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(await folder(), name);
  await writeFile(path, bytes);
  return path;
}

async function refused(given: string, sentence: RegExp, hint: RegExp): Promise<void> {
  const error = await openInstaller(given).then(
    async (installer) => {
      await installer.files.close();
      return undefined;
    },
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(UserError);
  const { message, exitCode, hint: said } = error as SourceError;
  expect(message).toMatch(sentence);
  expect(message.startsWith(given) || message.includes(basename(given)), message).toBe(true);
  expect(said ?? '').toMatch(hint);
  expect(exitCode).toBe(3);
}

/** A disk image with a volume that has these files, by path. */
async function dmgWith(name: string, files: Readonly<Record<string, string>>, volume = 'Some Volume'): Promise<string> {
  const list = new EntryList(1);
  for (const [path, text] of Object.entries(files)) list.text(path.split('/'), text);
  const path = join(await folder(), name);
  const details = { name: volume, entries: list.entries, uuidSeed: uuidSeed(1, volume) };
  await writeDmg(path, { volume: details, map: 'gpt', seed: 1, report: () => {} });
  return path;
}

async function pkgWith(name: string, members: readonly string[]): Promise<string> {
  const parts: Uint8Array[] = [];
  const inputs = members.map((member) => ({ name: member, content: fromBytes(Buffer.alloc(5000, member), member) }));
  await writeXar(inputs, async (bytes) => void parts.push(Uint8Array.from(bytes)));
  return fileOf(name, Buffer.concat(parts));
}

describe('a download that has not ended', () => {
  for (const ending of ['.download', '.part', '.crdownload', '.partial', '.aria2']) {
    it(`by its name: ${ending}`, async () => {
      await refused(await fileOf(`InstallMacOSX.dmg${ending}`, 'x'), /has not ended/, /Wait until it has/);
    });
  }

  it('Safari’s, which is a folder; one in a folder; one in an app', async () => {
    const safari = join(await folder(), 'InstallMacOSX.dmg.download');
    await mkdir(safari);
    await writeFile(join(safari, 'InstallMacOSX.dmg'), 'x');
    await refused(safari, /has not ended/, /Wait/);
    const one = await fileOf('InstallOS.dmg.part', 'x');
    const error = await openInstaller(join(one, '..')).catch((e: unknown) => e);
    expect(error).toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/InstallOS\.dmg\.part: this is a download/),
    });
    const half = join(await folder(), 'Install OS X Yosemite.app');
    await mkdir(join(half, SHARED), { recursive: true });
    await writeFile(join(half, SHARED, 'InstallESD.dmg.download'), 'x');
    await refused(half, /incomplete: its InstallESD\.dmg is still called/, /get it again/);
  });

  it('by what lies beside it', async () => {
    const path = await fileOf('InstallMacOSX.dmg', 'some bytes');
    await writeFile(`${path}.aria2`, '');
    await refused(path, /incomplete: InstallMacOSX\.dmg\.aria2 lies beside it/, /get it again/);
  });

  it('an empty file, and one without its end', async () => {
    await refused(await fileOf('InstallESD.dmg', ''), /incomplete: it is empty/, /get it again/);
    const cut = join(await folder(), 'InstallESD.dmg');
    await copyFile(esd, cut);
    await truncate(cut, 1_000_000);
    await refused(cut, /incomplete: a \.dmg ends with the word "koly"/, /get it again/);
  });

  it('a file smaller than its trailer says', async () => {
    const bytes = await readFile(esd);
    const path = await fileOf('InstallESD.dmg', Buffer.concat([bytes.subarray(0, 100_000), bytes.subarray(-512)]));
    await refused(path, /incomplete: koly trailer says \d+ bytes at 0, it has 100512 bytes/, /get it again/);
  });

  it('a package, a raw disk', async () => {
    const pkg = await wrapInstaller(app, 'pkg', await folder());
    await truncate(pkg, 500_000);
    await refused(pkg, /incomplete: xar member/, /get it again/);
    const iso = join(await folder(), 'x.iso');
    await build(await planBuild({ app, output: iso, engine: 'native' }), {}, running);
    await rename(iso, `${iso}.cdr`);
    await truncate(`${iso}.cdr`, 3_000_000);
    await refused(
      `${iso}.cdr`,
      /incomplete: volume header says \d+ blocks, it has room for \d+ blocks of 4096 bytes/,
      /get it again/,
    );
  });
});

const running = { signal: new AbortController().signal, emit: () => undefined };

describe('another kind of installer', () => {
  it.runIf(LONG)('the defective Sierra: refused as an app, taken as its image', async () => {
    const sierra = await smallInstaller({ shortVersion: '12.6.06' }, { ...SCALE, release: '10.12' });
    await refused(sierra, /defective "12\.6\.06" edition/, /--app ".*InstallESD\.dmg"/);
    await refused(await wrapInstaller(sierra, 'dmg-app', await folder()), /defective/, /InstallESD\.dmg/);
    const installer = await openInstaller(join(sierra, SHARED, 'InstallESD.dmg'));
    expect(installer).toMatchObject({ version: '10.12.6', kind: 'dmg' });
    await installer.files.close();
  });

  it('a stub, also on a disk image', async () => {
    await refused(await smallInstaller({ app: 'stub' }, SCALE), /a stub of an installer/, /full installer/);
    const dmg = await dmgWith('x.dmg', { 'Install OS X Yosemite.app/Contents/Info.plist': '' });
    await refused(dmg, /a stub of an installer/, /full installer/);
  });

  it('macOS 11 and later: the app, its image, the package of it, the app on an image', async () => {
    const bigSur = await smallInstaller({}, { ...SCALE, release: '11' });
    const image = join(bigSur, SHARED, 'SharedSupport.dmg');
    const later = /macOS 11 or later/;
    await refused(bigSur, later, /createinstallmedia/);
    await refused(image, later, /createinstallmedia/);
    await refused(await pkgWith('InstallAssistant.pkg', ['Bom', 'SharedSupport.dmg']), later, /createinstallmedia/);
    const inside = { 'Install macOS Big Sur.app/Contents/SharedSupport/SharedSupport.dmg': 'x' };
    await refused(await dmgWith('x.dmg', inside), later, /createinstallmedia/);
    const alone = await folder();
    await copyFile(image, join(alone, 'SharedSupport.dmg'));
    await refused(alone, later, /createinstallmedia/);
  });

  it.runIf(LONG)('only a recovery: a Base System, alone in a folder, a Recovery HD', async () => {
    const mojave = await smallInstaller({}, { ...SCALE, release: '10.14' });
    const alone = await folder();
    await copyFile(join(mojave, SHARED, 'BaseSystem.dmg'), join(alone, 'BaseSystem.dmg'));
    await refused(
      join(alone, 'BaseSystem.dmg'),
      /found the Base System of macOS 10\.14\.6 Mojave/,
      /only starts a recovery/,
    );
    await refused(alone, /found a Base System without it/, /only starts a recovery/);
    const recovery = await dmgWith('x.dmg', { 'com.apple.recovery.boot/BaseSystem.dmg': 'x' }, 'Recovery HD');
    await refused(recovery, /found a recovery system \("Recovery HD"\)/, /only starts a recovery/);
  });

  it.runIf(LONG)('InstallESD.dmg of 10.13 without what belongs beside it', async () => {
    const highSierra = await smallInstaller({}, { ...SCALE, release: '10.13' });
    const alone = join(await folder(), 'InstallESD.dmg');
    await copyFile(join(highSierra, SHARED, 'InstallESD.dmg'), alone);
    await refused(alone, /expected BaseSystem\.dmg in InstallESD\.dmg or beside it/, /BaseSystem\.chunklist/);
  });

  it('what createinstallmedia made: mounted, or an image of it', async () => {
    const stick = await folder();
    await mkdir(join(stick, '.IABootFiles'));
    await refused(stick, /a disk that createinstallmedia made/, /installer app that lies on it/);
    const files = { '.IABootFiles/boot.efi': 'x', 'Install OS X Yosemite.app/Contents/Info.plist': '' };
    await refused(
      await dmgWith('stick.dmg', files, 'Install OS X'),
      /createinstallmedia made \("Install OS X"\)/,
      /app/,
    );
  });

  it('an ISO of ours: of 10.10, of 10.7, whose ISO looks like a source, and of 10.6', async () => {
    for (const release of points(['10.7', '10.10', '10.6'] as const, 1)) {
      const given = await smallInstaller({}, { ...SCALE, release });
      const iso = join(await folder(), 'x.iso');
      await build(await planBuild({ app: given, output: iso, engine: 'native' }), {}, running);
      await refused(iso, /this is a finished installer disk of .*10\.(10\.5|7\.5|6\.3)/, /osx-iso verify/);
      if (release === '10.6') continue; // A DVD without its manifest is a source: it is made a copy of.
      await rename(iso, `${iso}.cdr`);
      await refused(`${iso}.cdr`, /this is a finished installer disk of/, /osx-iso verify/);
    }
  });
});

describe('no installer at all', () => {
  it('APFS: bare, and in a partition', async () => {
    const bare = Buffer.alloc(1 << 20);
    bare.write('NXSB', 32, 'latin1');
    await refused(await fileOf('x.dmg', bare), /expected an HFS\+ volume, found an APFS one/, /hdiutil attach/);
    const disk = await readFile(await rawDisk());
    disk.write('NXSB', 40 * 512 + 32, 'latin1');
    disk.fill(0, 40 * 512 + 1024, 40 * 512 + 1536);
    await refused(await fileOf('x.iso', disk), /found an APFS one/, /hdiutil attach/);
  });

  it('encrypted', async () => {
    const bytes = Buffer.alloc(100_000, 7);
    bytes.write('encrcdsa', 0, 'latin1');
    await refused(await fileOf('secret.dmg', bytes), /is an encrypted disk image/, /hdiutil convert/);
  });

  it('a bare APFS disk is called that', async () => {
    const disk = Buffer.alloc(0x9000);
    disk.write('NXSB', 32, 'latin1');
    await refused(await fileOf('disk.img', disk), /expected an HFS\+ volume, found an APFS one/, /hdiutil attach/);
  });

  it('something else altogether', async () => {
    const words: [string, string | Uint8Array, RegExp, RegExp][] = [
      ['Yosemite.zip', 'PK\x03\x04 and so on', /expected an installer, found a zip archive/, /Unpack it/],
      ['InstallESD.dmg', 'PK\x03\x04 and so on', /found a zip archive/, /Unpack it/],
      ['Yosemite.7z', Buffer.from("7z\xbc\xaf'\x1c", 'latin1'), /found a 7-Zip archive/, /Unpack it/],
      ['Yosemite.rar', 'Rar!\x1a\x07', /found a rar archive/, /Unpack it/],
      ['Yosemite.gz', Buffer.from('1f8b08', 'hex'), /found a gzip file/, /Unpack it/],
      ['Yosemite.bz2', 'BZh9', /found a bzip2 file/, /Unpack it/],
      ['Yosemite.xz', Buffer.from('fd377a585a00', 'hex'), /found an xz file/, /Unpack it/],
      ['Yosemite.tar', `${Buffer.alloc(257, 'x').toString()}ustar`, /found a tar archive/, /Unpack it/],
      ['disk.qcow2', Buffer.from('QFI\xfb', 'latin1'), /found a disk of a virtual machine/, /InstallMacOSX\.dmg/],
      ['disk.vmdk', 'KDMV', /found a disk of a virtual machine/, /InstallMacOSX\.dmg/],
      ['notes.txt', 'some words', /found a file that is neither a disk image nor a package/, /InstallESD\.dmg/],
    ];
    for (const [name, bytes, sentence, hint] of words) await refused(await fileOf(name, bytes), sentence, hint);
    const disc = Buffer.alloc(0x9000);
    disc.write('CD001', 0x8001, 'latin1');
    await refused(await fileOf('debian.iso', disc), /found an ISO 9660 disc/, /Yosemite/);
  });

  it('another volume, another package, another folder', async () => {
    await refused(
      await dmgWith('x.dmg', { 'Read me': 'hello' }),
      /the volume "Some Volume", which is no installer/,
      /inspect/,
    );
    await refused(
      await pkgWith('Some.pkg', ['Bom', 'Payload']),
      /expected a package with InstallESD\.dmg, found Bom, Payload/,
      /InstallMacOSX\.pkg/,
    );
    const mounted = await folder();
    await mkdir(join(mounted, 'Packages'));
    await writeFile(join(mounted, 'BaseSystem.dmg'), 'x');
    await refused(mounted, /the content of one, mounted or copied/, /disk image itself/);
    const several = await folder();
    await mkdir(join(several, 'Install OS X Yosemite.app'));
    await mkdir(join(several, 'Install OS X Mavericks.app'));
    await refused(
      several,
      /expected one installer app, found Install OS X Mavericks\.app, Install OS X Yosemite\.app/,
      /one of them/,
    );
  });
});

/** A raw disk with a GUID map. */
async function rawDisk(): Promise<string> {
  const iso = join(await folder(), 'x.iso');
  await build(await planBuild({ app, output: iso, engine: 'native', map: 'gpt' }), { map: 'gpt' }, running);
  const copy = join(await folder(), 'raw');
  await rename(iso, copy);
  const file = await open(copy);
  await file.close();
  return copy;
}
