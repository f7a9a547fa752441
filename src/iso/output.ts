import { lstat, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { lockPath, turnPath } from '../core/lock.js';
import { UsageError } from '../errors.js';
import { hostCode, hostError } from '../host/faults.js';
import { type FolderIdentity, isFreeForAll } from '../host/held-folder.js';

/** Where the results of a build go. */
export interface Output {
  /** The ISO's final, absolute path. */
  readonly iso: string;
  readonly manifest: string;
  /** For `sha256sum -c`. */
  readonly checksum: string;
  /** The folder it goes to, as it was looked at: `making` refuses another that has taken its name. */
  readonly folder: FolderIdentity;
  /** What the user should know about the place. */
  readonly notes: readonly string[];
}

/** What names are made of. */
export interface NameParts {
  readonly title: string;
  readonly version: string;
  readonly build: string;
}

/**
 * Resolves the output before anything is done: {name}, {version} and {build} are filled in. Never an existing file, unless `force`.
 */
export async function chooseOutput(given: string | undefined, parts: NameParts, force: boolean): Promise<Output> {
  const { title } = parts;
  if (given === '') throw new UsageError('-o: expected the name of a file or a folder, found nothing.');
  if (given === '-') throw new UsageError('-o -: an ISO cannot be printed: it is read again to prove it.', NAMED_FILE);
  const wanted = resolve(given === undefined ? `${title}.iso` : fillIn(given, parts));
  const folder = await kindOf(wanted);
  const iso = folder === 'folder' ? join(wanted, `${title}.iso`) : wanted;
  const parent = await kindOf(dirname(iso));
  if (parent !== 'folder') {
    throw new UsageError(
      `${dirname(iso)}: expected a folder for the ISO, found ${parent ?? 'nothing'}.`,
      'Make it first, or give another place with -o FILE.',
    );
  }
  const beside = { manifest: `${iso}.json`, checksum: `${iso}.sha256` };
  for (const path of [iso, ...Object.values(beside)]) await expectFree(path, force);
  // The longest name of all: what does not fit is said now.
  await kindOf(turnPath(lockPath(iso)));
  const { dev, ino, mode } = await stat(dirname(iso));
  return { iso, ...beside, folder: { dev, ino }, notes: notesOn(dirname(iso), mode) };
}

const NAMED_FILE = 'Give a file or a folder; ./- is a file of that name.';

/** UsageError where a file cannot be put under a name, or must not. */
async function expectFree(path: string, force: boolean): Promise<void> {
  const there = await kindOf(path);
  if (there === 'folder' || there === 'other') {
    throw new UsageError(
      `${path}: expected a place for a file, found ${there === 'folder' ? 'a folder' : 'a device'}.`,
    );
  }
  if (there === undefined || force) return;
  const what = there === 'link' ? ', as a link that leads nowhere' : '';
  throw new UsageError(`${path} exists already${what}.`, 'Give another name with -o FILE, or --force to replace it.');
}

function notesOn(folder: string, mode: number): string[] {
  if (!isFreeForAll(mode)) return [];
  return [
    `Everybody on this computer may replace files in ${folder}: whoever can log in can change the ISO. chmod o-w, or +t, ends that.`,
  ];
}

/** The template with its names replaced. UsageError for a name there is none of. */
export function fillIn(template: string, { title, version, build }: NameParts): string {
  const values: Readonly<Record<string, string>> = { name: title, version, build };
  return template.replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return value.replaceAll('/', '-');
    throw new UsageError(`-o ${template}: "${whole}" stands for nothing.`, 'There are {name}, {version} and {build}.');
  });
}

/** One line of a checksum file as sha256sum writes and reads it: a name with a line break or a backslash is escaped. */
export function checksumLine(sha256: string, name: string): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === name ? '' : '\\'}${sha256}  ${escaped}\n`;
}

/** What lies under a name, links not followed where they lead nowhere. */
async function kindOf(path: string): Promise<'file' | 'folder' | 'link' | 'other' | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if (hostCode(error) !== 'ENOENT') throw cannotBe(path, error);
    return (await lstat(path).catch(() => undefined)) ? 'link' : undefined;
  }
}

function cannotBe(path: string, error: unknown): unknown {
  return hostError(error, path, UsageError, { hint: 'Give another place with -o FILE.' });
}
