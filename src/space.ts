import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HostError } from './errors.js';

/** Trees, bitmap and partition map beside the files: measured as under 1 %. */
const OVERHEAD = 1.02;

/** Bytes the ISO of these pieces needs, at most. */
export function spaceNeeded(sizes: { base: number; packages: number; baseSystemImage: number }): number {
  return Math.ceil((sizes.base + sizes.packages + sizes.baseSystemImage) * OVERHEAD) + (32 << 20);
}

/** HostError unless there is room for `needed` bytes where `output` is going to be. */
export async function checkSpace(output: string, needed: number): Promise<void> {
  const folder = dirname(output);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new HostError(`${folder}: expected ${gigabytes(needed)} free for the ISO, found ${gigabytes(free)}.`, {
    hint: 'Make room, or give another place with -o FILE.',
  });
}

/** "6.55 GB" */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
