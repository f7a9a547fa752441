import { crc32 } from 'node:zlib';
import type { Random } from '../random.js';
import type { Layout, Stretch } from './layout.js';

const SECTOR = 512;
const ENTRIES = 128;
const ENTRY = 128;
const HEADER = 92;
const TABLE_SECTORS = (ENTRIES * ENTRY) / SECTOR;
const TABLE_AT = 2;
/** hdiutil's: partitions begin at sector 40, and 40 sectors are left behind the last. */
const FIRST = 40;
const BEHIND = 40;

const EFI_SYSTEM = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const HFS = '48465300-0000-11AA-AA11-00306543ECAC';

interface GptPartition {
  readonly type: string;
  readonly name: string;
  /** hdiutil's word for it in a blkx name. */
  readonly word: string;
  readonly first: number;
  readonly sectors: number;
}

/**
 * A GUID partition table in 512-byte sectors with the volume's partition, before it an EFI system partition where `efiSectors` says
 * so (a multiple of 8). Fields little-endian (UEFI 2.10 section 5.3); written without the product's own writer. Same dice, same GUIDs.
 */
export function gpt(volumeSectors: number, dice: Random, efiSectors = 0): Layout {
  const volumeFirstSector = FIRST + efiSectors;
  const partitions: GptPartition[] = [
    { type: HFS, name: 'disk image', word: 'Apple_HFS', first: volumeFirstSector, sectors: volumeSectors },
  ];
  if (efiSectors > 0) {
    const name = 'EFI System Partition';
    partitions.unshift({ type: EFI_SYSTEM, name, word: EFI_SYSTEM, first: FIRST, sectors: efiSectors });
  }
  const totalSectors = volumeFirstSector + volumeSectors + BEHIND;
  const last = totalSectors - 1;
  const diskGuid = randomGuid(dice);
  const table = Buffer.alloc(TABLE_SECTORS * SECTOR);
  for (const [i, partition] of partitions.entries()) {
    const entry = table.subarray(i * ENTRY, (i + 1) * ENTRY);
    guidBytes(partition.type).copy(entry, 0);
    guidBytes(randomGuid(dice)).copy(entry, 16);
    entry.writeBigUInt64LE(BigInt(partition.first), 32);
    entry.writeBigUInt64LE(BigInt(partition.first + partition.sectors - 1), 40);
    entry.write(partition.name, 56, 'utf16le');
  }
  const header = (own: number, other: number, tableAt: number) => {
    const bytes = Buffer.alloc(SECTOR);
    bytes.write('EFI PART', 'latin1');
    bytes.writeUInt32LE(0x0001_0000, 8); // revision
    bytes.writeUInt32LE(HEADER, 12);
    bytes.writeBigUInt64LE(BigInt(own), 24);
    bytes.writeBigUInt64LE(BigInt(other), 32);
    bytes.writeBigUInt64LE(BigInt(TABLE_AT + TABLE_SECTORS), 40); // first usable
    bytes.writeBigUInt64LE(BigInt(last - TABLE_SECTORS - 1), 48); // last usable
    guidBytes(diskGuid).copy(bytes, 56);
    bytes.writeBigUInt64LE(BigInt(tableAt), 72);
    bytes.writeUInt32LE(ENTRIES, 80);
    bytes.writeUInt32LE(ENTRY, 84);
    bytes.writeUInt32LE(crc32(table), 88);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER)), 16);
    return bytes;
  };
  const front = Buffer.concat([protectiveMbr(totalSectors), header(1, last, TABLE_AT), table]);
  const back = Buffer.concat([table, header(last, 1, last - TABLE_SECTORS)]);
  const backAt = last - TABLE_SECTORS;
  const end = volumeFirstSector + volumeSectors;
  const stretches: Stretch[] = [
    { name: 'Protective Master Boot Record (MBR', firstSector: 0, sectorCount: 1 },
    { name: 'GPT Header (Primary GPT Header', firstSector: 1, sectorCount: 1 },
    { name: 'GPT Partition Data (Primary GPT Table', firstSector: TABLE_AT, sectorCount: TABLE_SECTORS },
    { name: ' (Apple_Free', firstSector: TABLE_AT + TABLE_SECTORS, sectorCount: FIRST - TABLE_AT - TABLE_SECTORS },
    ...partitions.map(({ name, word, first, sectors }) => {
      return { name: `${name} (${word}`, firstSector: first, sectorCount: sectors };
    }),
    { name: ' (Apple_Free', firstSector: end, sectorCount: backAt - end },
    { name: 'GPT Partition Data (Backup GPT Table', firstSector: backAt, sectorCount: TABLE_SECTORS },
    { name: 'GPT Header (Backup GPT Header', firstSector: last, sectorCount: 1 },
  ];
  return {
    totalSectors,
    volumeFirstSector,
    pieces: [
      { offset: 0, bytes: front },
      { offset: backAt * SECTOR, bytes: back },
    ],
    stretches,
  };
}

/** One entry of type EE over the whole disk. */
function protectiveMbr(totalSectors: number): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.set([0, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff], 446);
  bytes.writeUInt32LE(1, 454);
  bytes.writeUInt32LE(Math.min(totalSectors - 1, 0xffff_ffff), 458);
  bytes.writeUInt16BE(0x55aa, 510);
  return bytes;
}

/** A random (version 4) GUID out of a seed, as text. */
function randomGuid(dice: Random): string {
  const hex = Array.from({ length: 4 }, () => dice.next().toString(16).padStart(8, '0')).join('');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) & 3];
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  return text.toUpperCase();
}

/** The 16 bytes of a GUID given as text: its first three numbers are stored little-endian. */
function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
