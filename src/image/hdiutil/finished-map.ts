import { open } from 'node:fs/promises';
import { openDisk, openVolume } from '../../formats/disk.js';
import { hfsNow } from '../../formats/entry.js';
import { openHostFile } from '../../host/host-file.js';
import { planIso } from '../iso-plan.js';
import type { DiskForm, Work } from '../types.js';
import type { VerbatimPlan } from '../verbatim.js';
import { WorkerPool } from '../writer/pool.js';
import { type WrittenDisk, writeDisk } from '../writer/write-disk.js';

/**
 * Gives a raw disk that hdiutil wrote the map that the other engine would give it, and room behind its last file: hdiutil keeps the
 * base image's map and leaves out the free space that it counts. In place where the volume stays where it is; else everything is
 * written anew to `to`, whose bytes are returned.
 */
export async function finishMap(
  path: string,
  to: string,
  form: DiskForm,
  work: Work,
): Promise<WrittenDisk | undefined> {
  const file = await openHostFile(path);
  let plan: Awaited<ReturnType<typeof planIso>>;
  try {
    const disk = await openDisk(file);
    plan = await planIso({ disk, ...(await openVolume(disk)) }, { form, now: hfsNow() });
    if (!plan.patch) {
      work.note('the volume moves: the ISO is written a second time');
      return await writtenAnew(to, plan, work);
    }
  } finally {
    await file.close();
  }
  await patch(path, plan.size, plan.patch);
  return undefined;
}

async function writtenAnew(to: string, plan: Parameters<typeof writeDisk>[1], work: Work): Promise<WrittenDisk> {
  const pool = new WorkerPool(2);
  try {
    return await writeDisk(to, plan, { signal: work.signal, report: (progress) => work.report(progress), pool });
  } finally {
    await pool.close();
  }
}

async function patch(path: string, size: number, extents: NonNullable<VerbatimPlan['patch']>): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(size);
    for (const { offset, bytes } of extents) await file.write(bytes, 0, bytes.length, offset);
    await file.sync();
  } finally {
    await file.close();
  }
}
