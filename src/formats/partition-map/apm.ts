import { FormatError } from '../../errors.js';
import { type ByteSource, viewOf } from '../bytes.js';
import { APM_ENTRY_BYTES, type ApmEntry, decodeApmEntry, isApmEntry, isApmFree, isApmOwn } from './apm-entry.js';
import { isHfsType } from './guid.js';
import { type ApmMap, type ApmUnit, type Partition, SECTOR } from './types.js';

/** Entries a map may have; those of hdiutil have room for 15 (2048) or 63 (512). */
const MAX_ENTRIES = 1024;
const UNITS: readonly number[] = [512, 1024, 2048, 4096] satisfies ApmUnit[];
/** Of old-school maps: types whose entries count in blocks of 2048 where they lie at a multiple of 2048 (IOApplePartitionScheme.cpp). */
const CD_DRIVERS: readonly string[] = [
  'Apple_Driver',
  'Apple_Driver43',
  'Apple_Driver43_CD',
  'Apple_Driver_ATA',
  'Apple_Driver_ATAPI',
  'Apple_Patches',
];

/** Whether the first two sectors of a disk begin an Apple Partition Map: a driver descriptor, or an entry where one would end. */
export function isApm(head: Uint8Array): boolean {
  return hasDescriptor(head) || isApmEntry(head, SECTOR);
}

/**
 * Reads an Apple Partition Map (Inside Macintosh: Devices; big-endian) by XNU's rules (code: IOApplePartitionScheme.cpp, the same in
 * 13 versions from 10.5 to 10.15). Block 0, the driver descriptor: 0 `ER`, 2 u16 block size, 4 u32 blocks, 8 device type and id,
 * 16 u16 drivers, 18 driver entries. Entry i lies in block i of the map's own blocks, see `ApmMap.unit`.
 *
 * What lies past the end of the disk is cut off and noted: hdiutil's UDTO leaves out the free space it counts (measured: a 10.6 DVD).
 * FormatError, in the map's own blocks and in bytes, for a block size that no disk has, for a counted entry that is none, and where an
 * HFS partition starts past the end.
 */
export async function readApm(disk: ByteSource): Promise<ApmMap> {
  const { blockSize, stated, unit } = await readDescriptor(disk);
  const totalSectors = Math.floor(disk.size / SECTOR);
  const warnings: string[] = [];
  const notes: string[] = [];
  const blocks = Math.floor(disk.size / blockSize);
  if (stated !== undefined && stated !== blocks) {
    notes.push(`the driver descriptor counts ${stated} blocks of ${blockSize} bytes, the disk has ${blocks}`);
  }
  const entries = await readEntries(disk, unit, blockSize !== unit);
  const own = entries.findLast(({ type }) => isApmOwn(type));
  if (!own) warnings.push('no entry is the map itself (Apple_partition_map): OS X does not take it for a map');
  for (const { index, mapEntries } of entries) {
    if (mapEntries !== entries.length) {
      warnings.push(`entry ${index} says ${mapEntries} entries, the map has ${entries.length}`);
    }
  }
  const partitions = entries.map((entry) => partitionOf(entry, disk, notes));
  const cdEntries = blockSize === unit ? 0 : await countCdEntries(disk);
  const end = Math.max((entries.length + 1) * unit, (cdEntries + 1) * blockSize);
  const stored = Uint8Array.from(await disk.read(0, Math.min(end, disk.size)));
  return {
    scheme: 'apm',
    sectorSize: SECTOR,
    totalSectors,
    partitions,
    warnings,
    notes,
    blockSize,
    unit,
    cdEntries,
    blocks: stored,
  };
}

function hasDescriptor(sector0: Uint8Array): boolean {
  return sector0[0] === 0x45 && sector0[1] === 0x52;
}

