import { SourceError } from '../../../errors.js';
import { type ByteSource, fromBytes } from '../../bytes.js';
import type { Path } from '../../entry.js';
import {
  ALTERNATE_HEADER_FROM_END,
  Cnid,
  encodeVolumeHeader,
  VOLUME_HEADER_OFFSET,
  VOLUME_HEADER_SIZE,
  VolumeAttribute,
} from '../header.js';
import type { PlannedExtent, VolumePlan } from '../plan.js';
import type { HfsVolume } from '../volume.js';
import { AppendAllocator } from './allocator.js';
import { Bitmap, MAX_BLOCKS } from './bitmap.js';
import { BlockAccount, NO_ACCOUNTING } from './block-account.js';
import { type Blessing, blessed, finishedHeader, type MetadataPlaces } from './finished-header.js';
import { blocksFor, headBlocks, tailBlocks } from './geometry.js';
import type { Item } from './item.js';
import { type Fragmenting, type Layout, layOut, newForksOf, placed } from './layout.js';
import { type MergedTrees, mergeTrees } from './merged-trees.js';
import type { StagedVolume } from './staging.js';

export interface PlanOptions {
  /** HFS+ date of the change, for the header. */
  readonly now: number;
  /** Free blocks to leave for whoever writes to the volume later; default none. */
  readonly reserveBlocks?: number;
  /** Bytes, a power of two: the volume's size is a multiple of it. Default: any size will do. */
  readonly multipleOf?: number;
  /** Blesses another folder and file than the base volume does. */
  readonly bless?: Blessing;
  /** 8 bytes of finderInfo of which systems make the volume's UUID. */
  readonly uuidSeed?: Uint8Array;
  /** Data that is to lie before all other that is new. */
  readonly laidFirst?: (data: ByteSource) => boolean;
  /** Called when the base volume's trees were read once, before they are again: what that took is of no use any more. */
  readonly onMeasured?: () => void;
  /** For tests only: breaks new files at these paths into extents of so many blocks. */
  readonly fragmentForTests?: (path: Path) => number | undefined;
}

/**
 * Plans a volume with the staged changes that is as small as its content allows. What is used of the base volume stays where it
 * is; bitmap and trees come anew after it, then the new data in the order in which it was put, unless some is to come first.
 * FormatError or SourceError when the base volume is not clean.
 */
export async function planVolume(staged: StagedVolume, options: PlanOptions): Promise<VolumePlan> {
  const { base, catalog } = staged;
  const { blockSize } = base.header;
  await refuseUnclean(base);
  const account = await BlockAccount.of(base);
  const fragmenting = await fragmentingOf(staged, options);
  // The sizes of the trees do not depend on where data lies: they are built once to be measured, then as they will be.
  const measuring = new AppendAllocator(0);
  const roughly = layOut(catalog.items, blockSize, measuring, { fragmenting });
  const measured = await mergeTrees(staged, roughly, account, { measureOnly: true });
  options.onMeasured?.();
  freeOldMetadata(base, account);
  const remaining = account.remaining();
  const first = Math.max(headBlocks(blockSize), endOf(remaining));
  const room = lay(staged, measured, { first, fragmenting, ...options });
  const trees = await mergeTrees(staged, room.layout, NO_ACCOUNTING);

  const bitmap = Bitmap.resized(remaining.bytes, remaining.totalBlocks, room.totalBlocks, room.bitmapBytes);
  for (const extents of [...Object.values(room.places), ...room.layout.values()]) {
    for (const extent of extents) bitmap.use(extent);
  }
  const tail = tailBlocks(blockSize);
  bitmap.use({ startBlock: 0, blockCount: headBlocks(blockSize) });
  bitmap.use({ startBlock: room.totalBlocks - tail, blockCount: tail });
  const finished = finishedHeader(staged, trees, room.places, bitmap, options.now);
  const finderInfo = await blessed(staged, finished.finderInfo, options.bless, options.uuidSeed);
  const header = encodeVolumeHeader({ ...finished, finderInfo });
  const size = room.totalBlocks * blockSize;
  return {
    size,
    blockSize,
    totalBlocks: room.totalBlocks,
    extents: [
      ...kept(base, remaining),
      ...metadata(room.places, trees, bitmap, blockSize),
      ...data(staged, room.layout),
    ].sort((a, b) => a.offset - b.offset),
    headers: [
      { offset: size - ALTERNATE_HEADER_FROM_END, bytes: header },
      { offset: VOLUME_HEADER_OFFSET, bytes: header },
    ],
  };
}

/**
 * Throws unless everything that was written to the volume has reached its place. Of a volume that was not unmounted an empty journal says
 * so, if who had it mounted kept one: OS X ('HFSJ'), not Linux.
 */
export async function refuseUnclean(volume: HfsVolume): Promise<void> {
  const { attributes, lastMountedVersion } = volume.header;
  const journal = await volume.journal();
  const hint = 'Mount it once on a Mac, or let the guest shut down cleanly.';
  if (journal.state === 'dirty') {
    throw new SourceError(`${volume.source.name}: the journal holds changes that are not in place yet.`, { hint });
  }
  const unmounted = (attributes & VolumeAttribute.unmounted) !== 0;
  const journaled = journal.state === 'clean' && journal.begun && lastMountedVersion === 'HFSJ';
  if ((attributes & VolumeAttribute.inconsistent) !== 0 || !(unmounted || journaled)) {
    throw new SourceError(`${volume.source.name}: the volume was not unmounted cleanly.`, { hint });
  }
}

