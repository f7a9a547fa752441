import { viewOf } from '../bytes.js';
import { fault, need, type Where } from '../where.js';
import {
  clustersOf,
  FAT12_CLUSTERS,
  FAT16_CLUSTERS,
  FAT32_CLUSTERS,
  type FatBits,
  type FatGeometry,
  firstDataSector,
  SECTOR,
  tableBytes,
} from './geometry.js';

/** What a boot sector says. */
export interface BootSector extends FatGeometry {
  readonly media: number;
  /** Sectors before the volume on its disk. */
  readonly hiddenSectors: number;
  readonly volumeId: number;
  /** 11 bytes as stored, without the spaces behind it. */
  readonly label: string;
  /** FAT32: where the root folder starts. */
  readonly rootCluster: number;
  /** All tables are kept the same; of FAT32 that can be switched off. */
  readonly mirrored: boolean;
  /** The table that counts. */
  readonly activeTable: number;
}

/** Bytes of the boot sector that have fields. */
export const BOOT_SECTOR_SIZE = 512;
const LABEL_LENGTH = 11;
const OEM_NAME = 'OSX-ISO ';
const MEDIA_FIXED = 0xf8;
const DRIVE_HARD_DISK = 0x80;
const EXTENDED_SIGNATURE = 0x29;
/** Where FAT32 has its second boot sector (fatgen103: 6, and nothing else). */
export const BACKUP_SECTOR = 6;
export const FS_INFO_SECTOR = 1;

/** A loop at the place where the BIOS starts: this is no disk to boot from by BIOS. `jmp short` to it, as readers want to see one. */
const JUMP = { 12: [0xeb, 0x3c, 0x90], 16: [0xeb, 0x3c, 0x90], 32: [0xeb, 0x58, 0x90] } as const;
const HALT = [0xf4, 0xeb, 0xfd] as const;

/**
 * The boot sector with its BIOS parameter block (fatgen103), 512 bytes, little-endian:
 * 0 jump, 3 OEM name, 11 u16 bytes a sector, 13 u8 sectors a cluster, 14 u16 reserved sectors, 16 u8 tables, 17 u16 root entries,
 * 19 u16 sectors (0: see 32), 21 u8 media, 22 u16 sectors a table (0: FAT32), 24 u16 sectors a track, 26 u16 heads, 28 u32 hidden
 * sectors, 32 u32 sectors; then FAT12 and FAT16: 36 u8 drive, 37 u8 0, 38 u8 0x29, 39 u32 volume id, 43 label, 54 kind; FAT32:
 * 36 u32 sectors a table, 40 u16 flags, 42 u16 version 0, 44 u32 root cluster, 48 u16 FSInfo's sector, 50 u16 sector of the second
 * boot sector, 52 twelve bytes of 0, 64 u8 drive, 65 u8 0, 66 u8 0x29, 67 u32 volume id, 71 label, 82 kind. 510: 55 AA.
 */
