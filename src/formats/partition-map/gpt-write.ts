import { crc32 } from 'node:zlib';
import { SourceError } from '../../errors.js';
import { viewOf } from '../bytes.js';
import { headerCrc } from './gpt.js';
import { GuidType, guidBytes } from './guid.js';
import { type DiskLayout, type GptMap, type Partition, SECTOR } from './types.js';

const ENTRY_COUNT = 128;
const ENTRY_SIZE = 128;
const ENTRIES_SECTORS = (ENTRY_COUNT * ENTRY_SIZE) / SECTOR;
/** hdiutil's first partition: the map ends at sector 34, partitions start at multiples of 8. */
export const FIRST_SECTOR = 40;
/** Bytes; what partitions of either block size are aligned to. */
const ALIGNMENT = 4096;
const HEADER_SIZE = 92;

/**
 * A new disk with a GUID partition table as hdiutil lays it out: one Apple_HFS partition from sector 40, 40 sectors behind it. With
 * `esp` an EFI system partition stands in front of it, from sector 40, a multiple of 8 sectors long. The GUIDs are given as text, so
 * that equal input makes equal disks.
 */
export function planGpt(options: {
  readonly volumeSectors: number;
  readonly name?: string;
  readonly diskGuid: string;
  readonly partitionGuid: string;
  readonly esp?: { readonly sectors: number; readonly guid: string };
}): DiskLayout {
  const { volumeSectors, name = 'disk image', esp } = options;
  if (esp && esp.sectors % (ALIGNMENT / SECTOR) !== 0) throw new Error(`${esp.sectors} sectors are not aligned`);
  const first = FIRST_SECTOR + (esp?.sectors ?? 0);
  const entries = new Uint8Array(ENTRY_COUNT * ENTRY_SIZE);
  const own = { type: GuidType.hfs, guid: options.partitionGuid, name, first, sectors: volumeSectors };
  const inFront = esp && { ...esp, type: GuidType.efi, name: 'EFI System Partition', first: FIRST_SECTOR };
  [...(inFront ? [inFront] : []), own].forEach((partition, i) => {
    entries.set(encodeEntry(partition), i * ENTRY_SIZE);
  });

  const header = new Uint8Array(SECTOR);
  const head = new DataView(header.buffer);
  header.set(new TextEncoder().encode('EFI PART'));
  head.setUint32(8, 0x0001_0000, true);
  head.setUint32(12, HEADER_SIZE, true);
  head.setBigUint64(40, BigInt(2 + ENTRIES_SECTORS), true);
  header.set(guidBytes(options.diskGuid), 56);
  head.setUint32(80, ENTRY_COUNT, true);
  head.setUint32(84, ENTRY_SIZE, true);
  return layOut({ lbaSize: SECTOR, mbr: protectiveMbr(), header, entries, first, volumeSectors });
}

/** An entry: 0 type, 16 GUID, 32 u64 first sector, 40 u64 last, 48 u64 flags, 56 name (UTF-16, 36 units). Little-endian. */
function encodeEntry(partition: {
  readonly type: string;
  readonly guid: string;
  readonly name: string;
  readonly first: number;
  readonly sectors: number;
}): Uint8Array {
  const { type, guid, name, first, sectors } = partition;
  const entry = new Uint8Array(ENTRY_SIZE);
  const fields = viewOf(entry);
  entry.set(guidBytes(type), 0);
  entry.set(guidBytes(guid), 16);
  fields.setBigUint64(32, BigInt(first), true);
  fields.setBigUint64(40, BigInt(first + sectors - 1), true);
  for (let i = 0; i < Math.min(35, name.length); i++) fields.setUint16(56 + i * 2, name.charCodeAt(i), true);
  return entry;
}

/**
 * The same table, in its own blocks, with `partition` made `volumeSectors` long (a multiple of them) and the backup right behind it,
 * GUIDs and all other partitions kept. SourceError when another partition lies behind it.
 */
