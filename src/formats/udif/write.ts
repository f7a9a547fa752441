import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { buildPlist, type PlistValue } from '../../plist/plist.js';
import type { ByteSource } from '../bytes.js';
import { writeKoly } from './koly.js';
import { writeMish } from './mish.js';
import { SECTOR } from './runs.js';
import { type BlkxPartition, type Compress, DataFork, writeRuns } from './write-runs.js';

export type { BlkxPartition, Compress, Compressed } from './write-runs.js';

/** Sectors of scratch a reader needs besides a run, as hdiutil states it for zlib. */
const SPARE_BUFFERS = 8;
const PLST_SIZE = 1032;
const ATTRIBUTES = '0x0050';

/** What writeUdif made. */
export interface WrittenUdif {
  /** Bytes of the image. */
  readonly size: number;
  readonly dataCrc32: number;
  readonly masterCrc32: number;
}

/**
 * Writes a disk as a UDIF image, front to back, in bounded memory: data fork, property list, trailer, every checksum right.
 * `partitions` (see blkxPartitions) say what becomes a blkx table; sectors in none of them read as zeros, so they had better be.
 * The same input makes the same bytes. `runSectors`: sectors of a chunk, hdiutil's is 2048.
 */
export async function writeUdif(
  options: {
    readonly disk: ByteSource;
    readonly partitions: readonly BlkxPartition[];
    /** 1: a device with a partition map, 2: a single volume. */
    readonly variant: 1 | 2;
    readonly runSectors?: number;
    readonly compress?: Compress;
    /** zlib's, 0 to 9. */
    readonly level?: number;
    readonly signal?: AbortSignal;
    /** Bytes of the disk. */
    readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  },
  append: (bytes: Uint8Array) => Promise<void>,
): Promise<WrittenUdif> {
  const { disk, partitions, variant, runSectors = 2048, compress = 'zlib' } = options;
  const sectorCount = disk.size / SECTOR;
  checkPartitions(disk, partitions);
  const fork = new DataFork(append);
  const tables: { partition: BlkxPartition; mish: Uint8Array; crc32: number }[] = [];
  let done = 0;
  for (const partition of partitions) {
    const { runs, crc32: crc } = await writeRuns(disk, partition, fork, {
      runSectors,
      compress,
      level: options.level,
      signal: options.signal,
      onSectors(sectors) {
        done += sectors * SECTOR;
        options.onProgress?.({ done, total: disk.size });
      },
    });
    const mish = writeMish({
      firstSector: partition.firstSector,
      sectorCount: partition.sectorCount,
      buffersNeeded: compress === 'none' ? 0 : runSectors + SPARE_BUFFERS,
      descriptor: partition.id >>> 0,
      crc32: crc,
      runs,
      end: fork.length,
    });
    tables.push({ partition, mish, crc32: crc });
  }
  const crcs = new DataView(new ArrayBuffer(tables.length * 4));
  for (const [i, table] of tables.entries()) crcs.setUint32(i * 4, table.crc32);
  const masterCrc32 = crc32(crcs);
  const xml = new TextEncoder().encode(propertyList(tables));
  await append(xml);
  const koly = writeKoly({
    dataForkLength: fork.length,
    dataCrc32: fork.crc32,
    // Made from the content: hdiutil takes a random one.
    segmentId: createHash('sha256').update(xml).digest().subarray(0, 16),
    xmlOffset: fork.length,
    xmlLength: xml.length,
    masterCrc32,
    variant,
    sectorCount,
  });
  await append(koly);
  return { size: fork.length + xml.length + koly.length, dataCrc32: fork.crc32, masterCrc32 };
}

function propertyList(tables: readonly { partition: BlkxPartition; mish: Uint8Array }[]): string {
  const blkx: PlistValue[] = tables.map(({ partition: { name, id }, mish }) => ({
    Attributes: ATTRIBUTES,
    CFName: name,
    Data: mish,
    ID: String(id === -2 ? 0 : id),
    Name: name,
  }));
  const plst = new Uint8Array(PLST_SIZE);
  plst[517] = 1;
  plst[519] = 1;
  return buildPlist({
    'resource-fork': { blkx, plst: [{ Attributes: ATTRIBUTES, Data: plst, ID: '0', Name: '' }] },
  });
}

/** What a caller can get wrong, as plain errors: none of it comes from a file. */
function checkPartitions(disk: ByteSource, partitions: readonly BlkxPartition[]): void {
  if (disk.size % SECTOR !== 0) throw new Error(`${disk.name}: ${disk.size} bytes are not whole sectors`);
  let end = 0;
  for (const { name, firstSector, sectorCount } of partitions.toSorted((a, b) => a.firstSector - b.firstSector)) {
    if (firstSector < end) throw new Error(`"${name}" overlaps the table before it`);
    end = firstSector + sectorCount;
    if (end * SECTOR > disk.size) throw new Error(`"${name}" ends behind the disk`);
  }
}
