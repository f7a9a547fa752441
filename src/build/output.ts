import { chown, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { HostError, UsageError } from '../errors.js';

/** Where the results of a build go. */
export interface Output {
  /** The ISO's final, absolute path. */
  readonly iso: string;
  /** Beside it, so that a rename makes it the ISO. */
  readonly partial: string;
  readonly manifest: string;
  /** For `sha256sum -c`. */
  readonly checksum: string;
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
  const there = folder === 'folder' ? await kindOf(iso) : folder;
  if (there !== undefined && there !== 'file') {
    throw new UsageError(`${iso}: expected a place for a file, found ${there === 'folder' ? 'a folder' : 'a device'}.`);
  }
  if (there === 'file' && !force) {
    throw new UsageError(`${iso} exists already.`, 'Give another name with -o FILE, or --force to replace it.');
  }
  const beside = { manifest: `${iso}.json`, checksum: `${iso}.sha256` };
  for (const path of Object.values(beside)) {
    if (force || (await kindOf(path)) === undefined) continue;
    throw new UsageError(`${path} exists already.`, 'Give another name with -o FILE, or --force to replace it.');
  }
  const partial = join(dirname(iso), `.${basename(iso)}.${process.pid}.partial`);
  return { iso, partial, ...beside };
}

/** The template with its names replaced. UsageError for a name there is none of. */
export function fillIn(template: string, { title, version, build }: NameParts): string {
  const values: Readonly<Record<string, string>> = { name: title, version, build };
  return template.replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value !== undefined) return value.replaceAll('/', '-');
    throw new UsageError(`-o ${template}: "${whole}" stands for nothing.`, 'There are {name}, {version} and {build}.');
  });
}

/** One line of a checksum file as sha256sum writes and reads it: a name with a line break or a backslash is escaped. */
export function checksumLine(sha256: string, name: string): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === name ? '' : '\\'}${sha256}  ${escaped}\n`;
}

/** What a small file beside the ISO is called until it is whole. */
export function draftOf(path: string): string {
  return `${path}.${process.pid}.partial`;
}

/** Writes the checksum file beside the ISO, whole or not at all. */
export async function writeChecksum(path: string, sha256: string, name: string): Promise<void> {
  const temporary = draftOf(path);
  try {
    await writeFile(temporary, checksumLine(sha256, name), { flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'other' | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new HostError(`${path}: cannot be looked at (${code}).`, { cause: error });
  }
}

/** Under sudo the results belong to who called it, not to root. */
export async function giveBack(paths: readonly string[]): Promise<void> {
  const uid = Number(process.env.SUDO_UID);
  const gid = Number(process.env.SUDO_GID);
  if (process.getuid?.() !== 0 || !Number.isInteger(uid) || !Number.isInteger(gid) || uid === 0) return;
  for (const path of paths) await chown(path, uid, gid);
}
