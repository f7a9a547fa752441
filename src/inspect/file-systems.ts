import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import type { Disk } from '../formats/disk.js';
import { BOOT_SECTOR_SIZE, FatVolume, looksLikeFat } from '../formats/fat/index.js';
import { HfsVolume } from '../formats/hfsplus/volume.js';
import {
  findHfsPartition,
  type HfsPartition,
  type Partition,
  partitionSource,
} from '../formats/partition-map/index.js';
import { readSystemVersion } from '../known/system-version.js';
import { releaseTitle } from '../releases.js';
import { volumeUuid } from '../verify/uuid.js';
import type { Layer, Opened } from './opened.js';

/** A volume that can be looked into. */
export type OpenedVolume = Omit<Opened, 'layers' | 'prove'> & { readonly layer: Layer };

/** A volume with the partition it is in, and what else is on the disk, as lines. */
export interface FoundVolume {
  readonly volume: OpenedVolume;
  readonly others: readonly string[];
}

/**
 * The disk's volume: in partition `index`, else its HFS+ volume, else, where it has none, its first FAT volume. SourceError and
 * FormatError where there is none that can be read.
 */
export async function findVolume(disk: Disk, index: number | undefined): Promise<FoundVolume> {
  const fats = (await fatPartitions(disk)).filter((partition) => index === undefined || partition.index === index);
  const asked = index === undefined ? {} : { index };
  const [fat] = fats;
  const inFat = async (partition: Partition): Promise<FoundVolume> => {
    const volume = await FatVolume.open(fatSource(disk, partition));
    return { volume: openFat(volume, placeOf(disk, partition)), others: [] };
  };
  if (index !== undefined && fat) return inFat(fat);
  let partition: HfsPartition;
  try {
    partition = await findHfsPartition(disk.map, disk.source, asked);
  } catch (error) {
    if (!fat || !(error instanceof SourceError)) throw error;
    return inFat(fat);
  }
  const others = fats.map((other) => `a FAT volume is in partition ${other.index}: --partition ${other.index}`);
  return { volume: await openHfs(await HfsVolume.open(partition.source), placeOf(disk, partition)), others };
}

/** Partitions in which a FAT volume begins; of a disk without a map the whole. */
async function fatPartitions(disk: Disk): Promise<Partition[]> {
  const { map, source } = disk;
  const whole: Partition = { index: 0, name: '', type: '', firstSector: 0, sectorCount: map.totalSectors };
  const found: Partition[] = [];
  for (const partition of [whole, ...map.partitions]) {
    const start = partition.firstSector * 512;
    if (start + BOOT_SECTOR_SIZE > source.size) continue;
    if (looksLikeFat(await source.read(start, BOOT_SECTOR_SIZE))) found.push(partition);
  }
  return found;
}

function fatSource(disk: Disk, partition: Partition): ByteSource {
  return partition.index === 0 ? disk.source : partitionSource(partition, disk.source);
}

function placeOf({ map }: Disk, { index, firstSector }: Partition): string[] {
  return map.scheme === 'none' ? [] : [`in partition ${index}, from byte ${firstSector * 512}`];
}

async function openHfs(volume: HfsVolume, place: readonly string[]): Promise<OpenedVolume> {
  const { header } = volume;
  const journal = await volume.journal();
  const system = await readSystemVersion(volume).catch(() => undefined);
  const lines = [
    `${volume.caseSensitive ? 'HFSX, case-sensitive' : 'HFS+'}, ${header.totalBlocks} blocks of ${header.blockSize} bytes, ${header.freeBlocks} free`,
    `${header.fileCount} files, ${header.folderCount} folders; journal: ${journal.state}; UUID ${volumeUuid(header.finderInfo)}`,
    ...place,
    ...(system ? [releaseTitle(system.version, system.build)] : []),
  ];
  return {
    layer: { kind: 'volume', name: volume.name, lines },
    tree: volume,
    entry: (path) => volume.entry(path),
    content: ({ path }) => volume.file(path),
  };
}

function openFat(volume: FatVolume, place: readonly string[]): OpenedVolume {
  const { bits, clusters, bytesPerSector, sectorsPerCluster, volumeId } = volume.boot;
  const id = volumeId.toString(16).toUpperCase().padStart(8, '0');
  const lines = [
    `FAT${bits}, ${clusters} clusters of ${bytesPerSector * sectorsPerCluster} bytes; volume id ${id.slice(0, 4)}-${id.slice(4)}`,
    ...place,
  ];
  return {
    layer: { kind: 'volume', name: volume.name, lines },
    tree: volume,
    entry: (path) => volume.entry(path),
    content: ({ path }) => volume.file(path),
  };
}
