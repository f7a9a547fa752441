import { fromBytes } from '../../formats/bytes.js';
import type { PlannedExtent, VolumePlan } from '../../formats/hfsplus/plan.js';

/** A whole disk that is going to be written: the partition map's sectors and one volume. Offsets and sizes are bytes. */
export interface DiskPlan {
  readonly size: number;
  /** Sorted by offset, not overlapping; what none covers is zeros. */
  readonly extents: readonly PlannedExtent[];
  /** Written after everything else is on disk, in this order. */
  readonly headers: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/** Lays the volume into the disk between the sectors of its partition map. */
export function diskPlan(
  size: number,
  mapExtents: readonly { readonly offset: number; readonly bytes: Uint8Array }[],
  volumeOffset: number,
  volume: VolumePlan,
): DiskPlan {
  const extents: PlannedExtent[] = [
    ...mapExtents.map(({ offset, bytes }) => ({
      offset,
      length: bytes.length,
      source: fromBytes(bytes, 'partition map'),
      from: 0,
    })),
    ...volume.extents.map((extent) => ({ ...extent, offset: extent.offset + volumeOffset })),
  ];
  extents.sort((a, b) => a.offset - b.offset);
  const headers = volume.headers.map(({ offset, bytes }) => ({ offset: offset + volumeOffset, bytes }));
  return { size, extents, headers };
}
