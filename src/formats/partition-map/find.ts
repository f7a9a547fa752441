import { FormatError, SourceError } from '../../errors.js';
import { type ByteSource, slice } from '../bytes.js';
import { GuidType, isHfsType } from './guid.js';
import { type Partition, type PartitionMap, SECTOR } from './types.js';
import { embeddedVolume, type VolumeKind, volumeKind } from './volume.js';

/** A partition with an HFS+ or HFSX volume. */
export interface HfsPartition extends Partition {
  /** The volume's bytes; of a wrapped one those inside the wrapper. */
  readonly source: ByteSource;
  /** Bytes from the start of the disk to the first of them. */
  readonly volumeOffset: number;
  /** Whether the volume lies inside an HFS wrapper: then it is not the whole partition. */
  readonly wrapped: boolean;
}

/**
 * The partition that holds the disk's HFS+ volume: chosen by its type and by the volume's signature, never by its place. With
 * `index` (the number in the map) only that partition is looked at, whatever its type. SourceError, with the reason, where there
 * is none or more than one.
 */
export async function findHfsPartition(
  map: PartitionMap,
  disk: ByteSource,
  options: { readonly index?: number } = {},
): Promise<HfsPartition> {
  const all = map.scheme === 'none' ? [wholeOf(map)] : map.partitions;
  const wanted = options.index === undefined ? undefined : all.find(({ index }) => index === options.index);
  if (options.index !== undefined && wanted === undefined) {
    throw new SourceError(`${disk.name} has no partition ${options.index}.`, { hint: listing(map) });
  }
  const { found, reasons } = await search(wanted ? [wanted] : all, { map, disk, anyType: wanted !== undefined });
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new SourceError(
      `${disk.name} has more than one HFS+ volume: ${found.map((partition) => describe(partition)).join(', ')}.`,
      { hint: 'Say which one with its number in the partition map.' },
    );
  }
  const why = [...reasons, ...map.warnings].join('; ');
  throw new SourceError(`${disk.name} has no HFS+ volume${why === '' ? '' : `: ${why}`}.`, { hint: listing(map) });
}

/** All of a disk's HFS+ volumes, by type and signature, and why other partitions are none. */
export async function hfsPartitions(
  map: PartitionMap,
  disk: ByteSource,
): Promise<{ readonly found: readonly HfsPartition[]; readonly reasons: readonly string[] }> {
  return search(map.scheme === 'none' ? [wholeOf(map)] : map.partitions, { map, disk, anyType: false });
}

async function search(
  partitions: readonly Partition[],
  { map, disk, anyType }: { readonly map: PartitionMap; readonly disk: ByteSource; readonly anyType: boolean },
): Promise<{ found: HfsPartition[]; reasons: string[] }> {
  const found: HfsPartition[] = [];
  const reasons: string[] = [];
  for (const partition of partitions) {
    const byType = anyType || map.scheme === 'none' || isHfsType(partition.type);
    const reason = refusalByType(partition.type);
    if (reason) reasons.push(`${describe(partition)} is ${reason}`);
    if (!byType) continue;
    const source = partitionSource(partition, disk);
    const kind = await volumeKind(source);
    const volumeOffset = partition.firstSector * SECTOR;
    if (kind.kind === 'hfs+' || kind.kind === 'hfsx') {
      found.push({ ...partition, source, volumeOffset, wrapped: false });
    } else if (kind.kind === 'wrapper') {
      const { embedded } = kind;
      found.push({
        ...partition,
        source: embeddedVolume(source, embedded),
        volumeOffset: volumeOffset + embedded.offset,
        wrapped: true,
      });
    } else reasons.push(`${describe(partition)} is ${refusalByKind(kind)}`);
  }
  return { found, reasons: [...new Set(reasons)] };
}

function wholeOf({ totalSectors }: PartitionMap): Partition {
  return { index: 0, name: '', type: '', firstSector: 0, sectorCount: totalSectors };
}

/** Types of partitions that explain why there is no HFS+ volume. */
function refusalByType(type: string): string | undefined {
  if (type === GuidType.apfs || type === 'Apple_APFS') return 'APFS, which osx-iso does not read';
  if (type === GuidType.coreStorage || type === 'Apple_CoreStorage') {
    return 'CoreStorage (FileVault or Fusion), which osx-iso does not read';
  }
  return undefined;
}

function refusalByKind({ kind }: VolumeKind): string {
  switch (kind) {
    case 'apfs':
      return 'APFS, which osx-iso does not read';
    case 'core-storage':
      return 'CoreStorage (FileVault or Fusion), which osx-iso does not read';
    case 'hfs':
      return 'classic HFS, not HFS+, which osx-iso does not read';
    default:
      return 'without an HFS+ signature';
  }
}

function describe(partition: Partition): string {
  if (partition.index === 0) return 'the whole disk';
  const name = partition.name === '' ? '' : ` "${partition.name}"`;
  return `partition ${partition.index}${name} at sector ${partition.firstSector}`;
}

function listing(map: PartitionMap): string {
  if (map.scheme === 'none') return 'The disk has no partition map.';
  const rows = map.partitions.map(({ index, type, sectorCount }) => `${index}: ${type}, ${sectorCount} sectors`);
  return `Its partitions are ${rows.join('; ') || 'none'}.`;
}

/** The bytes of a partition. FormatError where it starts behind the end of the disk. */
export function partitionSource(partition: Partition, disk: ByteSource): ByteSource {
  const offset = partition.firstSector * SECTOR;
  if (offset > disk.size) {
    throw new FormatError({
      file: disk.name,
      structure: describe(partition),
      offset,
      expected: `a start inside the ${disk.size} bytes there are`,
      found: `byte ${offset}`,
    });
  }
  return slice(disk, offset, partition.sectorCount * SECTOR);
}
