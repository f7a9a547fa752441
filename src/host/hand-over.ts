import { link, open, rename, rm, unlink } from 'node:fs/promises';
import { StepError } from '../errors.js';
import { openFile } from './open-file.js';
import { plainPath } from './plain-path.js';

/** Whom results belong to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Who called, where that was by sudo: results belong to them, not to root. */
export function caller(env: NodeJS.ProcessEnv = process.env): Owner | undefined {
  const [uid, gid] = [Number(env.SUDO_UID || Number.NaN), Number(env.SUDO_GID || Number.NaN)];
  if (process.geteuid?.() !== 0 || !Number.isInteger(uid) || !Number.isInteger(gid) || uid === 0) return undefined;
  return { uid, gid };
}

/** Gives a file to somebody, by its descriptor. StepError where it is not a file of one name: then it is not what we have made. */
export async function giveTo(path: string, { uid, gid }: Owner): Promise<void> {
  const { handle, stat } = await openFile(path, { noLink: true });
  try {
    if (stat.nlink !== 1) {
      throw new StepError(`${plainPath(path)}: expected a file with one name, found one with ${stat.nlink}.`, {
        hint: 'Somebody else changes this folder at the same time: choose one that only you can write to.',
      });
    }
    await handle.chown(uid, gid);
  } finally {
    await handle.close();
  }
}

/** Errors of file systems without hard links (FAT, some network shares). */
export const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Gives a finished file its final name. It never replaces anything unless `replace`: a hard link fails where a file is there
 * already, unlike rename(2). StepError where one has come into being.
 */
export async function moveTo(
  source: string,
  target: string,
  { replace }: { readonly replace: boolean },
): Promise<void> {
  if (replace) return rename(source, target);
  const meanwhile = (error: NodeJS.ErrnoException): never => {
    if (error.code !== 'EEXIST') throw error;
    throw new StepError(`${plainPath(target)} has come into being meanwhile.`, {
      hint: 'Give another name with -o, or --force.',
    });
  };
  try {
    await link(source, target);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!NO_LINKS.includes(code)) return meanwhile(error as NodeJS.ErrnoException);
    // rename(2) replaces: an empty file of ours claims the name first.
    await (await open(target, 'wx').catch(meanwhile)).close();
    return rename(source, target).catch(async (failed: unknown) => {
      await rm(target, { force: true });
      throw failed;
    });
  }
  await unlink(source);
}