export function encodeBootSector(
  geometry: FatGeometry,
  options: {
    readonly volumeId: number;
    readonly label: string;
    readonly hiddenSectors: number;
    readonly rootCluster: number;
  },
): Uint8Array {
  const { bits, totalSectors, sectorsPerTable } = geometry;
  const bytes = new Uint8Array(BOOT_SECTOR_SIZE);
  const view = viewOf(bytes);
  const text = (at: number, value: string) => bytes.set(Buffer.from(value, 'latin1'), at);
  bytes.set(JUMP[bits]);
  text(3, OEM_NAME);
  view.setUint16(11, geometry.bytesPerSector, true);
  view.setUint8(13, geometry.sectorsPerCluster);
  view.setUint16(14, geometry.reservedSectors, true);
  view.setUint8(16, geometry.tables);
  view.setUint16(17, geometry.rootEntries, true);
  const short = bits !== 32 && totalSectors < 0x1_0000;
  view.setUint16(19, short ? totalSectors : 0, true);
  view.setUint8(21, MEDIA_FIXED);
  view.setUint16(22, bits === 32 ? 0 : sectorsPerTable, true);
  view.setUint16(24, 63, true);
  view.setUint16(26, 255, true);
  view.setUint32(28, options.hiddenSectors, true);
  view.setUint32(32, short ? 0 : totalSectors, true);
  const tail = bits === 32 ? 64 : 36;
  if (bits === 32) {
    view.setUint32(36, sectorsPerTable, true);
    view.setUint32(44, options.rootCluster, true);
    view.setUint16(48, FS_INFO_SECTOR, true);
    view.setUint16(50, BACKUP_SECTOR, true);
  }
  view.setUint8(tail, DRIVE_HARD_DISK);
  view.setUint8(tail + 2, EXTENDED_SIGNATURE);
  view.setUint32(tail + 3, options.volumeId, true);
  text(tail + 7, options.label.padEnd(LABEL_LENGTH));
  text(tail + 18, `FAT${bits}`.padEnd(8));
  bytes.set(HALT, tail + 26);
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

/** Reads a boot sector, see `encodeBootSector`. FormatError for what is none, and for a layout that does not fit into `size` bytes. */
export function decodeBootSector(bytes: Uint8Array, size: number, where: Where): BootSector {
  need(bytes, 0, BOOT_SECTOR_SIZE, 'a boot sector', where);
  const view = viewOf(bytes);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  const hex = (value: number) => `0x${value.toString(16)}`;
  if (u16(510) !== 0xaa55) throw fault(where, 510, '55 AA', hex(u16(510)));
  const bytesPerSector = u16(11);
  if (![512, 1024, 2048, 4096].includes(bytesPerSector)) {
    throw fault(where, 11, '512, 1024, 2048 or 4096 bytes a sector', bytesPerSector);
  }
  const sectorsPerCluster = view.getUint8(13);
  if (sectorsPerCluster === 0 || (sectorsPerCluster & (sectorsPerCluster - 1)) !== 0) {
    throw fault(where, 13, 'a power of two of sectors a cluster', sectorsPerCluster);
  }
  const reservedSectors = u16(14);
  if (reservedSectors === 0) throw fault(where, 14, 'at least 1 reserved sector', 0);
  const tables = view.getUint8(16);
  if (tables < 1 || tables > 2) throw fault(where, 16, '1 or 2 tables', tables);
  const isFat32 = u16(22) === 0;
  const sectorsPerTable = isFat32 ? u32(36) : u16(22);
  const totalSectors = u16(19) || u32(32);
  const layout = {
    bytesPerSector,
    sectorsPerCluster,
    reservedSectors,
    tables,
    sectorsPerTable,
    rootEntries: u16(17),
    totalSectors,
  };
  if (totalSectors * bytesPerSector > size) {
    throw fault(where, 32, `at most ${Math.floor(size / bytesPerSector)} sectors`, totalSectors);
  }
  if (firstDataSector(layout) > totalSectors) {
    throw fault(
      where,
      22,
      `tables inside the ${totalSectors} sectors`,
      `clusters from sector ${firstDataSector(layout)}`,
    );
  }
  const clusters = clustersOf(layout);
  // mkfs.fat -F 32 makes small ones, and firmware goes by the fields; the others are told apart by their clusters.
  const bits: FatBits = isFat32 ? 32 : clusters < FAT12_CLUSTERS ? 12 : 16;
  if (clusters < 1 || clusters > FAT32_CLUSTERS) {
    throw fault(where, 32, `1 to ${FAT32_CLUSTERS} clusters`, clusters);
  }
  if (!isFat32 && clusters >= FAT16_CLUSTERS) {
    throw fault(where, 17, `the fields of a FAT32 with its ${clusters} clusters`, 'those of FAT12 and FAT16');
  }
  if (isFat32 !== (layout.rootEntries === 0)) {
    throw fault(where, 17, `the entries of the root of a FAT${bits}`, layout.rootEntries);
  }
  if (tableBytes(bits, clusters) > sectorsPerTable * bytesPerSector) {
    throw fault(where, isFat32 ? 36 : 22, `a table with room for ${clusters} clusters`, `${sectorsPerTable} sectors`);
  }
  const rootCluster = isFat32 ? u32(44) : 0;
  if (isFat32 && (rootCluster < 2 || rootCluster >= clusters + 2)) {
    throw fault(where, 44, `a cluster from 2 to ${clusters + 1}`, rootCluster);
  }
  const mirrored = !isFat32 || (u16(40) & 0x80) === 0;
  const activeTable = mirrored ? 0 : u16(40) & 0x0f;
  if (activeTable >= tables) throw fault(where, 40, `one of ${tables} tables`, activeTable);
  const tail = isFat32 ? 64 : 36;
  const isExtended = view.getUint8(tail + 2) === EXTENDED_SIGNATURE;
  return {
    bits,
    ...layout,
    clusters,
    media: view.getUint8(21),
    hiddenSectors: u32(28),
    volumeId: isExtended ? u32(tail + 3) : 0,
    label: isExtended ? trimmed(bytes.subarray(tail + 7, tail + 7 + LABEL_LENGTH)) : '',
    rootCluster,
    mirrored,
    activeTable,
  };
}

function trimmed(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1').trimEnd();
}

/** FAT32's sector that says what is free: 0 `RRaA`, 484 `rrAa`, 488 u32 free clusters, 492 u32 where to look first, 508 55 AA. */
export function encodeFsInfo(free: number, next: number): Uint8Array {
  const bytes = new Uint8Array(SECTOR);
  const view = viewOf(bytes);
  view.setUint32(0, 0x4161_5252, true);
  view.setUint32(484, 0x6141_7272, true);
  view.setUint32(488, free, true);
  view.setUint32(492, next, true);
  view.setUint32(508, 0xaa55_0000, true);
  return bytes;
}

/** Whether a volume's first sector looks like that of a FAT: a jump, 55 AA, and sizes that make sense. Nothing is refused by it. */
export function looksLikeFat(head: Uint8Array): boolean {
  if (head.length < BOOT_SECTOR_SIZE) return false;
  const view = viewOf(head);
  const jump = head[0] === 0xeb || head[0] === 0xe9;
  const cluster = view.getUint8(13);
  return (
    jump &&
    view.getUint16(510, true) === 0xaa55 &&
    [512, 1024, 2048, 4096].includes(view.getUint16(11, true)) &&
    cluster !== 0 &&
    (cluster & (cluster - 1)) === 0 &&
    view.getUint16(14, true) > 0 &&
    [1, 2].includes(view.getUint8(16)) &&
    view.getUint8(21) >= 0xf0
  );
}
