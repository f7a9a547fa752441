import { copyFile, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Faults } from '../../scripts/installer/index.js';
import { UserError } from '../../src/errors.js';
import { build } from '../../src/iso/build.js';
import { type BuildOptions, planBuild } from '../../src/iso/plan.js';
import { points } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

let counter = 0;

/** Builds, and returns the error; nothing may be left where the ISO would have been. */
async function failure(app: string, more: Partial<BuildOptions> = {}): Promise<UserError> {
  const folder = join(testFolder(), `out-${counter++}`);
  await mkdir(folder);
  const options = { app, output: join(folder, 'x.iso'), ...more };
  const error = await (async () => {
    const plan = await planBuild(options);
    await build(plan, options, { signal: new AbortController().signal, emit: () => undefined });
  })().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect(await readdir(folder)).toEqual([]);
  return error as UserError;
}

const SHARED = 'Contents/SharedSupport';

describe('a source that cannot be used', () => {
  const cases: [string, Faults, RegExp][] = [
    ['a stub app', { app: 'stub' }, /expected Contents\/SharedSupport.*stub/],
    ['no kernel in the package', { kernel: 'missing' }, /kernel.*(expected|found) /i],
    [
      'a kernel that is no Mach-O',
      { kernel: 'text' },
      /expected a kernel, found a file that starts with .*not a Mach-O/,
    ],
    ['a damaged chunk', { damagedChunk: 'data' }, /BaseSystem\.dmg/],
    ['a damaged trailer', { damagedChunk: 'trailer' }, /BaseSystem\.dmg: chunk 0.*expected SHA-256/],
    ['no chunklist', { chunklist: 'missing' }, /BaseSystem\.chunklist: expected a file/],
    ['a real Packages folder in BaseSystem', { packagesLink: 'folder' }, /expected a symbolic link, found a folder/],
    ['no SystemVersion.plist', { systemVersion: 'missing' }, /SystemVersion\.plist: expected the version/],
    ['a dirty journal', { baseJournal: 'dirty' }, /journal/],
  ];
  for (const [name, faults, message] of points(cases, 3)) {
    it(`${name}: exit 3, nothing left behind`, async () => {
      const error = await failure(await smallInstaller(faults));
      expect(error.message).toMatch(message);
      expect(error.exitCode).toBe(3);
    });
  }

  it('a damaged trailer of a BaseSystem.dmg that no step copies: exit 3, found on its way', async () => {
    const error = await failure(await smallInstaller({ damagedChunk: 'trailer' }, { release: '10.7' }));
    expect(error.message).toMatch(/BaseSystem\.dmg: chunk 0.*expected SHA-256/);
    expect(error.exitCode).toBe(3);
  });

  it('macOS 11 and later: the reason', async () => {
    const error = await failure(await smallInstaller({}, { release: '11' }));
    expect(error.message).toMatch(/macOS 11 or later/);
    expect(error.exitCode).toBe(3);
  });

  it('nothing there: says where it looked', async () => {
    const error = await failure('Install OS X Nowhere.app');
    expect(error.message).toMatch(/no such file or folder[\s\S]*\/Applications\/Install OS X Nowhere\.app/);
    expect(error.exitCode).toBe(3);
  });

  it('a folder with something else, an incomplete app', async () => {
    const folder = join(testFolder(), 'something');
    await mkdir(folder);
    await writeFile(join(folder, 'readme'), 'x');
    expect((await failure(folder)).message).toMatch(/expected an installer app or a folder with InstallESD\.dmg/);
    await mkdir(join(folder, SHARED), { recursive: true });
    expect((await failure(folder)).message).toMatch(
      /expected Contents\/SharedSupport\/InstallESD\.dmg, found an empty folder/,
    );
  });

  it('a download that ended early, in many places', async () => {
    const esd = join(await smallInstaller(), SHARED, 'InstallESD.dmg');
    const size = (await readFile(esd)).length;
    for (const part of [0, 0.00001, 0.1, 0.5, 0.9, 0.99999]) {
      const folder = join(testFolder(), `cut-${part}`);
      await mkdir(folder);
      const cut = join(folder, 'InstallESD.dmg');
      await copyFile(esd, cut);
      await truncate(cut, Math.floor(size * part));
      const error = await failure(cut);
      expect(error.exitCode, error.message).toBe(3);
    }
  });

  it('a byte that flipped on the disk: found wherever it is', async () => {
    const esd = join(await smallInstaller(), SHARED, 'InstallESD.dmg');
    const bytes = await readFile(esd);
    const folder = join(testFolder(), 'flipped');
    await mkdir(folder);
    const flipped = join(folder, 'InstallESD.dmg');
    // In the data fork: the last tenth of the file holds the property list, whose names carry no checksum.
    for (const part of points([0.01, 0.2, 0.4, 0.6, 0.8, 0.9], 3)) {
      const at = Math.floor(bytes.length * part);
      bytes[at] = bytes[at]! ^ 0x10;
      await writeFile(flipped, bytes);
      bytes[at] = bytes[at]! ^ 0x10;
      const error = await failure(flipped);
      expect(error.exitCode, `${part}: ${error.message}`).toBe(3);
    }
  });

  it('an unsigned chunklist, where a signature is required', async () => {
    const error = await failure(await smallInstaller(), { requireSignature: true });
    expect(error.message).toMatch(/expected a chunklist signed by Apple, found one not signed/);
    expect(error.exitCode).toBe(3);
  });
});

describe('an output that cannot be', () => {
  it('exists already: untouched', async () => {
    const app = await smallInstaller();
    const there = join(testFolder(), 'there.iso');
    await writeFile(there, 'mine');
    const error = await planBuild({ app, output: there }).catch((e: unknown) => e);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/exists already/) });
    expect(await readFile(there, 'utf8')).toBe('mine');
  });

  it('lies in no folder, or is a device', async () => {
    const app = await smallInstaller();
    await expect(planBuild({ app, output: '/nowhere/x.iso' })).rejects.toMatchObject({ exitCode: 2 });
    await expect(planBuild({ app, output: '/dev/null' })).rejects.toMatchObject({ exitCode: 2 });
  });
});
