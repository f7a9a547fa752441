import { createHash } from 'node:crypto';
import { fromBytes } from '../formats/bytes.js';
import type { Disk } from '../formats/disk.js';
import type { PlannedExtent, VolumePlan } from '../formats/hfsplus/plan.js';
import {
  type DiskLayout,
  type HfsPartition,
  planApm,
  planGpt,
  regrow,
  SECTOR,
} from '../formats/partition-map/index.js';
import type { MapChoice } from './types.js';
import type { DiskPlan } from './writer/disk-plan.js';

/**
 * Lays the planned volume out on a disk. 'keep': under the base disk's map, its partition resized to fit exactly, what lies in
 * front of it kept; a base without a map gets an Apple one, as `hdiutil create -layout SPUD` makes: boot loaders see no volume on
 * a disk without. Another map than the base's is made new, with this one partition.
 */
export function layOut(disk: Disk, partition: HfsPartition, volume: VolumePlan, map: MapChoice = 'keep'): DiskPlan {
  const sectors = volume.size / SECTOR;
  const fresh = freshMap(disk, partition, volume, map);
  const layout = fresh ?? regrow(disk.map, partition, sectors);
  const start = layout.volumeFirstSector * SECTOR;
  const mapExtents: PlannedExtent[] = layout.extents.map(({ offset, bytes }) => ({
    offset,
    length: bytes.length,
    source: fromBytes(bytes, 'partition map'),
    from: 0,
  }));
  // What the base has in front of the volume beside its map (an EFI partition) stays.
  const kept = fresh
    ? []
    : between(mapExtents, start).map((gap) => ({ ...gap, source: disk.source, from: gap.offset }));
  const content = volume.extents.map((extent) => ({ ...extent, offset: extent.offset + start }));
  return {
    size: layout.totalSectors * SECTOR,
    extents: [...mapExtents, ...kept, ...content].sort((a, b) => a.offset - b.offset),
    headers: volume.headers.map(({ offset, bytes }) => ({ offset: offset + start, bytes })),
  };
}

/** The layout where the base's map cannot stay; undefined where it can. */
function freshMap(
  { map: { scheme } }: Disk,
  { wrapped }: HfsPartition,
  volume: VolumePlan,
  map: MapChoice,
): DiskLayout | undefined {
  const volumeSectors = volume.size / SECTOR;
  const wanted =
    map === 'keep' ? (scheme === 'none' ? 'apm' : undefined) : map === scheme && !wrapped ? undefined : map;
  if (wanted === undefined) return undefined;
  if (wanted === 'apm') return planApm({ volumeSectors });
  const diskGuid = guidOf('disk', volume);
  return planGpt({ volumeSectors, diskGuid, partitionGuid: guidOf('partition', volume) });
}

/** Made from the volume's own number (finderInfo[6], [7] at byte 104 of its header), so that equal input makes equal disks. */
function guidOf(what: string, { headers }: VolumePlan): string {
  const id = headers.at(-1)?.bytes.subarray(104, 112) ?? new Uint8Array(8);
  const bytes = createHash('sha1').update(`osx-iso ${what}`).update(id).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** The stretches of [0, end) that no extent covers. */
function between(extents: readonly PlannedExtent[], end: number): { offset: number; length: number }[] {
  const gaps: { offset: number; length: number }[] = [];
  let at = 0;
  for (const { offset, length } of [...extents].sort((a, b) => a.offset - b.offset)) {
    if (offset >= end) break;
    if (offset > at) gaps.push({ offset: at, length: offset - at });
    at = Math.max(at, offset + length);
  }
  if (at < end) gaps.push({ offset: at, length: end - at });
  return gaps;
}
