import { SourceError } from '../../../errors.js';
import { type Path, showPath } from '../../entry.js';
import { EMPTY_FORK, type Extent, type ForkData } from '../fork-data.js';
import { VolumeAttribute, type VolumeHeader } from '../header.js';
import { viewOf } from '../where.js';
import type { Bitmap } from './bitmap.js';
import { blockCount } from './layout.js';
import type { MergedTrees } from './merged-trees.js';
import type { StagedVolume } from './staging.js';

/** What Mac firmware starts from: folder and file that are named in finderInfo (TN1150; measured on Intel volumes). */
export interface Blessing {
  readonly folder: Path;
  readonly file: Path;
}

/** Where the rebuilt files of the volume lie. */
export interface MetadataPlaces {
  readonly allocation: readonly Extent[];
  readonly extents: readonly Extent[];
  readonly catalog: readonly Extent[];
  readonly attributes: readonly Extent[];
}

/** The first number of a text encoding that has no bit of its own in encodingsBitmap. */
const NO_BIT = 48;
/** But for these, TN1150: Farsi and Ukrainian. */
const OTHER_BITS: ReadonlyMap<number, number> = new Map([
  [140, 49],
  [152, 48],
]);

/** The bit of a text encoding: TN1150's, and the one that Apple's fsck misses without it (it takes the number modulo 128). */
function bitsOf(encoding: number): number[] {
  const bit = (number: number) => (number < NO_BIT ? number : 0);
  return [OTHER_BITS.get(encoding) ?? bit(encoding), bit(encoding % 128)];
}

/** The volume header after the changes: what does not depend on them is the base volume's, the blessing byte for byte. */
export function finishedHeader(
  staged: StagedVolume,
  trees: MergedTrees,
  places: MetadataPlaces,
  bitmap: Bitmap,
  now: number,
): VolumeHeader {
  const { header } = staged.base;
  const { blockSize } = header;
  const fork = (old: ForkData, extents: readonly Extent[], clump = old.clumpSize): ForkData => {
    const totalBlocks = blockCount(extents);
    // fsck wants whole blocks and no more than a quarter of the volume; Apple's own volumes are not always so.
    const quarter = Math.max(1, Math.floor(bitmap.totalBlocks / 4)) * blockSize;
    const clumpSize = Math.min(quarter, Math.max(blockSize, Math.ceil(clump / blockSize) * blockSize));
    return { logicalSize: totalBlocks * blockSize, clumpSize, totalBlocks, extents };
  };
  return {
    ...header,
    attributes: (header.attributes | VolumeAttribute.unmounted) >>> 0,
    modified: now,
    fileCount: trees.fileCount,
    folderCount: trees.folderCount,
    totalBlocks: bitmap.totalBlocks,
    freeBlocks: bitmap.totalBlocks - bitmap.countUsed(),
    nextAllocation: header.nextAllocation < bitmap.totalBlocks ? header.nextAllocation : 0,
    nextCatalogID: staged.catalog.nextCatalogID,
    writeCount: (header.writeCount + 1) >>> 0,
    encodingsBitmap: header.encodingsBitmap | encodingsOf(staged),
    allocationFile: fork(header.allocationFile, places.allocation),
    extentsFile: fork(header.extentsFile, places.extents),
    catalogFile: fork(header.catalogFile, places.catalog),
    attributesFile: trees.attributes
      ? fork(header.attributesFile, places.attributes, header.attributesFile.clumpSize || trees.attributes.source.size)
      : EMPTY_FORK,
  };
}

/** finderInfo with another blessing and, where given, another seed of the volume's UUID (8 bytes). */
export async function blessed(
  staged: StagedVolume,
  finderInfo: Uint8Array,
  bless: Blessing | undefined,
  uuidSeed: Uint8Array | undefined,
): Promise<Uint8Array> {
  const info = Uint8Array.from(finderInfo);
  const view = viewOf(info);
  if (bless) {
    const folder = await idOf(staged, bless.folder);
    view.setUint32(0, folder);
    view.setUint32(4, await idOf(staged, bless.file));
    view.setUint32(20, folder);
  }
  if (uuidSeed) {
    if (uuidSeed.length !== 8) throw new Error(`a UUID seed of ${uuidSeed.length} bytes; it has 8`);
    info.set(uuidSeed, 24);
  }
  return info;
}

async function idOf(staged: StagedVolume, path: Path): Promise<number> {
  const item = await staged.item(path);
  if (!item) throw new SourceError(`${staged.name}: there is no ${showPath(path)} to bless.`);
  return item.record.cnid;
}

function encodingsOf(staged: StagedVolume): bigint {
  let bits = 0n;
  for (const { record } of staged.catalog.items) {
    for (const bit of bitsOf(record.textEncoding)) bits |= 1n << BigInt(bit);
  }
  return bits;
}
