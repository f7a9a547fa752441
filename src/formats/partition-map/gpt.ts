import { crc32 } from 'node:zlib';
import { FormatError } from '../../errors.js';
import { type ByteSource, viewOf } from '../bytes.js';
import { guidText } from './guid.js';
import { type GptMap, type Partition, SECTOR } from './types.js';

/** Bytes; the largest entry array that is read (16 KiB is usual). */
const MAX_ENTRIES_BYTES = 1 << 20;
const MAX_ENTRY_SIZE = 4096;

/** Blocks that disks with a GPT have. */
const LBA_SIZES = [512, 4096] as const;
type LbaSize = (typeof LBA_SIZES)[number];

/** Whether a disk with blocks of `lbaSize` has the signature of a primary header in the second. */
export async function hasGptHeader(disk: ByteSource, lbaSize: LbaSize): Promise<boolean> {
  return lbaSize + SECTOR <= disk.size && isGptHeader(await disk.read(lbaSize, 8));
}

function isGptHeader(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 8)) === 'EFI PART';
}

/**
 * Reads a GUID partition table (UEFI specification, chapter 5; little-endian), its blocks told by where it is. When the primary is
 * damaged the backup at the end of the disk is used and a warning says so; FormatError when both are. A partition that ends past the
 * disk ends with it here; OS X leaves it out (IOGUIDPartitionScheme.cpp as of 2016).
 */
export async function readGpt(disk: ByteSource): Promise<GptMap> {
  const failures: { lbaSize: LbaSize; error: FormatError }[] = [];
  for (const lbaSize of LBA_SIZES) {
    const found = await readBoth(disk, lbaSize);
    if (!(found instanceof FormatError)) return found;
    failures.push({ lbaSize, error: found });
  }
  for (const { lbaSize, error } of failures) if (await hasGptHeader(disk, lbaSize)) throw error;
  throw failures[0]!.error;
}

/** Both copies of the table in blocks of `lbaSize`; the error of the primary where neither is good. */
async function readBoth(disk: ByteSource, lbaSize: LbaSize): Promise<GptMap | FormatError> {
  const blocks = Math.floor(disk.size / lbaSize);
  const mbr = Uint8Array.from(await disk.read(0, SECTOR));
  const warnings: string[] = [];
  const notes: string[] = [];
  if (!isProtective(mbr)) warnings.push('there is no protective MBR');
  const attempt = async (lba: number) => {
    try {
      return await readTable(disk, lba, lbaSize);
    } catch (error) {
      if (error instanceof FormatError) return error;
      throw error;
    }
  };
  let used = await attempt(1);
  let backup = blocks > 2 ? await attempt(blocks - 1) : undefined;
  if (used instanceof FormatError) {
    if (backup === undefined || backup instanceof FormatError) return used;
    warnings.push(`the primary GPT is damaged, its backup was used: ${used.message}`);
    used = backup;
  } else if (backup === undefined || backup instanceof FormatError) {
    const other = Number(viewOf(used.header).getBigUint64(32, true));
    if (other > 1 && other < blocks - 1) backup = await attempt(other);
    if (backup !== undefined && !(backup instanceof FormatError)) {
      notes.push(`the disk goes on ${disk.size - (other + 1) * lbaSize} bytes behind the end of its GPT`);
    } else {
      warnings.push(`the backup GPT is damaged or not at the end of the disk${backup ? `: ${backup.message}` : ''}`);
    }
  }
  const totalSectors = Math.floor(disk.size / SECTOR);
  const { absent, ...table } = used;
  warnings.push(...absent);
  return { scheme: 'gpt', sectorSize: SECTOR, lbaSize, totalSectors, warnings, notes, mbr, ...table };
}

function isProtective(mbr: Uint8Array): boolean {
  if (mbr[510] !== 0x55 || mbr[511] !== 0xaa) return false;
  return [446, 462, 478, 494].some((at) => mbr[at + 4] === 0xee);
}

