import { readdir, readlink, stat } from 'node:fs/promises';
import { type FileIdentity, identify, same } from './guard.js';

/**
 * Files and block devices that a process has open besides the given ones, by /proc: what an image made its reader open after it was
 * looked at. Nothing where the host does not say.
 */
export async function strangersOf(pid: number, files: readonly FileIdentity[]): Promise<string[]> {
  const strangers: string[] = [];
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const found = await stat(`/proc/${pid}/fd/${fd}`, { bigint: true }).catch(() => undefined);
    if (!found || !(found.isFile() || found.isBlockDevice())) continue;
    if (files.some((file) => same(file, identify('', found)))) continue;
    strangers.push(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => `descriptor ${fd}`));
  }
  return strangers;
}
