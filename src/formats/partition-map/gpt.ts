import { crc32 } from 'node:zlib';
import { FormatError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import { guidText } from './guid.js';
import { type GptMap, type Partition, SECTOR } from './types.js';

/** Bytes; the largest entry array that is read (16 KiB is usual). */
const MAX_ENTRIES_BYTES = 1 << 20;
const MAX_ENTRY_SIZE = 4096;

/** Whether a sector holds a GPT header. */
export function isGptHeader(sector: Uint8Array): boolean {
  return String.fromCharCode(...sector.subarray(0, 8)) === 'EFI PART';
}

/**
 * Reads a GUID partition table (UEFI specification, chapter 5; little-endian). When the primary is damaged the backup at the end of
 * the disk is used and a warning says so; FormatError when both are.
 */
export async function readGpt(disk: ByteSource): Promise<GptMap> {
  const totalSectors = Math.floor(disk.size / SECTOR);
  const mbr = Uint8Array.from(await disk.read(0, SECTOR));
  const warnings: string[] = [];
  if (!isProtective(mbr)) warnings.push('there is no protective MBR');
  const attempt = async (lba: number) => {
    try {
      return await readTable(disk, lba, totalSectors);
    } catch (error) {
      if (error instanceof FormatError) return error;
      throw error;
    }
  };
  const primary = await attempt(1);
  const backup = totalSectors > 2 ? await attempt(totalSectors - 1) : undefined;
  let used = primary;
  if (used instanceof FormatError) {
    if (backup === undefined || backup instanceof FormatError) throw used;
    warnings.push(`the primary GPT is damaged, its backup was used: ${used.message}`);
    used = backup;
  } else if (backup === undefined || backup instanceof FormatError) {
    warnings.push(`the backup GPT is damaged or not at the end of the disk${backup ? `: ${backup.message}` : ''}`);
  }
  return { scheme: 'gpt', sectorSize: SECTOR, totalSectors, warnings, notes: [], mbr, ...used };
}

function isProtective(mbr: Uint8Array): boolean {
  if (mbr[510] !== 0x55 || mbr[511] !== 0xaa) return false;
  return [446, 462, 478, 494].some((at) => mbr[at + 4] === 0xee);
}

/**
 * One copy of the table, its header at sector `lba`.
 *
 *     0 `EFI PART`         20 u32 zero           40 u64 first usable    72 u64 sector of the entries
 *     8 u32 revision       24 u64 this sector    48 u64 last usable     80 u32 entries
 *    12 u32 header size    32 u64 other header   56 disk GUID           84 u32 bytes an entry
 *    16 u32 header CRC                                                  88 u32 CRC of the entries
 */
async function readTable(disk: ByteSource, lba: number, totalSectors: number) {
  const fail = (expected: string, found: string): never => {
    throw new FormatError({ file: disk.name, structure: 'GPT header', offset: lba * SECTOR, expected, found });
  };
  if (lba >= totalSectors) fail('a sector inside the disk', `sector ${lba} of ${totalSectors}`);
  const header = Uint8Array.from(await disk.read(lba * SECTOR, SECTOR));
  const fields = new DataView(header.buffer);
  const u64 = (at: number, what: string): number => {
    const value = fields.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) fail(`${what} below 2^53`, `${value}`);
    return Number(value);
  };
  if (!isGptHeader(header)) fail('"EFI PART"', 'something else');
  const headerSize = fields.getUint32(12, true);
  if (headerSize < 92 || headerSize > SECTOR) fail('a size of 92 to 512 bytes', `${headerSize}`);
  const crc = headerCrc(header, headerSize);
  if (crc !== fields.getUint32(16, true)) fail(`CRC ${hex(crc)}`, hex(fields.getUint32(16, true)));
  if (u64(24, 'its own sector') !== lba) fail(`its own sector ${lba}`, `${u64(24, 'its own sector')}`);
  const entriesAt = u64(72, 'the sector of the entries');
  const count = fields.getUint32(80, true);
  const size = fields.getUint32(84, true);
  if (size < 128 || size > MAX_ENTRY_SIZE || size % 8 !== 0)
    fail(`entries of 128 to ${MAX_ENTRY_SIZE} bytes`, `${size}`);
  if (count < 1 || count * size > MAX_ENTRIES_BYTES) fail(`at most ${MAX_ENTRIES_BYTES} bytes of entries`, `${count}`);
  if (entriesAt < 2 || entriesAt * SECTOR + count * size > totalSectors * SECTOR) {
    fail(`entries inside the ${totalSectors} sectors of the disk`, `${count} from sector ${entriesAt}`);
  }
  const entries = Uint8Array.from(await disk.read(entriesAt * SECTOR, count * size));
  if (crc32(entries) !== fields.getUint32(88, true)) {
    fail(`CRC ${hex(fields.getUint32(88, true))} of the entries`, hex(crc32(entries)));
  }
  return { header, entries, partitions: readEntries(entries, size, totalSectors, fail) };
}

/**
 * The entries in use. One: 0 type GUID, 16 own GUID, 32 u64 first sector, 40 u64 last sector, 48 u64 attributes, 56 name in
 * UTF-16LE, 72 bytes.
 */
function readEntries(
  entries: Uint8Array,
  size: number,
  totalSectors: number,
  fail: (expected: string, found: string) => never,
): Partition[] {
  const fields = new DataView(entries.buffer);
  const partitions: Partition[] = [];
  for (let i = 0; i * size < entries.length; i++) {
    const at = i * size;
    const type = entries.subarray(at, at + 16);
    if (type.every((byte) => byte === 0)) continue;
    const first = fields.getBigUint64(at + 32, true);
    const last = fields.getBigUint64(at + 40, true);
    if (first > last || last >= BigInt(totalSectors)) {
      fail(`partition ${i + 1} inside the ${totalSectors} sectors of the disk`, `sectors ${first} to ${last}`);
    }
    let name = '';
    for (let c = at + 56; c < at + 128; c += 2) {
      const unit = fields.getUint16(c, true);
      if (unit === 0) break;
      name += String.fromCharCode(unit);
    }
    const firstSector = Number(first);
    partitions.push({
      index: i + 1,
      name,
      type: guidText(type),
      firstSector,
      sectorCount: Number(last) - firstSector + 1,
    });
  }
  return partitions;
}

/** CRC32 of a header, its own CRC field taken as zero. */
export function headerCrc(header: Uint8Array, headerSize: number): number {
  const bytes = header.slice(0, headerSize);
  bytes.fill(0, 16, 20);
  return crc32(bytes);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