/**
 * One copy of the table, its header at block `lba`.
 *
 *     0 `EFI PART`         20 u32 zero           40 u64 first usable    72 u64 block of the entries
 *     8 u32 revision       24 u64 this block     48 u64 last usable     80 u32 entries
 *    12 u32 header size    32 u64 other header   56 disk GUID           84 u32 bytes an entry
 *    16 u32 header CRC                                                  88 u32 CRC of the entries
 */
async function readTable(disk: ByteSource, lba: number, lbaSize: LbaSize) {
  const fail = (expected: string, found: string): never => {
    throw new FormatError({ file: disk.name, structure: 'GPT header', offset: lba * lbaSize, expected, found });
  };
  const blocks = Math.floor(disk.size / lbaSize);
  if (lba >= blocks) fail('a block inside the disk', `block ${lba} of ${blocks}`);
  const header = Uint8Array.from(await disk.read(lba * lbaSize, SECTOR));
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
  if (u64(24, 'its own block') !== lba) fail(`its own block ${lba}`, `${u64(24, 'its own block')}`);
  const entriesAt = u64(72, 'the block of the entries');
  const count = fields.getUint32(80, true);
  const size = fields.getUint32(84, true);
  if (size < 128 || size > MAX_ENTRY_SIZE || size % 8 !== 0)
    fail(`entries of 128 to ${MAX_ENTRY_SIZE} bytes`, `${size}`);
  if (count < 1 || count * size > MAX_ENTRIES_BYTES) fail(`1 to ${MAX_ENTRIES_BYTES / size} entries`, `${count}`);
  if (entriesAt < 2 || entriesAt * lbaSize + count * size > blocks * lbaSize) {
    fail(`entries inside the ${blocks} blocks of the disk`, `${count} from block ${entriesAt}`);
  }
  const entries = Uint8Array.from(await disk.read(entriesAt * lbaSize, count * size));
  if (crc32(entries) !== fields.getUint32(88, true)) {
    fail(`CRC ${hex(fields.getUint32(88, true))} of the entries`, hex(crc32(entries)));
  }
  return { header, entries, ...readEntries(entries, { size, blocks, perBlock: lbaSize / SECTOR }) };
}

/**
 * The entries in use. One: 0 type GUID, 16 own GUID, 32 u64 first block, 40 u64 last block, 48 u64 attributes, 56 name in
 * UTF-16LE, 72 bytes. One that begins behind the disk is left out, as OS X has it (IOGUIDPartitionScheme.cpp), and told.
 */
function readEntries(
  entries: Uint8Array,
  { size, blocks, perBlock }: { size: number; blocks: number; perBlock: number },
): { partitions: Partition[]; absent: string[] } {
  const fields = new DataView(entries.buffer);
  const partitions: Partition[] = [];
  const absent: string[] = [];
  for (let i = 0; i * size < entries.length; i++) {
    const at = i * size;
    const type = entries.subarray(at, at + 16);
    if (type.every((byte) => byte === 0)) continue;
    const first = fields.getBigUint64(at + 32, true);
    const last = fields.getBigUint64(at + 40, true);
    if (first > last || first >= BigInt(blocks)) {
      absent.push(`partition ${i + 1} is left out: blocks ${first} to ${last} of a disk of ${blocks}`);
      continue;
    }
    let name = '';
    for (let c = at + 56; c < at + 128; c += 2) {
      const unit = fields.getUint16(c, true);
      if (unit === 0) break;
      name += String.fromCharCode(unit);
    }
    const firstSector = Number(first) * perBlock;
    const stated = (Number(last) + 1) * perBlock - firstSector;
    const sectorCount = Math.min(stated, blocks * perBlock - firstSector);
    partitions.push({
      ...{ index: i + 1, name, type: guidText(type), firstSector, sectorCount },
      ...(sectorCount === stated ? {} : { statedSectors: stated }),
    });
  }
  return { partitions, absent };
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
