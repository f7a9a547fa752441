import { copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type ByteSource, chunks } from '../../src/formats/bytes.js';
import { type HostFile, openHostFile } from '../../src/host/host-file.js';
import { uuidSeed } from './base.js';
import { writeDmg } from './dmg.js';
import { EntryList } from './entries.js';
import type { Form, PartitionMap } from './options.js';
import { cataloguePackage, productArchive, storeImage } from './outer-package.js';
import { seedFor } from './random.js';
import { type Release, releases } from './releases.js';

/** Of the EFI partition before the volume, where there is one. */
const EFI_SECTORS = 2048;
/** What lies in SharedSupport and goes along. */
const PARTS = [
  'InstallESD.dmg',
  'BaseSystem.dmg',
  'BaseSystem.chunklist',
  'AppleDiagnostics.dmg',
  'AppleDiagnostics.chunklist',
  'InstallInfo.plist',
];

/** The file to give of a form that is a folder of several. */
const GIVEN = {
  esd: 'InstallESD.dmg',
  catalogue: 'InstallESDDmg.pkg',
  renamed: 'InstallESD.dmg',
  'app-store': 'InstallESD.dmg',
} as const;

/** What to give to osx-iso of a form that was made as `path`. */
export function givenOf(form: Form, path: string): string {
  return form in GIVEN ? join(path, GIVEN[form as keyof typeof GIVEN]) : path;
}

/** Wraps what is in a made app in another form, into a folder; the app stays. Returns the path to give to osx-iso. */
export async function wrapInstaller(app: string, form: Form, directory: string, seed = 1): Promise<string> {
  if (form === 'app') return app;
  const shared = join(app, 'Contents', 'SharedSupport');
  const parts = (await readdir(shared)).filter((name) => PARTS.includes(name));
  const title = basename(app, extname(app));
  if (form === 'folder' || form === 'esd') {
    const folder = join(directory, `${title} (${form})`);
    await mkdir(folder, { recursive: true });
    for (const name of parts) await copyFile(join(shared, name), join(folder, name));
    return givenOf(form, folder);
  }
  const opened: HostFile[] = [];
  const open = async (path: string) => {
    const file = await openHostFile(path);
    opened.push(file);
    return file;
  };
  try {
    // Apple's names: InstallMacOSX up to 10.11, InstallOS from then on.
    const name = title.includes('macOS') ? 'InstallOS' : 'InstallMacOSX';
    const release = releaseOfApp(basename(app));
    const path = join(directory, form === 'pkg' ? `${name}.pkg` : form === 'dmg' ? `${name}.dmg` : `${title}.dmg`);
    await mkdir(directory, { recursive: true });
    const contents = new Map<string, ByteSource>();
    for (const part of parts) contents.set(part, await open(join(shared, part)));
    if (form === 'catalogue' || form === 'renamed' || form === 'app-store') {
      return await inFolder(form, join(directory, `${title} (${form})`), contents);
    }
    if (form === 'dmg-app') {
      const list = new EntryList(seedFor(seed, 'dmg with an app'));
      for (const [part, source] of contents) list.file([basename(app), 'Contents', 'SharedSupport', part], source);
      list.file([basename(app), 'Contents', 'Info.plist'], await open(join(app, 'Contents', 'Info.plist')));
      await whole(path, (making) => dmg(making, title, release.outerMap, list, seed));
      return path;
    }
    const pkg = await productArchive(name, app, contents, seed);
    if (form === 'pkg') {
      await whole(path, (making) => copySource(pkg, making));
      return path;
    }
    const list = new EntryList(seedFor(seed, 'dmg with a package'));
    list.file([`${name}.pkg`], pkg);
    await whole(path, (making) => dmg(making, release.outerVolume, release.outerMap, list, seed));
    return path;
  } finally {
    for (const file of opened) await file.close();
  }
}

/** InstallESD.dmg in one file with an archive, and beside it what lies beside it in the app. */
async function inFolder(form: keyof typeof GIVEN, folder: string, contents: ReadonlyMap<string, ByteSource>) {
  await mkdir(folder, { recursive: true });
  for (const [part, source] of contents) {
    if (part !== 'InstallESD.dmg') await whole(join(folder, part), (making) => copySource(source, making));
    else {
      const file = await (form === 'app-store' ? storeImage(source) : cataloguePackage(source));
      await whole(givenOf(form, folder), (making) => copySource(file, making));
    }
  }
  return givenOf(form, folder);
}

/** By the app's name, which each release has for itself. */
function releaseOfApp(app: string): Release {
  const found = Object.values(releases).find((release) => release.app === app);
  if (!found) throw new Error(`${app} is no app of ours`);
  return found;
}

function dmg(path: string, volume: string, map: PartitionMap, { entries }: EntryList, seed: number): Promise<void> {
  const details = { name: volume, entries, uuidSeed: uuidSeed(seed, volume) };
  return writeDmg(path, {
    volume: details,
    map,
    efiSectors: EFI_SECTORS,
    seed: seedFor(seed, volume),
    report: () => {},
  });
}

async function copySource(source: ByteSource, path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for await (const bytes of chunks(source)) await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}

/** The file gets its name when it is whole. */
async function whole(path: string, write: (making: string) => Promise<void>): Promise<void> {
  const making = `${path}.making`;
  try {
    await write(making);
    await rename(making, path);
  } catch (error) {
    await rm(making, { force: true });
    throw error;
  }
}
