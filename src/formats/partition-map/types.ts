/** Bytes of a sector: what everything above a map counts in, whatever the map itself counts in. */
export const SECTOR = 512;

/** Bytes of the blocks an Apple map can count in. */
export type ApmUnit = 512 | 1024 | 2048 | 4096;

/** One partition as its map describes it. Sectors are 512 bytes. */
export interface Partition {
  /** The number in the map, from 1 (disk0s1); 0 where there is no map. */
  readonly index: number;
  readonly name: string;
  /** APM: the type's name. GPT: the type's GUID, upper case. MBR: "0xAF". No map: "". */
  readonly type: string;
  readonly firstSector: number;
  /** Those that are on the disk: a partition that the map lets end past it ends with it. */
  readonly sectorCount: number;
  /** As the map has it, where that is more. */
  readonly statedSectors?: number;
}

interface MapBase {
  readonly sectorSize: 512;
  /** Of the disk. */
  readonly totalSectors: number;
  /** In the map's order; APM lists its own map and free space as well. */
  readonly partitions: readonly Partition[];
  /** What is wrong with the map without making it useless, as sentences. */
  readonly warnings: readonly string[];
  /** What is odd about it and no damage (free space past the end of the disk, padding behind it), as sentences. */
  readonly notes: readonly string[];
}

/** An Apple Partition Map. */
export interface ApmMap extends MapBase {
  readonly scheme: 'apm';
  /** Bytes of a block as the driver descriptor says; 512 where there is none. */
  readonly blockSize: number;
  /**
   * Bytes from one entry to the next, and what entries count in. Less than `blockSize` in "old school" maps: 2048 in the descriptor,
   * entries every 512 bytes that count in 512.
   */
  readonly unit: ApmUnit;
  /** Of old-school maps: entries at every 2048 bytes, for readers that go by the descriptor (Chameleon); else 0. */
  readonly cdEntries: number;
  /** Block 0 (driver descriptor map) and all entries, as stored: every `unit` bytes one. */
  readonly blocks: Uint8Array;
}

/** A GUID partition table. */
export interface GptMap extends MapBase {
  readonly scheme: 'gpt';
  /** Bytes of the blocks that the table counts in: 512, of disks with large sectors 4096. */
  readonly lbaSize: 512 | 4096;
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
  /** Extended boot records, in the order of their chains. */
  readonly ebrs: readonly Ebr[];
}

/** An extended boot record as stored: where it is, and which partition it describes. */
export interface Ebr {
  readonly sector: number;
  readonly bytes: Uint8Array;
  /** The number of the extended partition whose chain it is in. */
  readonly extended: number;
  /** The number of its logical partition; absent where it has none. */
  readonly index?: number;
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
