import { SourceError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import { isApm, readApm } from './apm.js';
import { regrowApm } from './apm-write.js';
import { hasGptHeader, readGpt } from './gpt.js';
import { regrowGpt } from './gpt-write.js';
import { PROTECTIVE, readMbr, regrowMbr } from './mbr.js';
import { type DiskLayout, type Partition, type PartitionMap, SECTOR } from './types.js';
import { volumeKind } from './volume.js';

export { planApm } from './apm-write.js';
export { findHfsPartition, type HfsPartition, hfsPartitions, partitionSource } from './find.js';
export { FIRST_SECTOR, planGpt } from './gpt-write.js';
export { GuidType, isHfsType } from './guid.js';
export { mapTitle } from './title.js';
export {
  type ApmMap,
  type ApmUnit,
  type DiskLayout,
  type GptMap,
  type MbrMap,
  type NoMap,
  type Partition,
  type PartitionMap,
  SECTOR,
} from './types.js';
export { embeddedVolume, type VolumeKind, volumeKind } from './volume.js';

/**
 * Reads a disk's partition map, of whatever scheme; 'none' for a bare volume and for anything unknown. FormatError for a damaged
 * map.
 */
export async function readPartitionMap(disk: ByteSource): Promise<PartitionMap> {
  const totalSectors = Math.floor(disk.size / SECTOR);
  const none: PartitionMap = {
    scheme: 'none',
    sectorSize: SECTOR,
    totalSectors,
    partitions: [],
    warnings: [],
    notes: [],
  };
  if (totalSectors < 2) return none;
  const head = await disk.read(0, 2 * SECTOR);
  if (isApm(head)) return readApm(disk);
  if (await hasGptHeader(disk, SECTOR)) return (await withoutGpt(disk)) ?? readGpt(disk);
  // A bare volume may carry a boot sector that ends like an MBR, so its signature counts first.
  const { kind } = await volumeKind(disk).catch(() => ({ kind: 'wrapper' }));
  if (kind !== 'unknown') return none;
  if (await hasGptHeader(disk, 4096)) return readGpt(disk);
  const mbr = await readMbr(disk);
  // An MBR that promises a GPT: the primary header is gone, the backup may be there.
  if (mbr?.partitions.some(({ type }) => type === PROTECTIVE)) return readGpt(disk);
  return mbr ?? none;
}

/** The MBR of a disk that had a GPT before: nobody's way to that leads past a record without an entry for it. */
async function withoutGpt(disk: ByteSource): Promise<PartitionMap | undefined> {
  const mbr = await readMbr(disk);
  if (!mbr || mbr.partitions.some(({ type }) => type === PROTECTIVE)) return undefined;
  return {
    ...mbr,
    notes: [...mbr.notes, 'a GUID map is left over, which no entry of the master boot record leads to'],
  };
}

/** Bytes of the blocks a map counts the disk and its partitions in: a partition can only be a multiple of it. */
export function blockBytes(map: PartitionMap): number {
  switch (map.scheme) {
    case 'apm':
      return map.blockSize;
    case 'gpt':
      return map.lbaSize;
    case 'mbr':
    case 'none':
      return SECTOR;
    default:
      return map satisfies never;
  }
}

/**
 * The same disk with `partition`'s volume made `volumeSectors` long and ending right behind it: what to write outside the volume.
 * Other partitions before it, names and GUIDs stay. SourceError when something that is not free space lies behind it, or when the
 * volume lies in an HFS wrapper.
 */
export function regrow(
  map: PartitionMap,
  partition: Partition & { readonly wrapped?: boolean },
  volumeSectors: number,
): DiskLayout {
  if (!Number.isSafeInteger(volumeSectors) || volumeSectors < 1) throw new Error(`${volumeSectors} sectors`);
  if (partition.wrapped) {
    throw new SourceError('The volume cannot be resized: it lies in an HFS wrapper, which osx-iso only reads.', {
      hint: 'Give the disk a new map with this volume alone: --map apm',
    });
  }
  switch (map.scheme) {
    case 'apm':
      return regrowApm(map, partition, volumeSectors);
    case 'gpt':
      return regrowGpt(map, partition, volumeSectors);
    case 'mbr':
      return regrowMbr(map, partition, volumeSectors);
    case 'none':
      return { totalSectors: volumeSectors, volumeFirstSector: 0, volumeSectors, extents: [] };
    default:
      return map satisfies never;
  }
}
