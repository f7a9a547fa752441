import { SourceError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import { type DiskLayout, type MbrMap, type Partition, SECTOR } from './types.js';

/** Where the four entries start. */
const ENTRIES = [446, 462, 478, 494];
/** The entry that says "this disk has a GPT". */
export const PROTECTIVE = '0xEE';

/**
 * Reads a master boot record; undefined where sector 0 is none. Little-endian. At 446 four entries: 0 u8 0x80 or 0, 1 first sector
 * as CHS, 4 u8 type, 5 last sector as CHS, 8 u32 first sector, 12 u32 sectors. At 510 0x55 0xAA. Logical partitions are not read.
 */
export async function readMbr(disk: ByteSource): Promise<MbrMap | undefined> {
  const totalSectors = Math.floor(disk.size / SECTOR);
  if (totalSectors < 1) return undefined;
  const mbr = Uint8Array.from(await disk.read(0, SECTOR));
  if (mbr[510] !== 0x55 || mbr[511] !== 0xaa) return undefined;
  const fields = new DataView(mbr.buffer);
  const partitions: Partition[] = [];
  const warnings: string[] = [];
  for (const [i, at] of ENTRIES.entries()) {
    // Boot sectors of volumes end in 0x55 0xAA as well; what lies at 446 there are no entries.
    if (mbr[at] !== 0 && mbr[at] !== 0x80) return undefined;
    const type = mbr[at + 4]!;
    const firstSector = fields.getUint32(at + 8, true);
    const sectorCount = fields.getUint32(at + 12, true);
    if (type === 0 || sectorCount === 0) continue;
    const name = `0x${type.toString(16).toUpperCase().padStart(2, '0')}`;
    if (firstSector === 0 || firstSector >= totalSectors) return undefined;
    if (firstSector + sectorCount > totalSectors && name !== PROTECTIVE) {
      warnings.push(`partition ${i + 1} ends behind the ${totalSectors} sectors of the disk`);
    }
    partitions.push({ index: i + 1, name: '', type: name, firstSector, sectorCount });
  }
  if (partitions.length === 0) return undefined;
  return { scheme: 'mbr', sectorSize: SECTOR, totalSectors, partitions, warnings, notes: [], mbr };
}

/** The same record with `partition` made `volumeSectors` long and the disk ending there; SourceError when another lies behind it. */
export function regrowMbr(map: MbrMap, partition: Partition, volumeSectors: number): DiskLayout {
  const behind = map.partitions.find((other) => other.firstSector > partition.firstSector);
  if (behind) {
    throw new SourceError(`Partition ${partition.index} cannot be resized: partition ${behind.index} lies behind it.`);
  }
  if (volumeSectors > 0xffff_ffff) {
    throw new SourceError(`A master boot record cannot hold ${volumeSectors} sectors; 2 TiB is its limit.`);
  }
  const mbr = map.mbr.slice();
  new DataView(mbr.buffer).setUint32(ENTRIES[partition.index - 1]! + 12, volumeSectors, true);
  return {
    totalSectors: partition.firstSector + volumeSectors,
    volumeFirstSector: partition.firstSector,
    volumeSectors,
    extents: [{ offset: 0, bytes: mbr }],
  };
}
