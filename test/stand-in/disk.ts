import { closeSync, fsyncSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs';
import { type Disk, openDisk } from '../../src/formats/disk.js';
import { hfsDate } from '../../src/formats/entry.js';
import type { VolumePlan } from '../../src/formats/hfsplus/plan.js';
import { planVolume, type StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import type { HfsPartition } from '../../src/formats/partition-map/index.js';
import { type HostFile, openHostFile } from '../../src/host/host-file.js';
import { layOut } from '../../src/image/layout.js';
import type { DiskPlan } from '../../src/image/writer/disk-plan.js';
import { Failure } from './failures.js';

const SECTOR = 512;
const CHUNK = 1 << 20;

/** An image file, opened as the disk it stands for. */
export interface OpenImage {
  readonly file: HostFile;
  readonly disk: Disk;
}

export async function openImage(path: string, verb: string): Promise<OpenImage> {
  let file: HostFile;
  try {
    file = await openHostFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Failure(`hdiutil: ${verb} failed - No such file or directory`, 2);
    throw new Failure(`hdiutil: ${verb} failed - Operation not permitted`, 1);
  }
  try {
    return { file, disk: await openDisk(file) };
  } catch {
    await file.close();
    throw new Failure(`hdiutil: ${verb} failed - image not recognized`, 1);
  }
}

/** Copies the disk's sectors to a new file; runs of zeros become holes, as in a sparse image. */
export async function copySectors(disk: Disk, to: string, report: (part: number) => void): Promise<void> {
  const fd = openSync(to, 'wx', 0o644);
  try {
    const { source } = disk;
    ftruncateSync(fd, source.size);
    for (let at = 0; at < source.size; at += CHUNK) {
      const bytes = Buffer.from(await source.read(at, Math.min(CHUNK, source.size - at)));
      if (!isZero(bytes)) writeSync(fd, bytes, 0, bytes.length, at);
      report(Math.min(1, (at + CHUNK) / source.size));
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

const ZEROS = Buffer.alloc(CHUNK);
function isZero(bytes: Buffer): boolean {
  return bytes.equals(ZEROS.subarray(0, bytes.length));
}

/** Writes a disk anew, in the place of the file at `path`. */
export async function writeDisk(path: string, plan: DiskPlan): Promise<void> {
  const temporary = `${path}.writing`;
  const fd = openSync(temporary, 'w', 0o644);
  try {
    ftruncateSync(fd, plan.size);
    for (const { source, from, length, offset } of plan.extents) {
      for (let at = 0; at < length; at += CHUNK) {
        const bytes = Buffer.from(await source.read(from + at, Math.min(CHUNK, length - at)));
        if (!isZero(bytes)) writeSync(fd, bytes, 0, bytes.length, offset + at);
      }
    }
    for (const { offset, bytes } of plan.headers) writeSync(fd, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

/** Plans the disk with the staged changes and a size of `sectors` in all; undefined: as small as it can be. */
export async function planDisk(
  disk: Disk,
  partition: HfsPartition,
  staged: StagedVolume,
  sectors: number | undefined,
): Promise<DiskPlan> {
  const now = hfsDate(Date.now() / 1000);
  const smallest = await planVolume(staged, { now });
  const around = wrap(disk, partition, smallest).size - smallest.size;
  if (sectors === undefined) return wrap(disk, partition, smallest);
  const blocks = Math.floor((sectors * SECTOR - around) / smallest.blockSize);
  let plan: VolumePlan = smallest;
  let reserve = blocks - smallest.totalBlocks;
  // The bitmap grows with the volume, so the first guess may be a few blocks too many.
  for (let tries = 0; tries < 4 && plan.totalBlocks !== blocks; tries++) {
    if (reserve < 0) throw new Failure('hdiutil: resize: failed. Invalid argument (22)', 22);
    plan = await planVolume(staged, { now, reserveBlocks: reserve });
    reserve -= plan.totalBlocks - blocks;
  }
  return wrap(disk, partition, plan);
}

/** A bare volume stays bare. */
function wrap(disk: Disk, partition: HfsPartition, volume: VolumePlan): DiskPlan {
  if (disk.map.scheme !== 'none') return layOut(disk, partition, volume, { map: 'keep' });
  return { size: volume.size, extents: volume.extents, headers: volume.headers };
}
