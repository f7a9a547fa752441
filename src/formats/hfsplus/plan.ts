import type { PlannedExtent, PlannedHeader } from '../planned.js';

export type { PlannedExtent };

/**
 * Everything about a volume that is going to be written, decided before the first byte is. What no extent covers is zeros
 * (a hole in the file).
 */
export interface VolumePlan {
  /** Bytes: blockSize × totalBlocks. */
  readonly size: number;
  readonly blockSize: number;
  readonly totalBlocks: number;
  /** Sorted by offset, not overlapping, without the two volume headers. */
  readonly extents: readonly PlannedExtent[];
  /** Written when everything else is on disk: the alternate header first, the primary (byte 1024) last. 512 bytes each. */
  readonly headers: readonly PlannedHeader[];
}
