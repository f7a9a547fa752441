import { lstat, mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StepError } from '../../errors.js';
import type { Path } from '../types.js';

/**
 * Throws unless a volume is mounted there: otherwise a failed attach would make root remove and copy on the host's own disk.
 * A mount point is on another device than the folder it lies in.
 */
export async function requireMounted(mountPoint: string): Promise<void> {
  const [here, above] = await Promise.all([stat(mountPoint), stat(dirname(mountPoint))]);
  if (here.isDirectory() && here.dev !== above.dev) return;
  throw new StepError(`${mountPoint}: expected a mounted volume, found a folder of this computer's own disk.`, {
    hint: 'Nothing was touched. `hdiutil info` shows what is attached; detach it and run again.',
  });
}

/**
 * The host's path of a path on a mounted volume. Throws where a folder on the way is a link or leads off the volume: the image
 * is not to be trusted, and we may be root.
 */
export async function locate(mountPoint: string, path: Path): Promise<string> {
  const { dev } = await stat(mountPoint);
  let here = mountPoint;
  for (const [index, stored] of path.entries()) {
    const name = hostName(stored);
    here = join(here, name);
    if (index === path.length - 1) break;
    const found = await lstat(here).catch(() => undefined);
    if (!found) break;
    if (found.isDirectory() && found.dev === dev) continue;
    throw new StepError(
      `${here}: expected a folder of the volume, found ${found.isSymbolicLink() ? 'a link' : 'something else'}.`,
    );
  }
  return here;
}

/** A stored name as the host shows it: ":" and "/" change places. */
export function hostName(stored: string): string {
  const name = stored.replace(/[:/]/g, (c) => (c === '/' ? ':' : '/'));
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new StepError(`"${stored}" cannot be a file's name on this computer.`);
  }
  return name;
}

/** A host's name as it is stored. */
export function storedName(name: string): string {
  return name.replaceAll(':', '/');
}

/** Makes an empty private folder to mount on. */
export async function makeMountPoint(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 });
}

/** Removes an empty folder, and only an empty one; no matter if it is gone. */
export async function removeMountPoint(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
