import { createHash } from 'node:crypto';
import { fromBytes } from '../formats/bytes.js';
import type { Disk } from '../formats/disk.js';
import type { PlannedExtent, VolumePlan } from '../formats/hfsplus/plan.js';
import {
  blockBytes,
  type DiskLayout,
  type HfsPartition,
  planApm,
  planGpt,
  regrow,
  SECTOR,
} from '../formats/partition-map/index.js';
import type { MapChoice } from './types.js';
import type { DiskPlan } from './writer/disk-plan.js';

/** The only map that every loader and firmware takes, as a disk and as a CD (real-media.md 1.3). */
export const DEFAULT_MAP: MapChoice = 'apm';

/** Bytes of a CD's blocks. */
const CD_BLOCK = 2048;

/** A finished disk as a plan. */
export interface IsoPlan extends DiskPlan {
  /** Bytes from the start of the disk to the volume's. */
  readonly volumeOffset: number;
  /** Made for this volume alone; undefined where it is the base disk's own map. */
  readonly fresh: boolean;
  /** What the map writes, at its places. */
  readonly mapExtents: DiskLayout['extents'];
}

/**
 * Lays the planned volume out on a disk. 'apm': under a new Apple map with blocks of 512 bytes, which every reader takes, as a disk
 * and as a CD (real-media.md 1.3). 'keep': under the base disk's own map, in its own blocks, its partition resized to fit exactly,
 * what lies in front of it kept; a base without a map gets an Apple one: boot loaders see no volume on a disk without. 'gpt': under the
 * base's, where it is one, else under a new one.
 */
export function layOut(disk: Disk, partition: HfsPartition, volume: VolumePlan, map: MapChoice): IsoPlan {
  const fresh = !keepsMap(disk, partition, map);
  const layout = fresh ? freshLayout(volume, map) : regrow(disk.map, partition, volume.size / SECTOR);
  const start = layout.volumeFirstSector * SECTOR;
  const mapExtents: PlannedExtent[] = layout.extents.map(({ offset, bytes }) => ({
    offset,
    length: bytes.length,
    source: fromBytes(bytes, 'partition map'),
    from: 0,
  }));
  // What the base has in front of the volume beside its map (an EFI partition, drivers) stays.
  const kept = fresh
    ? []
    : between(mapExtents, start).map((gap) => ({ ...gap, source: disk.source, from: gap.offset }));
  const content = volume.extents.map((extent) => ({ ...extent, offset: extent.offset + start }));
  return {
    size: layout.totalSectors * SECTOR,
    extents: [...mapExtents, ...kept, ...content].sort((a, b) => a.offset - b.offset),
    headers: volume.headers.map(({ offset, bytes }) => ({ offset: offset + start, bytes })),
    volumeOffset: start,
    fresh,
    mapExtents: layout.extents,
  };
}

/** Whether the finished disk has the base disk's own map. */
export function keepsMap({ map: { scheme } }: Disk, { wrapped }: HfsPartition, map: MapChoice): boolean {
  switch (map) {
    case 'apm':
      return false;
    case 'gpt':
      return scheme === 'gpt' && !wrapped;
    case 'keep':
      return scheme !== 'none';
    default:
      return map satisfies never;
  }
}

/** Bytes: the volume's size must be a multiple of it, that its map can say it and that readers of CDs see all of it. */
export function volumeMultiple(disk: Disk, partition: HfsPartition, map: MapChoice): number {
  return Math.max(CD_BLOCK, keepsMap(disk, partition, map) ? blockBytes(disk.map) : SECTOR);
}

function freshLayout(volume: VolumePlan, map: MapChoice): DiskLayout {
  const volumeSectors = volume.size / SECTOR;
  if (map !== 'gpt') return planApm({ volumeSectors });
  return planGpt({
    volumeSectors,
    diskGuid: guidOf('disk', volume),
    partitionGuid: guidOf('partition', volume),
  });
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
