import { constants } from 'node:fs';
import { copyFile, lstat, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Journal } from './journal.js';
import { ownName } from './own-folder.js';

export interface Replacing {
  /** The unfinished file is written down in it. */
  readonly journal: Journal;
  /** The old file's name as the volume has it. */
  readonly stored?: string | undefined;
  /** A link that somebody else may have put there is replaced itself, not what it leads to. */
  readonly noLink?: boolean;
}

/** What a new file may be, less the umask. */
const NEW = 0o644;

/** Writes a file so that there is always the old one or the new one, whole; it keeps the old one's permissions. */
export async function replaceFile(given: string, content: Uint8Array, options: Replacing): Promise<void> {
  const { journal, stored, noLink = false } = options;
  const { path, mode } = await placeOf(given, noLink);
  const folder = dirname(resolve(path));
  const draft = join(folder, `.${ownName()}`);
  const entry = await journal.append({ kind: 'file', path: draft });
  try {
    const handle = await open(draft, 'wx', mode ?? NEW);
    try {
      // The umask only takes away: where the host refuses this, nobody can read more than before.
      if (mode !== undefined) await handle.chmod(mode).catch(() => {});
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
    // On a volume that does not tell cases apart the old spelling may have stayed.
    const own = basename(path);
    const names = await readdir(folder);
    if (stored !== undefined && stored !== own && names.includes(stored) && !names.includes(own)) {
      await rename(join(folder, stored), path);
    }
  } finally {
    await rm(draft, { force: true });
    await journal.done(entry);
  }
  await syncFolder(folder);
}

/**
 * Where the new file goes, and what the old one's permissions are. A link of somebody else's is not followed: root would write wherever
 * that leads. Of a path without a link the spelling stays: realpath has the volume's own.
 */
async function placeOf(given: string, noLink: boolean): Promise<{ path: string; mode: number | undefined }> {
  const old = await lstat(given).catch(() => undefined);
  if (old?.isSymbolicLink() && !noLink && old.uid === (process.geteuid?.() ?? old.uid)) {
    const path = await realpath(given).catch(() => undefined);
    if (path !== undefined) return placeOf(path, true);
  }
  return { path: given, mode: old?.isFile() ? old.mode & 0o777 : undefined };
}

/** Copies a file to a free name beside it, and says which: "config.plist.bak". */
export async function keepBeside(path: string): Promise<string> {
  for (let i = 1; ; i++) {
    const backup = join(dirname(path), backupName(basename(path), i));
    try {
      await copyFile(path, backup, constants.COPYFILE_EXCL);
      return backup;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** "….plist.bak", "….plist.bak2": the first one is the oldest, so what was there at the beginning is never lost. */
export function backupName(name: string, number: number): string {
  return `${name}.bak${number === 1 ? '' : number}`;
}

export async function syncFolder(folder: string): Promise<void> {
  // Some systems cannot flush a folder; the rename is whole all the same.
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
