import { FormatError, SourceError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import { type ApmMap, type DiskLayout, type Partition, SECTOR } from './types.js';

/** Entries a map may have; those of hdiutil have room for 63. */
const MAX_ENTRIES = 1024;
/** hdiutil's map partition: sectors 1 to 63; the volume follows. */
const MAP_SECTORS = 63;
const MAX_SECTORS = 0xffff_ffff;
/** Flags of an Apple_HFS entry by hdiutil: valid, allocated, readable, writable, automatically mounted. */
const STATUS_HFS = 0x4000_0033;
const STATUS_MAP = 3;

/** Whether sector 0 is a driver descriptor map. */
export function isApm(sector0: Uint8Array): boolean {
  return sector0[0] === 0x45 && sector0[1] === 0x52;
}

/**
 * Reads an Apple Partition Map (Inside Macintosh: Devices; big-endian). FormatError when it is damaged or made for another block
 * size than 512.
 *
 * Block 0: 0 `ER`, 2 u16 block size, 4 u32 blocks, 8 device type and id, 16 u16 drivers, 18 driver entries.
 * Blocks 1…n: 0 `PM`, 2 u16 zero, 4 u32 entries in the map, 8 u32 start, 12 u32 blocks, 16 name[32], 48 type[32],
 * 80 u32 logical data start, 84 u32 logical data blocks, 88 u32 status, 92 boot code's fields, 120 processor[16], 136 zero.
 */
export async function readApm(disk: ByteSource): Promise<ApmMap> {
  const fail = (structure: string, block: number, expected: string, found: string): never => {
    throw new FormatError({ file: disk.name, structure, offset: block * SECTOR, expected, found });
  };
  const totalSectors = Math.floor(disk.size / SECTOR);
  const head = await disk.read(0, Math.min(disk.size, 2 * SECTOR));
  if (head.length < 2 * SECTOR) fail('driver descriptor map', 0, 'a map behind it', `${disk.size} bytes in all`);
  const first = view(head);
  if (first.getUint16(2) !== SECTOR) fail('driver descriptor map', 0, 'blocks of 512 bytes', `${first.getUint16(2)}`);
  if (!isEntry(head, 1)) fail('partition map entry 1', 1, '"PM"', 'something else');
  const count = first.getUint32(SECTOR + 4);
  if (count < 1 || count > MAX_ENTRIES || count >= totalSectors) {
    fail('partition map entry 1', 1, `1 to ${Math.min(MAX_ENTRIES, totalSectors - 1)} entries`, `${count}`);
  }
  const blocks = Uint8Array.from(await disk.read(0, (count + 1) * SECTOR));
  const fields = view(blocks);
  const warnings: string[] = [];
  const stated = fields.getUint32(4);
  if (stated !== totalSectors) {
    warnings.push(`the driver descriptor map says ${stated} blocks, the disk has ${totalSectors}`);
  }
  const partitions: Partition[] = [];
  for (let index = 1; index <= count; index++) {
    const at = index * SECTOR;
    if (!isEntry(blocks, index)) fail(`partition map entry ${index}`, index, '"PM"', 'something else');
    if (fields.getUint32(at + 4) !== count) {
      warnings.push(`entry ${index} says ${fields.getUint32(at + 4)} entries, entry 1 says ${count}`);
    }
    const firstSector = fields.getUint32(at + 8);
    const sectorCount = fields.getUint32(at + 12);
    if (firstSector + sectorCount > totalSectors) {
      const found = `${sectorCount} from ${firstSector}`;
      fail(`partition map entry ${index}`, index, `blocks inside the ${totalSectors} of the disk`, found);
    }
    partitions.push({ index, name: text(blocks, at + 16), type: text(blocks, at + 48), firstSector, sectorCount });
  }
  return { scheme: 'apm', sectorSize: SECTOR, totalSectors, partitions, warnings, blocks };
}

/**
 * A new disk with an Apple Partition Map as hdiutil lays it out (SPUD without free space at the end): the volume from sector 64 to
 * the end of the disk. `name` is the partition's, at most 31 ASCII characters; hdiutil says "disk image".
 */
export function planApm(options: { readonly volumeSectors: number; readonly name?: string }): DiskLayout {
  const { volumeSectors, name = 'disk image' } = options;
  const first = 1 + MAP_SECTORS;
  const totalSectors = checkTotal(first + volumeSectors);
  const blocks = new Uint8Array(3 * SECTOR);
  writeDescriptor(blocks, totalSectors);
  writeEntry(
    blocks,
    1,
    { count: 2, name: 'Apple', type: 'Apple_partition_map', start: 1, blocks: MAP_SECTORS },
    STATUS_MAP,
  );
  writeEntry(blocks, 2, { count: 2, name, type: 'Apple_HFS', start: first, blocks: volumeSectors }, STATUS_HFS);
  return { totalSectors, volumeFirstSector: first, volumeSectors, extents: [{ offset: 0, bytes: blocks }] };
}

/**
 * The same map with `partition` made `volumeSectors` long and the disk ending there: partitions before it stay, free space behind
 * it goes. SourceError when something else lies behind it.
 */
export function regrowApm(map: ApmMap, partition: Partition, volumeSectors: number): DiskLayout {
  const totalSectors = checkTotal(partition.firstSector + volumeSectors);
  const kept: Uint8Array[] = [];
  for (const other of map.partitions) {
    const behind = other.index !== partition.index && other.firstSector > partition.firstSector;
    if (behind && other.type !== 'Apple_Free' && other.type !== 'Apple_Void' && other.sectorCount > 0) {
      throw new SourceError(
        `The partition "${partition.name}" cannot be resized: "${other.name}" (${other.type}) lies behind it.`,
      );
    }
    if (behind) continue;
    const block = map.blocks.slice(other.index * SECTOR, (other.index + 1) * SECTOR);
    if (other.index === partition.index) {
      const fields = view(block);
      fields.setUint32(12, volumeSectors);
      fields.setUint32(84, Math.max(0, volumeSectors - fields.getUint32(80)));
    }
    kept.push(block);
  }
  // As long as before: entries that are gone become zeros.
  const blocks = new Uint8Array(map.blocks.length);
  blocks.set(map.blocks.subarray(0, SECTOR));
  view(blocks).setUint32(4, totalSectors);
  for (const [i, block] of kept.entries()) {
    view(block).setUint32(4, kept.length);
    blocks.set(block, (i + 1) * SECTOR);
  }
  return {
    totalSectors,
    volumeFirstSector: partition.firstSector,
    volumeSectors,
    extents: [{ offset: 0, bytes: blocks }],
  };
}

function writeDescriptor(blocks: Uint8Array, totalSectors: number): void {
  blocks.set([0x45, 0x52]);
  view(blocks).setUint16(2, SECTOR);
  view(blocks).setUint32(4, totalSectors);
}

function writeEntry(
  blocks: Uint8Array,
  index: number,
  entry: { count: number; name: string; type: string; start: number; blocks: number },
  status: number,
): void {
  const fields = new DataView(blocks.buffer, blocks.byteOffset + index * SECTOR, SECTOR);
  fields.setUint16(0, 0x504d);
  fields.setUint32(4, entry.count);
  fields.setUint32(8, entry.start);
  fields.setUint32(12, entry.blocks);
  for (const [at, value] of [
    [16, entry.name],
    [48, entry.type],
  ] as const) {
    for (let i = 0; i < Math.min(31, value.length); i++) fields.setUint8(at + i, value.charCodeAt(i) & 0x7f);
  }
  fields.setUint32(84, entry.blocks);
  fields.setUint32(88, status);
}

/** APM counts in u32. */
function checkTotal(sectors: number): number {
  if (!Number.isSafeInteger(sectors) || sectors > MAX_SECTORS) {
    throw new SourceError(`An Apple Partition Map cannot hold ${sectors} sectors; 2 TiB is its limit.`);
  }
  return sectors;
}

function isEntry(blocks: Uint8Array, index: number): boolean {
  return blocks[index * SECTOR] === 0x50 && blocks[index * SECTOR + 1] === 0x4d;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A name of at most 32 bytes that ends at its first NUL. */
function text(bytes: Uint8Array, at: number): string {
  let end = at;
  while (end < at + 32 && bytes[end] !== 0) end++;
  return String.fromCharCode(...bytes.subarray(at, end));
}
