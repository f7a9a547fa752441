/** Bytes of a sector: no other size occurs on the disks we read and write. */
export const SECTOR = 512;

/** One partition as its map describes it. Sectors are 512 bytes. */
export interface Partition {
  /** The number in the map, from 1 (disk0s1); 0 where there is no map. */
  readonly index: number;
  readonly name: string;
  /** APM: the type's name. GPT: the type's GUID, upper case. MBR: "0xAF". No map: "". */
  readonly type: string;
  readonly firstSector: number;
  readonly sectorCount: number;
}

interface MapBase {
  readonly sectorSize: 512;
  /** Of the disk. */
  readonly totalSectors: number;
  /** In the map's order; APM lists its own map and free space as well. */
  readonly partitions: readonly Partition[];
  /** What is wrong with the map without making it useless, as sentences. */
  readonly warnings: readonly string[];
}

/** An Apple Partition Map. */
export interface ApmMap extends MapBase {
  readonly scheme: 'apm';
  /** Block 0 (driver descriptor map) and all entries, as stored. */
  readonly blocks: Uint8Array;
}

/** A GUID partition table. */
export interface GptMap extends MapBase {
  readonly scheme: 'gpt';
  /** Sector 0 as stored. */
  readonly mbr: Uint8Array;
  /** The sector of the header that was used, primary or backup. */
  readonly header: Uint8Array;
  /** The entry array that was used. */
  readonly entries: Uint8Array;
}

/** A master boot record. */
export interface MbrMap extends MapBase {
  readonly scheme: 'mbr';
  readonly mbr: Uint8Array;
}

/** A disk without a map: the volume starts at sector 0. */
export interface NoMap extends MapBase {
  readonly scheme: 'none';
}

export type PartitionMap = ApmMap | GptMap | MbrMap | NoMap;

/**
 * Everything of a disk that is not its HFS+ volume. A new disk: what no extent covers outside the volume is zeros. A regrown
 * one: sectors before the volume that no extent covers are those of the old disk; behind the volume there are only the extents.
 */
export interface DiskLayout {
  readonly totalSectors: number;
  readonly volumeFirstSector: number;
  readonly volumeSectors: number;
  /** Offsets in bytes from the start of the disk; in order, none touches the volume. */
  readonly extents: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}
