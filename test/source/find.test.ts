import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { forms, wrapInstaller } from '../../scripts/installer/index.js';
import { installerTitle, releases } from '../../src/releases.js';
import { findInstaller } from '../../src/source/find.js';
import { openInstaller } from '../../src/source/index.js';
import { LONG } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

let applications: string;
let mine: string;
let folders: string[];

beforeAll(async () => {
  applications = join(testFolder(), 'Applications');
  mine = join(testFolder(), 'mine');
  folders = [applications, mine];
  for (const folder of folders) await mkdir(join(folder, 'Install OS X Yosemite.app'), { recursive: true });
  await mkdir(join(mine, 'Install macOS Sierra.app'));
  await mkdir(join(mine, 'Safari.app'));
  await writeFile(join(mine, 'InstallESD.dmg'), 'x');
});

describe('a bare name', () => {
  it('is taken where there is one, with or without .app, or as a part', async () => {
    const sierra = { path: join(mine, 'Install macOS Sierra.app'), isFolder: true };
    for (const name of ['Install macOS Sierra.app', 'Install macOS Sierra', 'sierra']) {
      expect(await findInstaller(name, { folders })).toEqual(sierra);
    }
    expect(await findInstaller('InstallESD.dmg', { folders })).toMatchObject({ isFolder: false });
    // What is named in full need not be called like an installer.
    expect(await findInstaller('Safari', { folders })).toMatchObject({ path: join(mine, 'Safari.app') });
  });

  it('of several: an error that lists them, or a choice', async () => {
    const both = folders.map((folder) => join(folder, 'Install OS X Yosemite.app'));
    const list = expect.stringContaining(both.map((path) => `  ${path}`).join('\n'));
    await expect(findInstaller('Install OS X Yosemite', { folders })).rejects.toMatchObject({
      exitCode: 2,
      message: list,
    });
    let asked: readonly string[] = [];
    const choose = async (paths: readonly string[]) => {
      asked = paths;
      return 1;
    };
    expect(await findInstaller('yosemite', { folders, choose })).toMatchObject({ path: both[1] });
    expect(asked).toEqual(both);
    await expect(findInstaller('yosemite', { folders, choose: async () => undefined })).rejects.toMatchObject({
      exitCode: 2,
    });
  });

  it('of none: where it was looked for', async () => {
    const error = await findInstaller('Install OS X Nowhere', { folders }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(join(mine, 'Install OS X Nowhere.app')),
    });
  });
});

describe('no name', () => {
  it('lists all there are, or asks, also of a single one', async () => {
    const found = [
      join(applications, 'Install OS X Yosemite.app'),
      join(mine, 'Install OS X Yosemite.app'),
      join(mine, 'Install macOS Sierra.app'),
      join(mine, 'InstallESD.dmg'),
    ];
    const error = await findInstaller(undefined, { folders }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(found.map((path) => `  ${path}`).join('\n')),
    });
    expect(await findInstaller(undefined, { folders, choose: async () => 2 })).toMatchObject({ path: found[2] });
    await expect(findInstaller(undefined, { folders: [applications] })).rejects.toMatchObject({ exitCode: 2 });
    await expect(findInstaller(undefined, { folders: [join(mine, 'nothing')] })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('none lies here'),
    });
  });
});

describe('every form says what it is', () => {
  it.each(forms.map((form) => [form]))('%s', async (form) => {
    const app = await smallInstaller({}, { scale: 0.0005, release: '10.13' });
    const given = await wrapInstaller(app, form, join(testFolder(), `form-${form}`));
    const installer = await openInstaller(given);
    await installer.files.close();
    const kinds = {
      app: 'app',
      folder: 'folder',
      esd: 'dmg',
      pkg: 'pkg > dmg',
      dmg: 'dmg > pkg > dmg',
      'dmg-app': 'dmg > app > dmg',
      catalogue: 'pkg > dmg',
      renamed: 'pkg > dmg',
      'app-store': 'dmg',
    };
    expect(installer).toMatchObject({ kind: kinds[form], version: '10.13.6', build: '17G9999', notes: [] });
    // {name} in -o.
    expect(installer.title).toBe('Install macOS High Sierra');
    expect(installer.sizes.packages).toBeGreaterThan(1_000_000);
  });

  it('a folder with the app in it, a folder with a package', async () => {
    const app = await smallInstaller({}, { scale: 0.0005 });
    const outer = await openInstaller(join(app, '..'));
    // Its own name, not that of the folder around it.
    expect(outer).toMatchObject({ kind: 'app', title: 'Install OS X Yosemite', name: 'Install OS X Yosemite.app' });
    await outer.files.close();
    const folder = join(testFolder(), 'with-package');
    await wrapInstaller(app, 'pkg', folder);
    const inner = await openInstaller(folder);
    expect(inner).toMatchObject({ kind: 'pkg > dmg', version: '10.10.5' });
    await inner.files.close();
  });
});

it('{name} is what Apple calls the app of a release', () => {
  expect(releases.map(({ version }) => installerTitle(`${version}.3`))).toEqual([
    'Install Mac OS X Snow Leopard',
    'Install Mac OS X Lion',
    'Install OS X Mountain Lion',
    'Install OS X Mavericks',
    'Install OS X Yosemite',
    'Install OS X El Capitan',
    'Install macOS Sierra',
    'Install macOS High Sierra',
    'Install macOS Mojave',
    'Install macOS Catalina',
  ]);
});

describe('InstallInfo.plist', () => {
  it.runIf(LONG)('is a second witness: what it says against the system is noted', async () => {
    const app = await smallInstaller({ installInfo: 'contradicts' }, { scale: 0.0005, release: '10.12' });
    const { notes, files, version } = await openInstaller(app);
    await files.close();
    expect(version).toBe('10.12.6');
    expect(notes).toEqual([
      expect.stringMatching(/^InstallInfo\.plist says 10\.12\.1, the system inside is macOS 10\.12\.6 Sierra/),
    ]);
  });

  it('is not missed', async () => {
    const app = await smallInstaller({ installInfo: 'missing' }, { scale: 0.0005, release: '10.12' });
    const { notes, files } = await openInstaller(app);
    await files.close();
    expect(notes).toEqual([]);
  });
});
