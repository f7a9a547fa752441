import { fromBytes } from '../formats/bytes.js';
import type { Disk } from '../formats/disk.js';
import type { PlannedExtent, VolumePlan } from '../formats/hfsplus/plan.js';
import { type HfsPartition, planApm, regrow, SECTOR } from '../formats/partition-map/index.js';
import type { DiskPlan } from './writer/disk-plan.js';

/**
 * Lays the planned volume out on a disk with the base disk's map, its partition resized to fit exactly. A base without a map gets
 * an Apple one, as `hdiutil create -layout SPUD` makes: boot loaders see no volume on a disk without.
 */
export function layOut(disk: Disk, partition: HfsPartition, volume: VolumePlan): DiskPlan {
  const sectors = volume.size / SECTOR;
  const bare = disk.map.scheme === 'none';
  const layout = bare ? planApm({ volumeSectors: sectors }) : regrow(disk.map, partition, sectors);
  const start = layout.volumeFirstSector * SECTOR;
  const map: PlannedExtent[] = layout.extents.map(({ offset, bytes }) => ({
    offset,
    length: bytes.length,
    source: fromBytes(bytes, 'partition map'),
    from: 0,
  }));
  // What the base has in front of the volume beside its map (an EFI partition) stays.
  const kept = bare ? [] : between(map, start).map((gap) => ({ ...gap, source: disk.source, from: gap.offset }));
  const content = volume.extents.map((extent) => ({ ...extent, offset: extent.offset + start }));
  return {
    size: layout.totalSectors * SECTOR,
    extents: [...map, ...kept, ...content].sort((a, b) => a.offset - b.offset),
    headers: volume.headers.map(({ offset, bytes }) => ({ offset: offset + start, bytes })),
  };
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
