import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { SourceError } from '../errors.js';

/** What a path is on this host. */
export interface Found {
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * Finds what was given with --app: the path itself, or a bare name in the folders where installers lie, with or without ".app".
 * SourceError that lists where it was looked for.
 */
export async function findInstaller(given: string): Promise<Found> {
  const candidates = placesFor(given);
  for (const path of candidates) {
    const found = await look(path);
    if (found) return found;
  }
  const tried = candidates.length === 1 ? '' : ` Looked for:\n${candidates.map((path) => `  ${path}`).join('\n')}`;
  throw new SourceError(`${given}: no such file or folder.${tried}`, {
    hint: 'Give the path of "Install OS X Yosemite.app" or of its InstallESD.dmg with --app.',
  });
}

function placesFor(given: string): string[] {
  const here = resolve(given);
  if (basename(given) !== given) return [here];
  const folders = ['/Applications', join(homedir(), 'Applications')];
  const names = given.endsWith('.app') || given.endsWith('.dmg') ? [given] : [given, `${given}.app`];
  return [
    ...names.map((name) => resolve(name)),
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
  ];
}

async function look(path: string): Promise<Found | undefined> {
  try {
    return { path, isFolder: (await stat(path)).isDirectory() };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SourceError(`${path}: ${code === 'EACCES' || code === 'EPERM' ? 'not permitted to look at it' : code}.`, {
      cause: error,
      hint: 'On a Mac, give the terminal Full Disk Access (System Preferences, Security & Privacy, Privacy).',
    });
  }
}
