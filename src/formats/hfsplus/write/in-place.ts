import { StepError } from '../../../errors.js';
import type { ByteSource } from '../../bytes.js';
import { EXTENTS_PER_RECORD } from '../fork-data.js';
import { ALTERNATE_HEADER_FROM_END, encodeVolumeHeader, VOLUME_HEADER_OFFSET, VolumeAttribute } from '../header.js';
import type { PlannedExtent } from '../plan.js';
import { FreeSpaceAllocator } from './allocator.js';
import { Bitmap } from './bitmap.js';
import { BlockAccount } from './block-account.js';
import { data, freeOldMetadata, metadata, refuseUnclean } from './commit.js';
import { finishedHeader, type MetadataPlaces } from './finished-header.js';
import { blocksFor } from './geometry.js';
import { layOut } from './layout.js';
import { mergeTrees } from './merged-trees.js';
import type { StagedVolume } from './staging.js';

/**
 * What has to be written into an existing volume. Until the headers are written no block is touched that the volume uses: if
 * the writing ends before them, the volume is what it was. What no extent covers stays as it is.
 */
export interface InPlacePlan {
  /** Sorted by offset, not overlapping; all of them in blocks that are free on the volume as it is. */
  readonly extents: readonly PlannedExtent[];
  /** Written in this order when all extents are on disk: the alternate header first, the primary one last. 512 bytes each. */
  readonly headers: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

export interface InPlaceOptions {
  /** An HFS+ date. */
  readonly now: number;
  /** Bytes from the start of the volume; nothing new lies behind them. Default: the whole volume may be used. */
  readonly usableBytes?: number;
}

/**
 * Plans the staged changes into the free space of their base volume, whose size stays. FormatError or SourceError when the volume is
 * not clean, StepError when it is locked or has too little free space.
 */
export async function planInPlace(staged: StagedVolume, { now, usableBytes }: InPlaceOptions): Promise<InPlacePlan> {
  const { base, catalog } = staged;
  const { blockSize, totalBlocks, attributes, allocationFile } = base.header;
  if ((attributes & VolumeAttribute.softwareLock) !== 0) throw new StepError(`${base.name}: the volume is locked.`);
  await refuseUnclean(base);
  const account = await BlockAccount.of(base);
  // What is in use now, and what is given to something new: neither may be given again.
  const taken = Bitmap.resized(account.used.bytes, totalBlocks, totalBlocks);
  const end = usableBytes === undefined ? totalBlocks : Math.max(0, Math.floor(usableBytes / blockSize));
  const blocks = new FreeSpaceAllocator(taken, base.name, Math.min(end, totalBlocks));
  const layout = layOut(catalog.items, blockSize, blocks);
  const trees = await mergeTrees(staged, layout, account);
  freeOldMetadata(base, account);
  const take = (what: string, bytes: number) => {
    const extents = blocks.take(blocksFor(bytes, blockSize));
    if (extents.length > EXTENTS_PER_RECORD) {
      throw new StepError(`${base.name}: the free space is in too small pieces for a new ${what} file.`);
    }
    return extents;
  };
  const places: MetadataPlaces = {
    catalog: take('catalog', trees.catalog.source.size),
    attributes: take('attributes', trees.attributes?.source.size ?? 0),
    extents: take('extents overflow', trees.extents.source.size),
    allocation: take('allocation', allocationFile.logicalSize),
  };
  // All of its blocks, whatever is in them: the file is as long as they are.
  const bitmapBytes = blocksFor(allocationFile.logicalSize, blockSize) * blockSize;
  const bitmap = Bitmap.resized(taken.bytes, totalBlocks, totalBlocks, bitmapBytes);
  for (const extent of account.freed) bitmap.free(extent);
  const header = encodeVolumeHeader(finishedHeader(staged, trees, places, bitmap, now));
  const extents = [...metadata(places, trees, bitmap, blockSize), ...data(staged, layout)];
  return {
    extents: extents.sort((a, b) => a.offset - b.offset),
    headers: [
      { offset: alternateHeaderOffset(base.source), bytes: header },
      { offset: VOLUME_HEADER_OFFSET, bytes: header },
    ],
  };
}

/** The alternate header's place does not depend on the blocks: 1024 bytes before the end of the partition. */
function alternateHeaderOffset(partition: ByteSource): number {
  return Math.floor(partition.size / 512) * 512 - ALTERNATE_HEADER_FROM_END;
}
