import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  identity,
  madeFrom,
  makeInstaller,
  type ReleaseName,
  releases,
  settingsOf,
  wrapInstaller,
} from '../installer/index.js';

/** An installer to build from. */
export interface Source {
  /** For the table: "10.10 app". */
  readonly name: string;
  /** What is given as --app. */
  readonly given: string;
  /** Its files on this machine. */
  readonly files: readonly string[];
  /** Bytes of them. */
  readonly size: number;
}

/** The app of a release in `dir`, made where it is not there, or was made by a generator that made something else. */
export async function appIn(dir: string, release: ReleaseName, scale: number): Promise<Source> {
  const options = { directory: join(dir, `${release}-${scale}`), release, scale };
  const app = join(options.directory, releases[release].app);
  if ((await madeFrom(app)) !== JSON.stringify(identity(settingsOf(options)))) {
    say(`Making ${basename(app)} of scale ${scale} in ${options.directory}, once…`);
    await makeInstaller({ ...options, report: progress() });
  }
  const shared = join(app, 'Contents', 'SharedSupport');
  const files = (await readdir(shared)).map((name) => join(shared, name));
  return source(`${release} app`, app, files);
}

/** The same installer as Apple's support pages offer it: a disk image with a package with InstallESD.dmg. */
export async function deepIn(dir: string, release: ReleaseName, scale: number): Promise<Source> {
  const { given: app } = await appIn(dir, release, scale);
  const folder = join(dir, `${release}-${scale}`);
  const image = join(folder, basename(app).includes('macOS') ? 'InstallOS.dmg' : 'InstallMacOSX.dmg');
  const isNewer = existsSync(image) && (await stat(image)).mtimeMs > (await stat(app)).mtimeMs;
  if (!isNewer) say(`Wrapping it in ${basename(image)}, once…`);
  const given = isNewer ? image : await wrapInstaller(app, 'dmg', folder);
  return source(`${release} dmg`, given, [given]);
}

async function source(name: string, given: string, files: readonly string[]): Promise<Source> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return { name, given, files, size: sizes.reduce((sum, size) => sum + size, 0) };
}

/** A line for each part of an installer as it begins. */
function progress() {
  let shown = '';
  return ({ what }: { readonly what: string }) => {
    if (what !== shown) say(`  ${what}`);
    shown = what;
  };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
