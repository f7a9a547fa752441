import type { ByteSource } from '../bytes.js';
import { concat } from '../concat.js';
import type { BTree } from './btree.js';
import { decodeExtentRecord, type ExtentKey } from './extent-record.js';
import type { Extent, ForkData } from './fork-data.js';
import type { VolumeHeader } from './header.js';
import { fault, type Where } from './where.js';

/** A volume's bytes and how they are cut into allocation blocks. */
export interface Blocks {
  readonly source: ByteSource;
  readonly header: Pick<VolumeHeader, 'blockSize' | 'totalBlocks'>;
}

/**
 * The bytes of a fork as a source, from its extents. FormatError when an extent lies outside the volume, or when they are
 * together shorter than the logical size or longer than the volume.
 */
export function forkSource(blocks: Blocks, extents: readonly Extent[], logicalSize: number, where: Where): ByteSource {
  const { blockSize, totalBlocks } = blocks.header;
  const parts: { source: ByteSource; offset: number; length: number }[] = [];
  let left = logicalSize;
  let blocksSeen = 0;
  for (const { startBlock, blockCount } of extents) {
    blocksSeen += blockCount;
    if (startBlock + blockCount > totalBlocks || blocksSeen > totalBlocks) {
      throw fault(where, 0, `extents inside the ${totalBlocks} blocks`, `${blockCount} blocks from ${startBlock}`);
    }
    const length = Math.min(left, blockCount * blockSize);
    if (length > 0) parts.push({ source: blocks.source, offset: startBlock * blockSize, length });
    left -= length;
  }
  if (left > 0) throw fault(where, 0, `extents for ${logicalSize} bytes`, `extents for ${logicalSize - left}`);
  return concat(parts, where.file);
}

/** All extents of a fork: the 8 of its record and, where it has more blocks than those, the ones in the extents overflow file. */
export async function allExtents(
  tree: BTree<ExtentKey> | undefined,
  fileID: number,
  forkType: number,
  fork: ForkData,
): Promise<readonly Extent[]> {
  let blocks = fork.extents.reduce((sum, extent) => sum + extent.blockCount, 0);
  if (blocks >= fork.totalBlocks || !tree) return fork.extents;
  const extents = [...fork.extents];
  for await (const { key, record, node } of tree.records({ fileID, forkType, startBlock: blocks })) {
    if (key.fileID !== fileID || key.forkType !== forkType) break;
    const where = tree.where(node);
    if (key.startBlock !== blocks)
      throw fault(where, 0, `extents from block ${blocks} of file ${fileID}`, key.startBlock);
    const more = decodeExtentRecord(record, where);
    if (more.length === 0) throw fault(where, 0, `extents of file ${fileID}`, 'a record without blocks');
    for (const extent of more) {
      extents.push(extent);
      blocks += extent.blockCount;
    }
    if (blocks >= fork.totalBlocks) break;
  }
  return extents;
}
