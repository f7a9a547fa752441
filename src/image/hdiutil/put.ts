import { constants } from 'node:fs';
import { lchown, lstat, mkdir, open, rm, symlink, utimes } from 'node:fs/promises';
import { StepError } from '../../errors.js';
import { chunks } from '../../formats/bytes.js';
import { type Entry, HFS_EPOCH, showPath } from '../../formats/entry.js';
import { LINK_TARGET, readWhole } from '../../formats/whole.js';
import type { Work } from '../types.js';

/** What putting one entry needs to know beside the entry. */
export interface PutOptions {
  /** Gives a file to its owner; only root can. */
  readonly chown: (path: string, uid: number, gid: number) => Promise<void>;
  readonly work?: Work;
}

/** Real owners. */
export const realChown = lchown;

/**
 * Writes one entry of a tree that is not on the host (a package's payload) to the host path `to`, with owner, mode and date. A
 * file or link there is replaced, a folder kept. Dates of folders are the caller's to set when they are full.
 */
export async function putOnHost(entry: Entry, to: string, options: PutOptions): Promise<void> {
  const there = await lstat(to).catch(() => undefined);
  if (there && there.isDirectory() !== (entry.kind === 'folder')) {
    throw new StepError(`${to}: a ${entry.kind} cannot take the place of what is there.`);
  }
  const { uid, gid, mode } = entry.bsd;
  switch (entry.kind) {
    case 'folder':
      if (!there) await mkdir(to, { mode: 0o700 });
      break;
    case 'symlink':
      if (there) await rm(to);
      await symlink(Buffer.from(await readWhole(entry.data!, LINK_TARGET)), to);
      await own(to, uid, gid, options);
      return;
    case 'file':
      if (there) await rm(to);
      await writeData(entry, to, options.work);
      break;
    case 'special':
      throw new StepError(`${showPath(entry.path)}: a device file is not copied.`);
    default:
      entry.kind satisfies never;
  }
  await own(to, uid, gid, options);
  // After the owner: giving a file away takes its setuid bit.
  const handle = await open(to, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await handle.chmod(mode & 0o7777);
  } finally {
    await handle.close();
  }
  await setDate(entry, to);
}

/** Sets the date of a file or folder to the entry's. */
export async function setDate(entry: Entry, path: string): Promise<void> {
  const modified = entry.dates.modified - HFS_EPOCH;
  if (entry.kind !== 'symlink') await utimes(path, modified, modified);
}

async function own(path: string, uid: number, gid: number, { chown }: PutOptions): Promise<void> {
  try {
    await chown(path, uid, gid);
  } catch (error) {
    throw new StepError(`${path}: cannot be given to ${uid}:${gid} (${(error as NodeJS.ErrnoException).code}).`, {
      hint: 'Only root can give files away: run with sudo, or use --engine native.',
      cause: error,
    });
  }
}

async function writeData(entry: Entry, to: string, work: Work | undefined): Promise<void> {
  // Never through a link somebody put there meanwhile.
  const handle = await open(
    to,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    const { data } = entry;
    let done = 0;
    if (data) {
      for await (const part of chunks(data)) {
        work?.signal.throwIfAborted();
        await handle.writeFile(part);
        data.observe?.(part);
        done += part.length;
        work?.report({ done, total: data.size });
      }
    }
  } finally {
    await handle.close();
  }
}
