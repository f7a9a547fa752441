import { SourceError } from '../../errors.js';
import { viewOf } from '../bytes.js';
import { APM_ENTRY_BYTES, encodeApmEntry, isApmFree, isApmOwn } from './apm-entry.js';
import { type ApmMap, type DiskLayout, type Partition, SECTOR } from './types.js';

/** hdiutil's map partition: sectors 1 to 63; the volume follows. */
const MAP_SECTORS = 63;
const MOST_BLOCKS = 0xffff_ffff;
/** Flags of an Apple_HFS entry by hdiutil: valid, allocated, readable, writable, automatically mounted. */
const STATUS_HFS = 0x4000_0033;
const STATUS_MAP = 3;
/** Sectors; free space behind a volume that is a matter of form. More would only make the disk larger, and goes. */
const MOST_FREE_KEPT = 2048;

/**
 * A new disk with an Apple Partition Map of 512-byte blocks as hdiutil lays it out (SPUD without free space at the end): the volume
 * from sector 64 to the end of the disk. Read as a CD, too, where `volumeSectors` is a multiple of 4 (VirtualBox's and OpenCore's
 * firmware, code). `name` is the partition's, at most 31 ASCII characters; hdiutil says "disk image".
 */
export function planApm(options: { readonly volumeSectors: number; readonly name?: string }): DiskLayout {
  const { volumeSectors, name = 'disk image' } = options;
  const first = 1 + MAP_SECTORS;
  const totalSectors = first + volumeSectors;
  checkBlocks(totalSectors, SECTOR);
  const blocks = new Uint8Array(3 * SECTOR);
  blocks.set([0x45, 0x52]);
  viewOf(blocks).setUint16(2, SECTOR);
  viewOf(blocks).setUint32(4, totalSectors);
  const own = { mapEntries: 2, name: 'Apple', type: 'Apple_partition_map', start: 1, count: MAP_SECTORS };
  blocks.set(encodeApmEntry(own, STATUS_MAP), SECTOR);
  const hfs = { mapEntries: 2, name, type: 'Apple_HFS', start: first, count: volumeSectors };
  blocks.set(encodeApmEntry(hfs, STATUS_HFS), 2 * SECTOR);
  return { totalSectors, volumeFirstSector: first, volumeSectors, extents: [{ offset: 0, bytes: blocks }] };
}

/**
 * The same map, in its own blocks, with `partition` made `volumeSectors` long (a multiple of its blocks): everything before the
 * volume stays byte for byte, free space behind it stays behind it, or goes where it is more than a matter of form. SourceError when
 * something else lies behind, or when the volume lies over the map.
 */
export function regrowApm(map: ApmMap, partition: Partition, volumeSectors: number): DiskLayout {
  const { unit, blockSize, cdEntries, partitions } = map;
  if (volumeSectors % (blockSize / SECTOR) !== 0) {
    throw new Error(`${volumeSectors} sectors are no blocks of ${blockSize} bytes`);
  }
  refuseUnmovable(map, partition);
  const behind = partitions.filter((other) => isBehind(other, partition));
  const free = behind.reduce((sum, other) => sum + statedSectors(other), 0);
  const room = { partition, volumeEnd: partition.firstSector + volumeSectors, keepFree: free <= MOST_FREE_KEPT };
  const totalSectors = room.volumeEnd + (room.keepFree ? free : 0);

  // As long as before: entries that are gone become zeros.
  const blocks = map.blocks.slice();
  blocks.fill(0, unit, (partitions.length + 1) * unit);
  const kept = resized(
    map.blocks,
    partitions.map(({ index }) => index * unit),
    unit,
    room,
  );
  for (const [i, block] of kept.entries()) {
    viewOf(block).setUint32(4, kept.length);
    blocks.set(block, (i + 1) * unit);
  }
  // An old-school map's other half, where entries lie apart as the descriptor says.
  const others = Array.from({ length: cdEntries }, (_, i) => (i + 1) * blockSize);
  const apart = others.filter((at) => at > partitions.length * unit);
  for (const [i, block] of resized(map.blocks, apart, blockSize, { ...room, keepFree: true }).entries()) {
    blocks.set(block.subarray(0, APM_ENTRY_BYTES), apart[i]!);
  }
  if (blocks[0] === 0x45) {
    checkBlocks(totalSectors, blockSize);
    viewOf(blocks).setUint32(4, Math.floor((totalSectors * SECTOR) / blockSize));
  }
  return {
    totalSectors,
    volumeFirstSector: partition.firstSector,
    volumeSectors,
    extents: [{ offset: 0, bytes: blocks }],
  };
}

function refuseUnmovable(map: ApmMap, partition: Partition): void {
  const refuse = (why: string) => {
    throw new SourceError(`The partition "${partition.name}" cannot be resized: ${why}.`, {
      hint: 'Give the disk a new map with this volume alone: --map apm',
    });
  };
  if (!map.partitions.some(({ type }) => isApmOwn(type)))
    refuse('the map has no entry for itself, without which OS X sees none');
  if (partition.firstSector * SECTOR < map.blocks.length) refuse('it lies over the partition map');
  for (const other of map.partitions) {
    if (isBehind(other, partition) && !isApmFree(other.type)) refuse(`"${other.name}" (${other.type}) lies behind it`);
  }
}

function isBehind(other: Partition, { index, firstSector }: Partition): boolean {
  return other.index !== index && other.firstSector > firstSector && statedSectors(other) > 0;
}

/** As the map has it, be it on the disk or not. */
function statedSectors({ sectorCount, statedSectors = sectorCount }: Partition): number {
  return statedSectors;
}

/**
 * The entries at these bytes of `blocks`, each `unit` bytes and counting in them: the volume's ends where it shall, free space follows
 * it or is left out.
 */
function resized(
  blocks: Uint8Array,
  places: readonly number[],
  unit: number,
  room: { readonly partition: Partition; readonly volumeEnd: number; readonly keepFree: boolean },
): Uint8Array[] {
  const perBlock = unit / SECTOR;
  const { partition, keepFree } = room;
  let end = room.volumeEnd / perBlock;
  return places.flatMap((at) => {
    const block = blocks.slice(at, at + unit);
    const fields = viewOf(block);
    const start = fields.getUint32(8);
    const count = fields.getUint32(12);
    if (count === 0 || start * perBlock < partition.firstSector) return [block];
    if (start * perBlock === partition.firstSector) {
      fields.setUint32(12, room.volumeEnd / perBlock - start);
      fields.setUint32(84, Math.max(0, room.volumeEnd / perBlock - start - fields.getUint32(80)));
      return [block];
    }
    if (!keepFree) return [];
    fields.setUint32(8, end);
    end += count;
    return [block];
  });
}

/** APM counts in u32. */
function checkBlocks(sectors: number, blockSize: number): void {
  if (!Number.isSafeInteger(sectors) || (sectors * SECTOR) / blockSize > MOST_BLOCKS) {
    const limit = (blockSize / SECTOR) * 2;
    throw new SourceError(
      `An Apple Partition Map with blocks of ${blockSize} bytes cannot hold ${sectors} sectors; ${limit} TiB is its limit.`,
    );
  }
}
