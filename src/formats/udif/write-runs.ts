import { promisify } from 'node:util';
import { constants, crc32, deflate } from 'node:zlib';
import type { ByteSource } from '../bytes.js';
import { crc32Combine, crc32Zeros } from './crc.js';
import { type Run, RunType } from './mish.js';
import { SECTOR } from './runs.js';

const deflateAsync = promisify(deflate);

/** Chunks that are compressed at the same time: enough for zlib's threads, and what bounds memory (times the run's length). */
const IN_FLIGHT = 8;

/** A chunk as it will be stored: its run type and bytes. */
export interface Compressed {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** How chunks are compressed. A function of your own may return fewer bytes under any run type (see RunType). */
export type Compress = 'zlib' | 'none' | ((bytes: Uint8Array) => Compressed | Promise<Compressed>);

/** A stretch of the disk written as one blkx table. Sectors are 512 bytes. */
export interface BlkxPartition {
  /** "disk image (Apple_HFS : 2)"; blkxPartitions makes such lists. */
  readonly name: string;
  readonly firstSector: number;
  readonly sectorCount: number;
  /** -1, 0, 1 …; -2 for a whole disk. */
  readonly id: number;
}

/** Where encoded bytes go: one writer after another, in order, with the position and CRC of the whole data fork. */
export class DataFork {
  readonly #append: (bytes: Uint8Array) => Promise<void>;
  length = 0;
  crc32 = 0;

  constructor(append: (bytes: Uint8Array) => Promise<void>) {
    this.#append = append;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const at = this.length;
    this.crc32 = crc32(bytes, this.crc32);
    this.length += bytes.length;
    await this.#append(bytes);
    return at;
  }
}

/**
 * Writes one partition's runs to the data fork, compressing several chunks at once, and returns them with the CRC32 of what they
 * decode to. Chunks of zeros become ZERO runs, in free space IGNORE; a chunk that does not shrink is stored RAW.
 */
export async function writeRuns(
  disk: ByteSource,
  partition: BlkxPartition,
  fork: DataFork,
  options: {
    readonly runSectors: number;
    readonly compress: Compress;
    readonly level?: number | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onSectors: (sectors: number) => void;
  },
): Promise<{ runs: Run[]; crc32: number }> {
  const free = partition.name.includes('(Apple_Free');
  const runs: Run[] = [];
  let crc = 0;
  /** Started, not yet written, oldest first. */
  const started: { sector: number; sectors: number; stored: Promise<Compressed> }[] = [];

  const flushOne = async () => {
    const { sector, sectors, stored } = started.shift()!;
    const { type, bytes } = await stored;
    const last = runs.at(-1);
    const zero = type === RunType.zero || type === RunType.ignore;
    if (zero && last?.type === type) runs[runs.length - 1] = { ...last, sectors: last.sectors + sectors };
    else runs.push({ type, sector, sectors, offset: await fork.write(bytes), length: bytes.length });
    options.onSectors(sectors);
  };

  for (let sector = 0; sector < partition.sectorCount; sector += options.runSectors) {
    options.signal?.throwIfAborted();
    const sectors = Math.min(options.runSectors, partition.sectorCount - sector);
    const plain = await readUnlessZero(disk, (partition.firstSector + sector) * SECTOR, sectors * SECTOR);
    let stored: Promise<Compressed>;
    if (plain === undefined) {
      const length = sectors * SECTOR;
      if (!free) crc = crc32Combine(crc, crc32Zeros(length), length);
      stored = Promise.resolve({ type: free ? RunType.ignore : RunType.zero, bytes: new Uint8Array(0) });
    } else {
      crc = crc32(plain, crc);
      stored = compressed(plain, options.compress, options.level);
      // It is awaited later; until then a failure must not count as unhandled.
      stored.catch(() => undefined);
    }
    started.push({ sector, sectors, stored });
    if (started.length >= IN_FLIGHT) await flushOne();
  }
  while (started.length > 0) await flushOne();
  return { runs, crc32: crc };
}

async function compressed(plain: Uint8Array, compress: Compress, level: number | undefined): Promise<Compressed> {
  const raw: Compressed = { type: RunType.raw, bytes: plain };
  if (compress === 'none') return raw;
  const smaller =
    compress === 'zlib'
      ? {
          type: RunType.zlib,
          bytes: await deflateAsync(plain, { level: level ?? constants.Z_DEFAULT_COMPRESSION }),
        }
      : await compress(plain);
  return smaller.bytes.length < plain.length ? smaller : raw;
}

/** The bytes, undefined where they are all zero; holes that the source knows of are not even read. */
async function readUnlessZero(disk: ByteSource, offset: number, length: number): Promise<Uint8Array | undefined> {
  if (disk.pieces) {
    let zero = true;
    for (const piece of disk.pieces(offset, length)) {
      if (piece.kind !== 'zero') {
        zero = false;
        break;
      }
    }
    if (zero) return undefined;
  }
  const bytes = await disk.read(offset, length);
  return Buffer.compare(bytes, zeroBytes(length)) === 0 ? undefined : bytes;
}

let zeroPage = new Uint8Array(0);

/** Zeros to compare with; at most as many as a run is long. */
function zeroBytes(length: number): Uint8Array {
  if (zeroPage.length < length) zeroPage = new Uint8Array(length);
  return zeroPage.subarray(0, length);
}
