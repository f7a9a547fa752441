import type { PlannedExtent } from '../../formats/hfsplus/plan.js';

/** A whole disk that is going to be written: the partition map's sectors and one volume. Offsets and sizes are bytes. */
export interface DiskPlan {
  readonly size: number;
  /** Sorted by offset, not overlapping; what none covers is zeros. */
  readonly extents: readonly PlannedExtent[];
  /** Written after everything else is on disk, in this order. */
  readonly headers: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}
