import { FormatError, SourceError } from '../../errors.js';
import { type ByteSource, viewOf } from '../bytes.js';
import { type DiskLayout, type Ebr, type MbrMap, type Partition, SECTOR } from './types.js';

/** Where the four entries start. */
const ENTRIES = [446, 462, 478, 494];
/** Of an extended boot record: the logical partition, and the way to the next record. */
const [LOGICAL, NEXT] = [446, 462];
const MAX_SECTORS = 0xffff_ffff;
/** Logical partitions that are read; Linux stops at 60. */
const MOST_LOGICAL = 128;

/** The entry that says "this disk has a GPT". */
export const PROTECTIVE = '0xEE';
/** Entries that hold a chain of extended boot records: DOS's, Windows' and Linux's. */
const EXTENDED: readonly string[] = ['0x05', '0x0F', '0x85'];

/**
 * Reads a master boot record; undefined where sector 0 is none. Little-endian. At 446 four entries: 0 u8 0x80 or 0, 1 first sector
 * as CHS, 4 u8 type, 5 last sector as CHS, 8 u32 first sector, 12 u32 sectors. At 510 0x55 0xAA. Logical partitions follow as 5, 6, …
 * A partition that ends past the disk ends with it. FormatError where extended boot records go round in a circle.
 */
export async function readMbr(disk: ByteSource): Promise<MbrMap | undefined> {
  const totalSectors = Math.floor(disk.size / SECTOR);
  if (totalSectors < 1) return undefined;
  const mbr = Uint8Array.from(await disk.read(0, SECTOR));
  if (!isSigned(mbr)) return undefined;
  const partitions: Partition[] = [];
  const warnings: string[] = [];
  for (const [i, at] of ENTRIES.entries()) {
    // Boot sectors of volumes end in 0x55 0xAA as well; what lies at 446 there are no entries.
    if (mbr[at] !== 0 && mbr[at] !== 0x80) return undefined;
    const partition = entryAt(mbr, at, { index: i + 1, from: 0, totalSectors });
    if (partition === undefined) continue;
    if (partition.firstSector === 0) return undefined;
    if (partition.firstSector < totalSectors) partitions.push(partition);
    else warnings.push(`partition ${i + 1} is left out: it begins behind the ${totalSectors} sectors of the disk`);
  }
  if (partitions.length === 0) return undefined;
  const ebrs: Ebr[] = [];
  for (const extended of partitions.filter(({ type }) => EXTENDED.includes(type))) {
    partitions.push(...(await readChain(disk, extended, { ebrs, warnings, totalSectors })));
  }
  for (const { index, type, statedSectors } of partitions) {
    if (statedSectors === undefined || type === PROTECTIVE) continue;
    warnings.push(`partition ${index} ends behind the ${totalSectors} sectors of the disk`);
  }
  return { scheme: 'mbr', sectorSize: SECTOR, totalSectors, partitions, warnings, notes: [], mbr, ebrs };
}

/** The logical partitions of an extended one: each record has one, from its own sector, and says where the next record is. */
async function readChain(
  disk: ByteSource,
  extended: Partition,
  { ebrs, warnings, totalSectors }: { ebrs: Ebr[]; warnings: string[]; totalSectors: number },
): Promise<Partition[]> {
  const found: Partition[] = [];
  for (let sector: number | undefined = extended.firstSector; sector !== undefined; ) {
    const here = sector;
    if (ebrs.length === MOST_LOGICAL || ebrs.some((ebr) => ebr.sector === here)) {
      throw new FormatError({
        file: disk.name,
        structure: `extended boot record ${ebrs.length + 1}`,
        offset: here * SECTOR,
        expected: `a chain of at most ${MOST_LOGICAL} records`,
        found: ebrs.length === MOST_LOGICAL ? 'a longer one' : 'one that goes round in a circle',
      });
    }
    const bytes =
      here < totalSectors ? Uint8Array.from(await disk.read(here * SECTOR, SECTOR)) : new Uint8Array(SECTOR);
    if (!isSigned(bytes)) {
      warnings.push(`there is no extended boot record at sector ${here}`);
      break;
    }
    const index = 5 + ebrs.filter((ebr) => ebr.index !== undefined).length;
    const logical = entryAt(bytes, LOGICAL, { index, from: here, totalSectors });
    if (logical) found.push(logical);
    ebrs.push({ sector: here, bytes, extended: extended.index, ...(logical && { index }) });
    const next = entryAt(bytes, NEXT, { index, from: extended.firstSector, totalSectors });
    sector = next && EXTENDED.includes(next.type) ? next.firstSector : undefined;
  }
  return found;
}

