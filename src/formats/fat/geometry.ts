import { StepError } from '../../errors.js';

/** Bytes of a sector of the volumes we write; others' may have more. */
export const SECTOR = 512;

/** Bits of an entry of the table: what kind of FAT it is. */
export type FatBits = 12 | 16 | 32;

/** How a volume is laid out: boot sector and reserve, the tables, the root folder (FAT12, FAT16), the clusters. Sizes in sectors. */
export interface FatGeometry {
  readonly bits: FatBits;
  readonly bytesPerSector: number;
  readonly sectorsPerCluster: number;
  readonly reservedSectors: number;
  readonly tables: number;
  readonly sectorsPerTable: number;
  /** Entries of the root folder; 0 on FAT32, where it is made of clusters like any other. */
  readonly rootEntries: number;
  readonly totalSectors: number;
  /** The first of them is cluster 2. */
  readonly clusters: number;
}

/** Bytes of an entry of a folder. */
export const ENTRY_SIZE = 32;

/** fatgen103: fewer clusters than this make a FAT12, fewer than the other a FAT16, all else is a FAT32. Nothing but their number says so. */
export const FAT12_CLUSTERS = 4085;
export const FAT16_CLUSTERS = 65_525;
/** The highest number of a cluster is 0x0FFFFFF6: what is above means something else. */
export const FAT32_CLUSTERS = 0x0fff_fff5;

/** fatgen103: "stay away from" the borders by 16 clusters: not every reader counts right. */
const MARGIN = 16;
const ROOT_ENTRIES = 512;
/** Sectors: what everybody has who does not need more (fatgen103); FAT32 keeps its boot sectors and their copies there. */
const RESERVED = { 12: 1, 16: 1, 32: 32 } as const;
const LARGEST_CLUSTER = 64;
/** Sectors: the field has 32 bits. */
const MOST_SECTORS = 0xffff_ffff;
/** Sectors of a FAT32 up to which it has clusters of so many sectors (fatgen103's table). */
const FAT32_SIZES: readonly (readonly [number, number])[] = [
  [532_480, 1],
  [16_777_216, 8],
  [33_554_432, 16],
  [67_108_864, 32],
  [MOST_SECTORS, 64],
];

/**
 * The layout of a new volume of `size` bytes (whole sectors): FAT32 where it has clusters enough for one, because that is what UEFI
 * asks of a system partition (2.10, 13.3); else FAT16 or FAT12. StepError where no FAT has that size.
 */
export function geometryFor(size: number): FatGeometry {
  const totalSectors = size / SECTOR;
  if (Number.isInteger(totalSectors) && totalSectors <= MOST_SECTORS) {
    const [, most = LARGEST_CLUSTER] = FAT32_SIZES.find(([sectors]) => totalSectors <= sectors) ?? [];
    const fat32 = laidOut(32, most, totalSectors);
    if (fits(fat32)) return fat32;
    for (const bits of [16, 12] as const) {
      for (let cluster = 1; cluster <= LARGEST_CLUSTER; cluster *= 2) {
        const geometry = laidOut(bits, cluster, totalSectors);
        if (fits(geometry)) return geometry;
      }
    }
  }
  throw new StepError(`No FAT volume has ${size.toLocaleString('en-US')} bytes.`, {
    hint: 'Give a size in whole MiB, from 1M on.',
  });
}

function fits({ bits, clusters }: FatGeometry): boolean {
  const [least, below] = {
    12: [1, FAT12_CLUSTERS - MARGIN],
    16: [FAT12_CLUSTERS + MARGIN, FAT16_CLUSTERS - MARGIN],
    32: [FAT16_CLUSTERS + MARGIN, FAT32_CLUSTERS],
  }[bits] as [number, number];
  return clusters >= least && clusters < below;
}

/** With tables just as long as they have to be: each cluster fewer may make them shorter. */
function laidOut(bits: FatBits, sectorsPerCluster: number, totalSectors: number): FatGeometry {
  const rootEntries = bits === 32 ? 0 : ROOT_ENTRIES;
  const fixed = { bits, bytesPerSector: SECTOR, sectorsPerCluster, reservedSectors: RESERVED[bits], tables: 2 };
  const having = (sectorsPerTable: number): FatGeometry => {
    const geometry = { ...fixed, sectorsPerTable, rootEntries, totalSectors };
    return { ...geometry, clusters: clustersOf(geometry) };
  };
  let low = 1;
  let high = Math.ceil(((totalSectors / sectorsPerCluster + 2) * bits) / 8 / SECTOR) + 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (tableBytes(bits, having(middle).clusters) <= middle * SECTOR) high = middle;
    else low = middle + 1;
  }
  return having(low);
}

/** Bytes that a table needs for so many clusters; two entries more stand in front. */
export function tableBytes(bits: FatBits, clusters: number): number {
  return Math.ceil(((clusters + 2) * bits) / 8);
}

/** How many whole clusters lie behind everything else. */
export function clustersOf(geometry: Omit<FatGeometry, 'clusters' | 'bits'>): number {
  return Math.max(0, Math.floor((geometry.totalSectors - firstDataSector(geometry)) / geometry.sectorsPerCluster));
}

/** The sector of the root folder of a FAT12 or FAT16. */
export function rootSector(geometry: Pick<FatGeometry, 'reservedSectors' | 'tables' | 'sectorsPerTable'>): number {
  return geometry.reservedSectors + geometry.tables * geometry.sectorsPerTable;
}

/** The sector of cluster 2. */
export function firstDataSector(geometry: Omit<FatGeometry, 'clusters' | 'bits'>): number {
  const { rootEntries, bytesPerSector } = geometry;
  return rootSector(geometry) + Math.ceil((rootEntries * ENTRY_SIZE) / bytesPerSector);
}

/** Bytes of a cluster. */
export function clusterBytes({ bytesPerSector, sectorsPerCluster }: FatGeometry): number {
  return bytesPerSector * sectorsPerCluster;
}

/** Bytes from the start of the volume to a cluster. */
export function clusterOffset(geometry: FatGeometry, cluster: number): number {
  return firstDataSector(geometry) * geometry.bytesPerSector + (cluster - 2) * clusterBytes(geometry);
}
