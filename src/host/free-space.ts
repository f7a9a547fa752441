import { statfs } from 'node:fs/promises';

/** Bytes free for this user on the file system of a folder. */
export async function freeSpace(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