export function regrowGpt(map: GptMap, partition: Partition, volumeSectors: number): DiskLayout {
  const behind = map.partitions.find((other) => other.firstSector > partition.firstSector);
  if (behind) {
    throw new SourceError(
      `The partition "${partition.name}" cannot be resized: "${behind.name}" (${behind.type}) lies behind it.`,
    );
  }
  const { lbaSize } = map;
  const perBlock = lbaSize / SECTOR;
  if (volumeSectors % perBlock !== 0) throw new Error(`${volumeSectors} sectors are no blocks of ${lbaSize} bytes`);
  const entries = map.entries.slice();
  const size = new DataView(map.header.buffer, map.header.byteOffset).getUint32(84, true);
  const last = BigInt((partition.firstSector + volumeSectors) / perBlock - 1);
  new DataView(entries.buffer).setBigUint64((partition.index - 1) * size + 40, last, true);
  const { firstSector: first } = partition;
  return layOut({ lbaSize, mbr: map.mbr.slice(), header: map.header.slice(), entries, first, volumeSectors });
}

/** Puts both copies of the table around the volume: fixes what depends on the disk's size, and the CRCs. Counts in blocks inside. */
function layOut(disk: {
  readonly lbaSize: number;
  readonly mbr: Uint8Array;
  /** Copied for both ends; blocks and CRCs are filled in. */
  readonly header: Uint8Array;
  readonly entries: Uint8Array;
  /** Sectors. */
  readonly first: number;
  readonly volumeSectors: number;
}): DiskLayout {
  const { lbaSize, mbr, entries } = disk;
  const perBlock = lbaSize / SECTOR;
  const alignment = ALIGNMENT / lbaSize;
  const entriesBlocks = Math.ceil(entries.length / lbaSize);
  const volumeEnd = (disk.first + disk.volumeSectors) / perBlock;
  const total = Math.ceil(volumeEnd / alignment) * alignment + alignment + entriesBlocks;
  const last = total - 1;
  const backupEntries = last - entriesBlocks;
  const crc = crc32(entries);
  const header = (own: number, other: number, entriesAt: number) => {
    const bytes = disk.header.slice();
    const fields = viewOf(bytes);
    fields.setBigUint64(24, BigInt(own), true);
    fields.setBigUint64(32, BigInt(other), true);
    fields.setBigUint64(48, BigInt(backupEntries - 1), true);
    fields.setBigUint64(72, BigInt(entriesAt), true);
    fields.setUint32(88, crc, true);
    fields.setUint32(16, headerCrc(bytes, fields.getUint32(12, true)), true);
    return bytes;
  };
  for (const at of [446, 462, 478, 494]) {
    if (mbr[at + 4] === 0xee) viewOf(mbr).setUint32(at + 12, Math.min(last, 0xffff_ffff), true);
  }
  const front = new Uint8Array((2 + entriesBlocks) * lbaSize);
  front.set(mbr);
  front.set(header(1, last, 2), lbaSize);
  front.set(entries, 2 * lbaSize);
  /** From the volume's end: zeros up to the entries. */
  const back = new Uint8Array((total - volumeEnd) * lbaSize);
  back.set(entries, (backupEntries - volumeEnd) * lbaSize);
  back.set(header(last, 1, backupEntries), (last - volumeEnd) * lbaSize);
  return {
    totalSectors: total * perBlock,
    volumeFirstSector: disk.first,
    volumeSectors: disk.volumeSectors,
    extents: [
      { offset: 0, bytes: front },
      { offset: volumeEnd * lbaSize, bytes: back },
    ],
  };
}

/** hdiutil's protective MBR; its size field is filled in by layOut. */
function protectiveMbr(): Uint8Array {
  const mbr = new Uint8Array(SECTOR);
  mbr.set([0x00, 0xfe, 0xff, 0xff, 0xee, 0xfe, 0xff, 0xff, 0x01, 0x00, 0x00, 0x00], 446);
  mbr.set([0x55, 0xaa], 510);
  return mbr;
}
