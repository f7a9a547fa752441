import type { PlannedExtent } from '../../formats/hfsplus/plan.js';

/** A stretch of the finished disk and where its bytes come from; offsets are those of the disk. */
export interface DiskExtent extends PlannedExtent {
  /** Its bytes are in the file already, where they belong: they are read, not written. */
  readonly written?: true;
}

/** A whole disk that is going to be written: the partition map's sectors and one volume. Offsets and sizes are bytes. */
export interface DiskPlan {
  readonly size: number;
  /** Sorted by offset, not overlapping; what none covers is zeros. */
  readonly extents: readonly DiskExtent[];
  /** Written after everything else is on disk, in this order. */
  readonly headers: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}
