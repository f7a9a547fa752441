import { createHash } from 'node:crypto';
import { fromBytes } from '../formats/bytes.js';
import type { Disk } from '../formats/disk.js';
import { planFat } from '../formats/fat/index.js';
import type { PlannedExtent, VolumePlan } from '../formats/hfsplus/plan.js';
import {
  blockBytes,
  type DiskLayout,
  FIRST_SECTOR,
  type HfsPartition,
  planApm,
  planGpt,
  regrow,
  SECTOR,
} from '../formats/partition-map/index.js';
import { uuidOf } from '../formats/uuid.js';
import type { DiskForm, EspContent, MapChoice } from './types.js';
import type { DiskPlan } from './writer/disk-plan.js';

/** The only map that every loader and firmware takes, as a disk and as a CD (real-media.md 1.3). */
export const DEFAULT_MAP: MapChoice = 'apm';

/** Bytes of a CD's blocks. */
const CD_BLOCK = 2048;
/** The same of the system partition. */
const ESP_MULTIPLE = 4096;

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
 * base's, where it is one, else under a new one. With an EFI system partition: under a new GUID one, that partition in front.
 */
export function layOut(disk: Disk, partition: HfsPartition, volume: VolumePlan, form: DiskForm, date = 0): IsoPlan {
  const { esp } = form;
  const fresh = !keepsMap(disk, partition, form);
  const layout = fresh ? freshLayout(volume, form) : regrow(disk.map, partition, volume.size / SECTOR);
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
  const content = at(start, volume.extents);
  const fat = esp && planFat(esp.items, { ...esp, date, hiddenSectors: FIRST_SECTOR });
  const espStart = FIRST_SECTOR * SECTOR;
  return {
    size: layout.totalSectors * SECTOR,
    extents: [...mapExtents, ...at(espStart, fat?.extents ?? []), ...kept, ...content].sort(
      (a, b) => a.offset - b.offset,
    ),
    headers: [...at(espStart, fat?.headers ?? []), ...at(start, volume.headers)],
    volumeOffset: start,
    fresh,
    mapExtents: layout.extents,
  };
}

/** The same stretches, so many bytes further back. */
function at<T extends { readonly offset: number }>(start: number, stretches: readonly T[]): T[] {
  return stretches.map((stretch) => ({ ...stretch, offset: stretch.offset + start }));
}

/** Whether the finished disk has the base disk's own map. */
export function keepsMap({ map: { scheme } }: Disk, { wrapped }: HfsPartition, form: DiskForm): boolean {
  if (form.esp) return false;
  const { map = DEFAULT_MAP } = form;
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
export function volumeMultiple(disk: Disk, partition: HfsPartition, form: DiskForm): number {
  return Math.max(CD_BLOCK, keepsMap(disk, partition, form) ? blockBytes(disk.map) : SECTOR);
}

function freshLayout(volume: VolumePlan, { map, esp }: DiskForm): DiskLayout {
  const volumeSectors = volume.size / SECTOR;
  if (map !== 'gpt' && !esp) return planApm({ volumeSectors });
  return planGpt({
    volumeSectors,
    diskGuid: guidOf('disk', volume),
    partitionGuid: guidOf('partition', volume),
    ...(esp && { esp: { sectors: espSectors(esp), guid: guidOf('system partition', volume) } }),
  });
}

/** Of the partition: what follows it starts at a block of 4096 bytes. */
function espSectors({ size }: EspContent): number {
  return Math.ceil(size / ESP_MULTIPLE) * (ESP_MULTIPLE / SECTOR);
}

/** Made from the volume's own number (finderInfo[6], [7] at byte 104 of its header), so that equal input makes equal disks. */
function guidOf(what: string, { headers }: VolumePlan): string {
  const id = headers.at(-1)?.bytes.subarray(104, 112) ?? new Uint8Array(8);
  return uuidOf(createHash('sha1').update(`osx-iso ${what}`).update(id).digest(), 5);
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
