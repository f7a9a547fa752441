import { constants, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StepError } from '../errors.js';
import { DESCRIPTORS, heldPaths, plainPath } from './plain-path.js';

/**
 * A folder that stays the one it was when it was opened, whatever others do to its name meanwhile: what root makes in a folder of
 * somebody else must not land where that somebody leads it to.
 */
export interface HeldFolder {
  /** For people, and for programs that are started. */
  readonly path: string;
  /** What to hand to the system for a name in it. Not below folders that others can write to. */
  at(name: string): string;
  /** Makes the names in it durable, where the system can. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a folder and holds it. Where the system has no such way (macOS), names are gone by as they are. `noLink`: a link in its
 * place is refused. Throws node's own errors, StepError where it is not the folder that is `expected`.
 */
export async function holdFolder(
  path: string,
  options: { readonly noLink?: boolean; readonly expected?: FolderIdentity } = {},
): Promise<HeldFolder> {
  const { folder, found } = await hold(path, options);
  const { dev, ino } = options.expected ?? found;
  if (found.dev === dev && found.ino === ino) return folder;
  await folder.close();
  throw changed(path, 'the folder that was there before');
}

async function hold(path: string, { noLink = false }): Promise<{ folder: HeldFolder; found: Stats }> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | (noLink ? constants.O_NOFOLLOW : 0);
  const handle = await open(path, flags);
  try {
    const found = await handle.stat();
    const through = `${DESCRIPTORS}/${handle.fd}`;
    const seen = await stat(through).catch(() => undefined);
    const canHold = seen?.ino === found.ino && seen.dev === found.dev;
    return { folder: heldFolder(handle, plainPath(path), canHold ? through : undefined), found };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function heldFolder(handle: FileHandle, path: string, through: string | undefined): HeldFolder {
  if (through !== undefined) heldPaths.set(through, path);
  let closed = false;
  return {
    path,
    at(name) {
      // The number would lead to whatever is opened next.
      if (closed) throw new Error(`${path} is not held any more`);
      return join(through ?? path, name);
    },
    // Not every file system lets a folder be flushed.
    sync: () => handle.sync().catch(() => {}),
    async close() {
      if (closed) return;
      closed = true;
      if (through !== undefined) heldPaths.delete(through);
      await handle.close();
    },
  };
}

/** Which folder it is, whatever its name. */
export type FolderIdentity = Pick<Stats, 'dev' | 'ino'>;

/** A new folder that nobody else can look into or write to, in a held one. StepError where somebody puts another in its place. */
export async function makePrivate(parent: HeldFolder, name: string): Promise<HeldFolder> {
  const path = parent.at(name);
  await mkdir(path, { mode: 0o700 });
  return holdPrivate(path);
}

/** A folder of ours that nobody else can write to. StepError for any other: somebody has put it there. */
export async function holdPrivate(path: string): Promise<HeldFolder> {
  const { folder, found } = await hold(path, { noLink: true });
  if (found.uid === (process.geteuid?.() ?? found.uid) && (found.mode & 0o022) === 0) return folder;
  await folder.close();
  throw changed(path, 'a folder of our own');
}

function changed(path: string, expected: string): StepError {
  return new StepError(`${plainPath(path)}: expected ${expected}, found another in its place.`, {
    hint: 'Somebody else changes things there at the same time: choose a folder that only you can write to.',
  });
}

/** Removes a private folder with the files in it, however it is called by now; closes it. Nothing where it is gone already. */
export async function removePrivate(parent: HeldFolder, folder: HeldFolder): Promise<void> {
  try {
    for (const name of await readdir(folder.at('.'))) await unlink(folder.at(name)).catch(unlessGone);
  } finally {
    await folder.close();
  }
  await rmdir(parent.at(basename(folder.path))).catch(unlessGone);
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Whether everybody may rename or replace what others have made in a folder: all may write, and there is no sticky bit. */
export function isFreeForAll(mode: number): boolean {
  return (mode & 0o002) !== 0 && (mode & 0o1000) === 0;
}
