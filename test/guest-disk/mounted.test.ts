import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noJournal } from '../../src/core/journal.js';
import { installMounted, needlessHere, removeKextMounted } from '../../src/guest-disk/index.js';
import { bundleName, needless } from '../../src/guest-disk/kext.js';
import { chameleonReads } from '../helpers/chameleon-reader.js';
import { scratch } from '../helpers/judges/tool.js';

const REQUEST = { base: { Timeout: '5' } };
const NAME = 'org.chameleon.Boot.plist';
const install = (volume: string, request: Parameters<typeof installMounted>[1] = REQUEST) =>
  installMounted({ volume, force: true, journal: noJournal }, request);
const timeout = (folder: string) =>
  chameleonReads(`/Extra/${NAME}`, readFileSync(join(folder, 'Extra', NAME))).timeout();

describe('installMounted', () => {
  it('makes Extra and the plist, keeps every old one, and leaves nothing else', async () => {
    const folder = scratch('mounted');
    expect((await install(folder)).map(({ what }) => what)).toEqual(['add', 'add']);
    expect(timeout(folder)).toBe(5);
    expect(statSync(join(folder, 'Extra', NAME)).mode & 0o777).toBe(0o644);
    expect(await install(folder)).toEqual([]);
    writeFileSync(join(folder, 'Extra', NAME), 'by hand');
    await install(folder, { base: { Timeout: '2' } });
    await install(folder, { base: { Timeout: '3' } });
    expect(timeout(folder)).toBe(3);
    expect(readdirSync(join(folder, 'Extra')).sort()).toEqual([NAME, `${NAME}.bak`, `${NAME}.bak2`]);
    expect(readFileSync(join(folder, 'Extra', `${NAME}.bak`), 'utf8')).toBe('by hand');
  });

  it('merges, and refuses to merge with what the loader misreads', async () => {
    const folder = scratch('mounted');
    await install(folder, { base: { Timeout: '7', GUI: 'No' } });
    await install(folder, { base: { Timeout: '1' }, set: { Wait: 'Yes' }, merge: true });
    expect(timeout(folder)).toBe(7);
    writeFileSync(join(folder, 'Extra', NAME), '<dict><!-- x --><key>Timeout</key><string>5</string></dict>');
    await expect(install(folder, { ...REQUEST, merge: true })).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(/comment|dict ends/),
    });
  });

  it('keeps the permissions of the plist that was there', async () => {
    const folder = scratch('mounted');
    await install(folder);
    chmodSync(join(folder, 'Extra', NAME), 0o600);
    await install(folder, { base: { Timeout: '2' } });
    expect(statSync(join(folder, 'Extra', NAME)).mode & 0o777).toBe(0o600);
  });

  it('writes nothing in a dry run', async () => {
    const folder = scratch('mounted');
    const changes = await installMounted({ volume: folder, force: true, dryRun: true, journal: noJournal }, REQUEST);
    expect(changes.map(({ path }) => path)).toEqual([join(folder, 'Extra'), join(folder, 'Extra', NAME)]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses what is not the root of a volume, and links that lead out of it', async () => {
    const folder = scratch('mounted');
    await expect(installMounted({ volume: folder, journal: noJournal }, REQUEST)).rejects.toThrow(
      /not the root of one/,
    );
    await expect(installMounted({ volume: '/', journal: noJournal }, REQUEST)).rejects.toThrow(/own system/);
    await expect(installMounted({ volume: join(folder, 'no'), journal: noJournal }, REQUEST)).rejects.toThrow(
      /no such folder/,
    );
    expect(readdirSync(folder)).toEqual([]);
    const elsewhere = scratch('elsewhere');
    symlinkSync(elsewhere, join(folder, 'Extra'));
    await expect(install(folder)).rejects.toThrow(/no folder/);
    expect(readdirSync(elsewhere)).toEqual([]);
    const other = scratch('mounted');
    mkdirSync(join(other, 'Extra'));
    symlinkSync(join(elsewhere, 'x'), join(other, 'Extra', NAME));
    await expect(install(other)).rejects.toThrow(/no file/);
  });
});

describe('kexts', () => {
  const linux = (release: string) => ({ platform: 'linux', release });

  it.each([
    ['3.15.9', true],
    ['3.16.0', false],
    ['6.1.0-13-amd64', false],
    ['2.6.32', true],
  ])('of power management on Linux %s need removing: %s', (release, needed) => {
    expect(needlessHere('AppleIntelCPUPowerManagement', linux(release)) === undefined).toBe(needed);
  });

  it('need removing from 10.7 and older only, and others whenever the user says so', () => {
    const bundle = bundleName('AppleIntelCPUPowerManagement.kext');
    expect(bundle).toBe('AppleIntelCPUPowerManagement.kext');
    for (const [version, needed] of [
      ['10.6.8', true],
      ['10.7.5', true],
      ['10.8', false],
      ['10.10.5', false],
      ['11.0', false],
    ] as const) {
      expect(needless(bundle, linux('3.10'), version) === undefined).toBe(needed);
    }
    expect(needless('Other.kext', linux('6.0'), '10.10')).toBeUndefined();
    expect(needless(bundle, { platform: 'darwin', release: '22.1.0' })).toBeUndefined();
    for (const bad of ['', '../x', 'a/b', '.', '..', '.kext']) expect(() => bundleName(bad)).toThrow(/name of a kext/);
  });

  it('go from a mounted volume with the caches that hold a copy, and the folder gets a new date', async () => {
    const folder = scratch('mounted');
    const extensions = join(folder, 'System/Library/Extensions');
    const kext = join(extensions, 'AppleIntelCPUPowerManagement.kext');
    const cache = join(folder, 'System/Library/Caches/com.apple.kext.caches/Startup');
    mkdirSync(join(kext, 'Contents'), { recursive: true });
    mkdirSync(join(extensions, 'Other.kext'));
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, 'kernelcache'), 'x');
    utimesSync(extensions, 1000, 1000);
    const options = { name: 'AppleIntelCPUPowerManagement', volume: folder, force: true, journal: noJournal };
    const planned = await removeKextMounted({ ...options, dryRun: true });
    expect(existsSync(kext)).toBe(true);
    expect(await removeKextMounted(options)).toEqual(planned);
    expect(readdirSync(extensions)).toEqual(['Other.kext']);
    expect(existsSync(join(cache, '..'))).toBe(false);
    expect(statSync(extensions).mtimeMs).toBeGreaterThan(1e12);
    await expect(removeKextMounted(options)).rejects.toThrow(/there is no \/System\/Library\/Extensions\/Apple/);
  });
});
