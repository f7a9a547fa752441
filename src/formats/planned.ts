import type { ByteSource } from './bytes.js';

/** A stretch of a finished volume and where its bytes come from. Offsets and lengths are bytes. */
export interface PlannedExtent {
  /** In the volume. */
  readonly offset: number;
  readonly length: number;
  readonly source: ByteSource;
  /** In `source`. */
  readonly from: number;
}

/** Bytes that are written when everything else is on disk, in their order: without them nobody takes it for a volume. */
export interface PlannedHeader {
  readonly offset: number;
  readonly bytes: Uint8Array;
}