/** Block 0 and what follows from it. Without `ER` there is nothing stated and blocks are sectors. */
async function readDescriptor(disk: ByteSource): Promise<{ blockSize: number; stated?: number; unit: ApmUnit }> {
  const head = await disk.read(0, Math.min(disk.size, 2 * SECTOR));
  if (!hasDescriptor(head)) return { blockSize: SECTOR, unit: SECTOR };
  const fields = viewOf(head);
  const blockSize = fields.getUint16(2);
  if (!UNITS.includes(blockSize)) {
    throw new FormatError({
      file: disk.name,
      structure: 'driver descriptor map',
      offset: 2,
      expected: `blocks of ${UNITS.slice(0, -1).join(', ')} or ${UNITS.at(-1)} bytes`,
      found: `${blockSize}`,
    });
  }
  const oldSchool = blockSize === 2048 && isApmEntry(head, SECTOR);
  return { blockSize, stated: fields.getUint32(4), unit: oldSchool ? SECTOR : (blockSize as ApmUnit) };
}

/** The counted entries: as many as the map's own entry says, until that is met as many as the first says. */
async function readEntries(disk: ByteSource, unit: ApmUnit, oldSchool: boolean): Promise<ApmEntry[]> {
  const entries: ApmEntry[] = [];
  const room = Math.min(MAX_ENTRIES, Math.floor(disk.size / unit) - 1);
  let count = 1;
  for (let index = 1; index <= count; index++) {
    const at = index * unit;
    const fail = (expected: string, found: string): never => {
      throw new FormatError({ file: disk.name, structure: place(index, unit), offset: at, expected, found });
    };
    if (at + APM_ENTRY_BYTES > disk.size) fail('"PM"', `the end of the disk at byte ${disk.size}`);
    const bytes = await disk.read(at, APM_ENTRY_BYTES);
    if (!isApmEntry(bytes)) fail(index > 1 ? `"PM", as one of ${count} entries` : '"PM"', 'something else');
    const entry = decodeApmEntry(bytes, index, unit);
    if (isApmOwn(entry.type) || count === 1) {
      count = entry.mapEntries;
      if (count < 1 || count > room) fail(`1 to ${room} entries`, `${count}`);
    }
    const inCdBlocks = oldSchool && at % 2048 === 0 && CD_DRIVERS.includes(entry.type);
    entries.push(inCdBlocks ? { ...entry, unit: 2048 } : entry);
  }
  return entries;
}

/** How many entries stand at every 2048 bytes of an old-school map: those that a reader meets who goes by the descriptor. */
async function countCdEntries(disk: ByteSource): Promise<number> {
  let count = 0;
  for (let at = 2048; count < MAX_ENTRIES && at + APM_ENTRY_BYTES <= disk.size; at += 2048) {
    if (!isApmEntry(await disk.read(at, 2))) break;
    count++;
  }
  return count;
}

/** What an entry describes, in sectors, cut off at the end of the disk. */
function partitionOf(
  { index, start, count, name, type, unit }: ApmEntry,
  disk: ByteSource,
  notes: string[],
): Partition {
  const perBlock = unit / SECTOR;
  const totalSectors = Math.floor(disk.size / SECTOR);
  const firstSector = start * perBlock;
  const stated = count * perBlock;
  const sectorCount = Math.max(0, Math.min(stated, totalSectors - firstSector));
  if (isHfsType(type) && count > 0 && firstSector >= totalSectors) {
    const end = Math.floor(disk.size / unit);
    throw new FormatError({
      file: disk.name,
      structure: `${place(index, unit)} (${type} "${name}")`,
      offset: index * unit,
      expected: `a start below block ${end}, where the disk ends at byte ${disk.size}`,
      found: `block ${start}, byte ${start * unit}`,
    });
  }
  if (sectorCount === stated) return { index, name, type, firstSector, sectorCount };
  const over = (stated - sectorCount) * SECTOR;
  if (!isApmFree(type)) notes.push(`entry ${index} (${type}) ends ${over} bytes past the end of the disk`);
  return { index, name, type, firstSector, sectorCount, statedSectors: stated };
}

function place(index: number, unit: number): string {
  return `partition map entry ${index}${unit === SECTOR ? '' : `, block ${index} of ${unit} bytes`},`;
}