/** Tells the account that bitmap and trees are replaced; extents of theirs in the extents tree are dropped by its merge. */
export function freeOldMetadata({ header }: HfsVolume, account: BlockAccount): void {
  const { allocationFile, extentsFile, catalogFile, attributesFile } = header;
  for (const { extents } of [allocationFile, extentsFile, catalogFile, attributesFile]) {
    account.free(extents, 'volume header');
  }
}

/** Gives everything new its blocks; the bitmap must have a bit for each of its own blocks, too. */
function lay(
  { base, catalog }: StagedVolume,
  trees: MergedTrees,
  {
    first,
    fragmenting,
    laidFirst,
    reserveBlocks = 0,
    multipleOf = 1,
  }: Pick<PlanOptions, 'laidFirst' | 'reserveBlocks' | 'multipleOf'> & {
    first: number;
    fragmenting: Fragmenting | undefined;
  },
): { layout: Layout; places: MetadataPlaces; totalBlocks: number; bitmapBytes: number } {
  const { blockSize } = base.header;
  for (let bitmapBlocks = 1; ; ) {
    const blocks = new AppendAllocator(first);
    const take = (bytes: number) => blocks.take(blocksFor(bytes, blockSize));
    const places = {
      allocation: blocks.take(bitmapBlocks),
      catalog: take(trees.catalog.source.size),
      attributes: take(trees.attributes?.source.size ?? 0),
      extents: take(trees.extents.source.size),
    };
    const layout = layOut(catalog.items, blockSize, blocks, { fragmenting, laidFirst });
    const step = Math.max(1, multipleOf / blockSize);
    const totalBlocks = Math.ceil((blocks.end + reserveBlocks + tailBlocks(blockSize)) / step) * step;
    if (totalBlocks > MAX_BLOCKS) {
      throw new SourceError(`${base.name}: the volume would need ${totalBlocks} blocks; HFS+ can have ${MAX_BLOCKS}.`);
    }
    const needed = blocksFor(Math.ceil(totalBlocks / 8), blockSize);
    if (needed <= bitmapBlocks) return { layout, places, totalBlocks, bitmapBytes: bitmapBlocks * blockSize };
    bitmapBlocks = needed;
  }
}

/** The base volume's blocks that stay, without the volume header among them. */
function* kept(base: HfsVolume, remaining: Bitmap): Generator<PlannedExtent> {
  const { blockSize } = base.header;
  const headerEnd = VOLUME_HEADER_OFFSET + VOLUME_HEADER_SIZE;
  const stretch = (offset: number, end: number) => ({
    offset,
    length: end - offset,
    source: base.source,
    from: offset,
  });
  yield stretch(0, VOLUME_HEADER_OFFSET); // boot blocks
  for (const { startBlock, blockCount } of remaining.runs(true)) {
    const start = Math.max(headerEnd, startBlock * blockSize);
    const end = (startBlock + blockCount) * blockSize;
    if (end > start) yield stretch(start, end);
  }
}

/** The rebuilt bitmap and trees at their places. */
export function metadata(
  places: MetadataPlaces,
  trees: MergedTrees,
  bitmap: Bitmap,
  blockSize: number,
): PlannedExtent[] {
  const parts = [
    { extents: places.allocation, source: fromBytes(bitmap.bytes, 'allocation file') },
    { extents: places.catalog, source: trees.catalog.source },
    { extents: places.attributes, source: trees.attributes?.source },
    { extents: places.extents, source: trees.extents.source },
  ];
  return parts.flatMap(({ extents, source }) => (source ? [...placed({ source }, extents, blockSize)] : []));
}

/** The new forks at their places. */
export function data({ base, catalog }: StagedVolume, layout: Layout): PlannedExtent[] {
  const forks = [...newForksOf(catalog.items)];
  return forks.flatMap(({ fork }) => [...placed(fork, layout.get(fork) ?? [], base.header.blockSize)]);
}

/** The first block after the last one in use. */
function endOf(bitmap: Bitmap): number {
  let end = 0;
  for (const run of bitmap.runs(true)) end = run.startBlock + run.blockCount;
  return end;
}

async function fragmentingOf(
  { catalog }: StagedVolume,
  { fragmentForTests }: PlanOptions,
): Promise<Fragmenting | undefined> {
  if (!fragmentForTests) return undefined;
  const pieces = new Map<Item, number | undefined>();
  for (const item of catalog.items) {
    const path = [item.name];
    for (let id = item.parentID; id !== Cnid.root && id !== Cnid.rootParent; ) {
      const parent = await catalog.byID(id);
      if (!parent) break;
      path.unshift(parent.name);
      id = parent.parentID;
    }
    pieces.set(item, fragmentForTests(path));
  }
  return (item) => pieces.get(item);
}
