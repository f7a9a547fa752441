import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { HostError, SourceError, UsageError } from '../errors.js';
import { hostCode, hostError, hostFault } from '../host/faults.js';
import { INSTALLER_NAME, releaseWanted } from '../known/names.js';
import { majorVersion } from '../releases.js';

/** What a path is on this host. */
export interface Found {
  readonly path: string;
  readonly isFolder: boolean;
}

/** Asks a person which of several it shall be; undefined when they do not say. */
export type Choose = (paths: readonly string[]) => Promise<number | undefined>;

export interface FindOptions {
  /** Where there is somebody to ask. */
  readonly choose?: Choose | undefined;
  /** Where installers lie besides the current folder. */
  readonly folders?: readonly string[] | undefined;
  /** Ends the looking, and later every reading of what was found. */
  readonly signal?: AbortSignal;
}

const WHAT_TO_GIVE =
  'Give the path of "Install OS X Yosemite.app" or of its InstallESD.dmg. Apple still offers some: osx-iso list, osx-iso build yosemite';

/** Nothing of that name is on this computer. */
export class NotHere extends SourceError {}

/**
 * Finds what was given with --app: the path itself, or a bare name in the folders where installers lie, with or without ".app", or
 * a part of it ("yosemite"). Of several, and when nothing was given, somebody chooses. SourceError that lists where it was looked
 * for, UsageError that lists what there is where nobody can be asked.
 */
export async function findInstaller(given: string | undefined, options: FindOptions = {}): Promise<Found> {
  const folders = options.folders ?? ['/Applications', join(homedir(), 'Applications')];
  if (given === undefined) {
    const all = await installersIn([resolve('.'), ...folders]);
    if (all.length === 0) {
      throw new UsageError(
        'No installer is given, and none lies here, in /Applications or in ~/Applications.',
        WHAT_TO_GIVE,
      );
    }
    return oneOf(all, 'No installer is given. There are:', options.choose);
  }
  const names = /\.(app|dmg|pkg)$/i.test(given) ? [given] : [given, `${given}.app`];
  const bare = basename(given) === given;
  const here = (bare ? names : [given]).map((name) => resolve(name));
  for (const path of here) {
    const found = await look(path);
    if (found) return found;
  }
  const elsewhere = bare ? folders.flatMap((folder) => names.map((name) => join(folder, name))) : [];
  const exact: string[] = [];
  for (const path of elsewhere) if (await look(path)) exact.push(path);
  const matches = exact.length > 0 || !bare ? exact : await similar(given, folders);
  if (matches.length > 0)
    return oneOf(matches, `${given} may be any of:`, matches.length > 1 ? options.choose : undefined);
  const tried = [...here, ...elsewhere];
  const list = tried.length === 1 ? '' : ` Looked for:\n${tried.map((path) => `  ${path}`).join('\n')}`;
  throw new NotHere(`${given}: no such file or folder.${list}`, {
    hint: WHAT_TO_GIVE,
  });
}

/** Installers whose name has the given words in it. */
async function similar(given: string, folders: readonly string[]): Promise<string[]> {
  const wanted = given.toLowerCase().replace(/\.(app|dmg|pkg)$/, '');
  const all = await installersIn([resolve('.'), ...folders]);
  const release = releaseWanted(given);
  return all.filter((path) => {
    const own = releaseWanted(basename(path, extname(path)));
    // "sierra" is a part of "High Sierra", and another release.
    if (release !== undefined && own !== undefined) return majorVersion(own) === majorVersion(release);
    return basename(path).toLowerCase().includes(wanted);
  });
}

async function installersIn(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    found.push(
      ...names
        .filter((name) => INSTALLER_NAME.test(name))
        .sort()
        .map((name) => join(folder, name)),
    );
  }
  return found;
}

async function oneOf(paths: readonly string[], what: string, choose: Choose | undefined): Promise<Found> {
  const only = paths.length === 1 && !what.startsWith('No installer') ? paths[0] : undefined;
  const chosen = only ?? (choose ? paths[(await choose(paths)) ?? -1] : undefined);
  if (chosen === undefined) {
    throw new UsageError(`${what}\n${paths.map((path) => `  ${path}`).join('\n')}`, 'Give one of these paths.');
  }
  const found = await look(chosen);
  if (!found) throw new SourceError(`${chosen}: it was there a moment ago.`);
  return found;
}

async function look(path: string): Promise<Found | undefined> {
  try {
    return { path, isFolder: (await stat(path)).isDirectory() };
  } catch (error) {
    const code = hostCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (process.platform === 'darwin' && (code === 'EACCES' || code === 'EPERM')) {
      throw new HostError(`${hostFault(error, path, 'read')?.says}.`, {
        cause: error,
        hint: 'Give the terminal Full Disk Access (System Preferences, Security & Privacy, Privacy).',
      });
    }
    throw hostError(error, path, SourceError, { doing: 'read' });
  }
}