function isSigned(sector: Uint8Array): boolean {
  return sector[510] === 0x55 && sector[511] === 0xaa;
}

/** An entry in use. `from`: what its first sector counts from. */
function entryAt(
  sector: Uint8Array,
  at: number,
  { index, from, totalSectors }: { index: number; from: number; totalSectors: number },
): Partition | undefined {
  const fields = viewOf(sector);
  const type = sector[at + 4]!;
  const stated = fields.getUint32(at + 12, true);
  if (type === 0 || stated === 0) return undefined;
  const firstSector = from + fields.getUint32(at + 8, true);
  const sectorCount = Math.max(0, Math.min(stated, totalSectors - firstSector));
  const name = `0x${type.toString(16).toUpperCase().padStart(2, '0')}`;
  return {
    ...{ index, name: '', type: name, firstSector, sectorCount },
    ...(sectorCount === stated ? {} : { statedSectors: stated }),
  };
}

/** The same record with `partition` made `volumeSectors` long and the disk ending there; SourceError when another lies behind it. */
export function regrowMbr(map: MbrMap, partition: Partition, volumeSectors: number): DiskLayout {
  const behind = map.partitions.find((other) => other.firstSector > partition.firstSector);
  if (behind) {
    throw new SourceError(`Partition ${partition.index} cannot be resized: partition ${behind.index} lies behind it.`);
  }
  const totalSectors = partition.firstSector + volumeSectors;
  if (totalSectors > MAX_SECTORS) {
    throw new SourceError(`A master boot record cannot hold ${totalSectors} sectors; 2 TiB is its limit.`);
  }
  const mbr = map.mbr.slice();
  const ebrs = map.ebrs.map((ebr) => ({ ...ebr, bytes: ebr.bytes.slice() }));
  const own = ebrs.find(({ index }) => index === partition.index);
  if (own === undefined) viewOf(mbr).setUint32(ENTRIES[partition.index - 1]! + 12, volumeSectors, true);
  else {
    const extended = map.partitions.find(({ index }) => index === own.extended)!;
    lengthen({ mbr, ebrs, own, extended, partition }, totalSectors, volumeSectors);
  }
  const records = [{ sector: 0, bytes: mbr }, ...ebrs.filter(({ sector }) => sector < partition.firstSector)];
  return {
    totalSectors,
    volumeFirstSector: partition.firstSector,
    volumeSectors,
    extents: records
      .sort((a, b) => a.sector - b.sector)
      .map(({ sector, bytes }) => ({ offset: sector * SECTOR, bytes })),
  };
}

/** A logical partition's length is in its own record, in the one before, and in the extended partition's entry. */
function lengthen(
  chain: { mbr: Uint8Array; ebrs: readonly Ebr[]; own: Ebr; extended: Partition; partition: Partition },
  end: number,
  volumeSectors: number,
): void {
  const { mbr, own, extended, partition } = chain;
  viewOf(mbr).setUint32(ENTRIES[extended.index - 1]! + 12, end - extended.firstSector, true);
  viewOf(own.bytes).setUint32(LOGICAL + 12, volumeSectors, true);
  const ebrs = chain.ebrs.filter((ebr) => ebr.extended === extended.index);
  leaveOut(ebrs, ({ sector }) => sector > partition.firstSector);
  for (const { bytes } of ebrs) {
    const leadsTo = viewOf(bytes).getUint32(NEXT + 8, true) + extended.firstSector;
    if (bytes[NEXT + 4] !== 0 && leadsTo === own.sector) viewOf(bytes).setUint32(NEXT + 12, end - own.sector, true);
  }
}

/** Lets the chain go past records that the disk does not reach any more: those behind the volume, which are empty. */
function leaveOut(ebrs: readonly Ebr[], isBehind: (ebr: Ebr) => boolean): void {
  const ways = ebrs.map(({ bytes }) => bytes.slice(NEXT, NEXT + 16));
  for (const [i, { bytes }] of ebrs.entries()) {
    const next = ebrs.findIndex((ebr, at) => at > i && !isBehind(ebr));
    bytes.set(next < 0 ? new Uint8Array(16) : ways[next - 1]!, NEXT);
  }
}
