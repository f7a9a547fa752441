import { crc32 } from 'node:zlib';
import { type BiosDisk, SECTOR } from './bios-disk.js';

/** A volume the loader offers: disk.c's BVRef. */
export interface ScannedVolume {
  readonly map: 'gpt' | 'mbr' | 'apm';
  /** hd(0,index). */
  readonly index: number;
  /** Its first sector. */
  readonly start: number;
}

/** Type GUIDs of volumes that are looked at as HFS+, as 16 bytes of the table: Apple HFS+, Apple Boot. */
const HFS_TYPES = ['005346480000aa11aa1100306543ecac', '746f6f420000aa11aa1100306543ecac'];
/** More entries than any map has: a count that is absurd ends here. */
const MOST_ENTRIES = 4096;

/** Every HFS+ volume in the order of the disk: of the GUID map, else of the master boot record, else of the Apple map. */
export function scanVolumes(disk: BiosDisk): ScannedVolume[] {
  for (const scan of [scanGpt, scanMbr, scanApple]) {
    const found = scan(disk);
    if (found.length > 0) return found;
  }
  return [];
}

function sector(disk: BiosDisk, number: number, bytes = SECTOR): Buffer | undefined {
  const buffer = Buffer.alloc(bytes);
  return disk.read(number * SECTOR, buffer) ? buffer : undefined;
}

/** 55AA, exactly one 0xEE, a header with a good checksum. The table's own checksum is not looked at. */
function scanGpt(disk: BiosDisk): ScannedVolume[] {
  const mbr = sector(disk, 0);
  if (mbr?.readUInt16LE(510) !== 0xaa55) return [];
  if ([0, 1, 2, 3].filter((i) => mbr[446 + 16 * i + 4] === 0xee).length !== 1) return [];
  const header = sector(disk, 1);
  if (header?.toString('latin1', 0, 8) !== 'EFI PART') return [];
  const size = header.readUInt32LE(12);
  if (size < 92 || size > SECTOR) return [];
  const stated = header.readUInt32LE(16);
  header.writeUInt32LE(0, 16);
  if (crc32(header.subarray(0, size)) !== stated) return [];
  const count = Math.min(header.readUInt32LE(80), MOST_ENTRIES);
  const each = header.readUInt32LE(84);
  if (each < 128 || each > 4096 || count === 0) return [];
  const length = Math.ceil((count * each) / SECTOR) * SECTOR;
  const table = sector(disk, Number(header.readBigUInt64LE(72)), length);
  const found: ScannedVolume[] = [];
  for (let i = 0; table && i < count; i++) {
    const entry = table.subarray(i * each, (i + 1) * each);
    if (!HFS_TYPES.includes(entry.toString('hex', 0, 16))) continue;
    found.push({ map: 'gpt', index: i + 1, start: Number(entry.readBigUInt64LE(32)) });
  }
  return found;
}

/** The four primary entries of type 0xAF. */
function scanMbr(disk: BiosDisk): ScannedVolume[] {
  const mbr = sector(disk, 0);
  if (mbr?.readUInt16LE(510) !== 0xaa55) return [];
  return [0, 1, 2, 3]
    .filter((i) => mbr[446 + 16 * i + 4] === 0xaf)
    .map((i) => ({ map: 'mbr', index: i + 1, start: mbr.readUInt32LE(446 + 16 * i + 8) }));
}

/** Entries from the second on, as far apart as the descriptor's blocks, until one is no `PM`; type exactly Apple_HFS. */
function scanApple(disk: BiosDisk): ScannedVolume[] {
  const descriptor = sector(disk, 0);
  if (!descriptor) return [];
  const factor = descriptor.toString('latin1', 0, 2) === 'ER' ? Math.floor(descriptor.readUInt16BE(2) / SECTOR) : 1;
  const found: ScannedVolume[] = [];
  let count = MOST_ENTRIES;
  for (let i = 0; i < count; i++) {
    const entry = sector(disk, (2 + i) * factor);
    if (entry?.toString('latin1', 0, 2) !== 'PM') break;
    if (i === 0) count = Math.min(entry.readUInt32BE(4), MOST_ENTRIES);
    const type = entry.toString('latin1', 48, 80).split('\0')[0];
    if (type === 'Apple_HFS') found.push({ map: 'apm', index: i, start: entry.readUInt32BE(8) * factor });
  }
  return found;
}
