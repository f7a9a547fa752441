import type { ByteSource } from '../../bytes.js';
import { EXTENTS_PER_RECORD, type Extent, type ForkData } from '../fork-data.js';
import type { PlannedExtent } from '../plan.js';
import type { Allocator } from './allocator.js';
import { blocksFor } from './geometry.js';
import type { Item, NewFork } from './item.js';

/** Which blocks each new fork gets, in the order in which they were given. */
export type Layout = ReadonlyMap<NewFork, readonly Extent[]>;

/** Says for an item how many blocks an extent of its forks may have; undefined: as many as there are. */
export type Fragmenting = (item: Item) => number | undefined;

/** All new forks of the changed items: data, resource, then large attributes. */
export function* newForksOf(items: Iterable<Item>): Generator<{ readonly item: Item; readonly fork: NewFork }> {
  for (const item of items) {
    if (item.kind === 'file' && item.forks) {
      for (const fork of [item.forks.data, item.forks.resource]) if (fork) yield { item, fork };
    }
    for (const { value } of item.xattrs ?? []) if (!(value instanceof Uint8Array)) yield { item, fork: value };
  }
}

export interface LayoutOptions {
  readonly fragmenting?: Fragmenting | undefined;
  /** Data that is to lie before all other. */
  readonly laidFirst?: ((data: ByteSource) => boolean) | undefined;
}

/** Gives every new fork its blocks, one after another. */
export function layOut(
  items: Iterable<Item>,
  blockSize: number,
  blocks: Allocator,
  { fragmenting, laidFirst }: LayoutOptions = {},
): Layout {
  const layout = new Map<NewFork, readonly Extent[]>();
  const forks = [...newForksOf(items)];
  const before = laidFirst ? forks.filter(({ fork }) => laidFirst(fork.source)) : [];
  for (const { item, fork } of new Set([...before, ...forks])) {
    layout.set(fork, blocks.take(blocksFor(fork.source.size, blockSize), fragmenting?.(item)));
  }
  return layout;
}

/** A new fork's data for its record: the first 8 extents, the others are for the extents overflow file. */
export function forkDataOf(fork: NewFork | undefined, layout: Layout, clumpSize = 0): ForkData {
  const extents = (fork && layout.get(fork)) ?? [];
  return {
    logicalSize: fork?.source.size ?? 0,
    clumpSize,
    totalBlocks: blockCount(extents),
    extents: extents.slice(0, EXTENTS_PER_RECORD),
  };
}

/** The extents beyond the first 8, eight by eight, each with the number of its first block in the fork. */
export function* overflowOf(extents: readonly Extent[]): Generator<{ startBlock: number; extents: readonly Extent[] }> {
  let startBlock = blockCount(extents.slice(0, EXTENTS_PER_RECORD));
  for (let i = EXTENTS_PER_RECORD; i < extents.length; i += EXTENTS_PER_RECORD) {
    const group = extents.slice(i, i + EXTENTS_PER_RECORD);
    yield { startBlock, extents: group };
    startBlock += blockCount(group);
  }
}

/** Where the bytes of a fork go. */
export function* placed(fork: NewFork, extents: readonly Extent[], blockSize: number): Generator<PlannedExtent> {
  let from = 0;
  for (const extent of extents) {
    const length = Math.min(extent.blockCount * blockSize, fork.source.size - from);
    if (length > 0) yield { offset: extent.startBlock * blockSize, length, source: fork.source, from };
    from += length;
  }
}

export function blockCount(extents: readonly Extent[]): number {
  return extents.reduce((sum, extent) => sum + extent.blockCount, 0);
}
