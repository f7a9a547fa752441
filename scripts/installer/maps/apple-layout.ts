import { type ApplePartition, encodeAppleMap, Status } from './apple-map.js';
import type { Layout, Stretch } from './layout.js';

const SECTOR = 512;
/** What hdiutil and Apple's media have. */
const BLOCK = 2048;
/** Blocks of the map's own partition, and free ones behind the volume. */
const MAP_BLOCKS = 15;
const FREE_BLOCKS = 3;
/** Between a driver's partition and the volume. */
const GAP_BLOCKS = 1;
/** The same of a map in 512-byte blocks, as hdiutil makes it: the map ends at sector 64. */
const OLD_MAP_BLOCKS = 63;
const OLD_FREE_BLOCKS = 16;

/** The partition of a driver in front of the volume, as a source's length in 2048-byte blocks. */
export interface Driver {
  readonly blocks: number;
  /** What its entry says from byte 92 on: boot fields, which nobody may lose. */
  readonly boot: Uint8Array;
}

/**
 * Apple's media up to 10.10: everything in 2048-byte blocks, the map in blocks 1 to 15, three free blocks at the end. With a driver
 * (10.6 DVD, 10.7.5) its partition lies between. `pastEnd`: the map counts the free blocks, the file has not got them.
 */
export function apple2048(
  volumeSectors: number,
  options: { readonly driver?: Driver; readonly pastEnd?: boolean; readonly name?: string } = {},
): Layout {
  const { driver, pastEnd = false, name = 'disk image' } = options;
  const count = (volumeSectors * SECTOR) / BLOCK;
  if (!Number.isInteger(count)) throw new Error(`${volumeSectors} sectors are no whole blocks of ${BLOCK} bytes`);
  const before: ApplePartition[] = [
    { name: 'Apple', type: 'Apple_partition_map', start: 1, count: MAP_BLOCKS, status: Status.map },
  ];
  let at = 1 + MAP_BLOCKS;
  if (driver) {
    const { blocks, boot } = driver;
    before.push(
      { name: 'Macintosh', type: 'Apple_Driver_ATAPI', start: at, count: blocks, status: Status.driver, boot },
      { name: '', type: 'Apple_Free', start: at + blocks, count: GAP_BLOCKS, status: Status.free },
    );
    at += blocks + GAP_BLOCKS;
  }
  const end = at + count;
  const map = encodeAppleMap({
    blockBytes: BLOCK,
    describedBlock: BLOCK,
    total: end + FREE_BLOCKS,
    partitions: [
      ...before,
      { name, type: 'Apple_HFS', start: at, count, status: Status.hfs },
      { name: '', type: 'Apple_Free', start: end, count: FREE_BLOCKS, status: Status.free },
    ],
  });
  const unit = BLOCK / SECTOR;
  const gap = driver ? ' (Apple_ISO' : ' (Apple_Free';
  return {
    totalSectors: (pastEnd ? end : end + FREE_BLOCKS) * unit,
    volumeFirstSector: at * unit,
    pieces: map.pieces,
    // Sectors 1 to 3 belong to block 0, of which the descriptor is the first sector.
    stretches: [
      { name: 'Driver Descriptor Map (DDM', firstSector: 0, sectorCount: 1 },
      { name: gap, firstSector: 1, sectorCount: unit - 1 },
      ...map.partitions.filter(({ start }) => !pastEnd || start < end).map((partition) => stretchOf(partition, unit)),
    ],
  };
}

/**
 * An Apple map in 512-byte units with the map in sectors 1 to 63. `described` 2048 is the "old school" form of hdiutil's CD masters:
 * block 0 alone says 2048.
 */
export function apple512(volumeSectors: number, described: 512 | 2048 = SECTOR): Layout {
  const start = 1 + OLD_MAP_BLOCKS;
  const end = start + volumeSectors;
  const total = end + OLD_FREE_BLOCKS;
  const map = encodeAppleMap({
    blockBytes: SECTOR,
    describedBlock: described,
    total: (total * SECTOR) / described,
    partitions: [
      { name: 'Apple', type: 'Apple_partition_map', start: 1, count: OLD_MAP_BLOCKS, status: Status.map },
      { name: 'disk image', type: 'Apple_HFS', start, count: volumeSectors, status: Status.hfs },
      { name: '', type: 'Apple_Free', start: end, count: OLD_FREE_BLOCKS, status: Status.free },
    ],
  });
  return {
    totalSectors: total,
    volumeFirstSector: start,
    pieces: map.pieces,
    stretches: [
      { name: 'Driver Descriptor Map (DDM', firstSector: 0, sectorCount: 1 },
      ...map.partitions.map((partition) => stretchOf(partition, 1)),
    ],
  };
}

function stretchOf({ name, type, start, count }: ApplePartition, unit: number): Stretch {
  return { name: `${name} (${type}`, firstSector: start * unit, sectorCount: count * unit };
}
