import type { Codec } from '../pieces.js';
import { type Checksum, Fields, readChecksum, writeChecksum } from './fields.js';

/** Types of runs as stored. */
export const RunType = {
  zero: 0x0000_0000,
  raw: 0x0000_0001,
  /** Free space: reads as zeros, is left out of checksums. */
  ignore: 0x0000_0002,
  comment: 0x7fff_fffe,
  adc: 0x8000_0004,
  zlib: 0x8000_0005,
  bzip2: 0x8000_0006,
  lzfse: 0x8000_0007,
  xz: 0x8000_0008,
  end: 0xffff_ffff,
} as const;

/** The codec of a run type, undefined where its bytes are not encoded. */
export function codecOf(type: number): Codec | undefined {
  switch (type) {
    case RunType.adc:
      return 'adc';
    case RunType.zlib:
      return 'zlib';
    case RunType.bzip2:
      return 'bzip2';
    case RunType.lzfse:
      return 'lzfse';
    case RunType.xz:
      return 'xz';
    default:
      return undefined;
  }
}

const HEADER_SIZE = 204;
const RUN_SIZE = 40;

/** One run as stored. */
export interface Run {
  readonly type: number;
  /** 512-byte sectors from the table's first sector. */
  readonly sector: number;
  readonly sectors: number;
  /** Bytes from dataForkOffset + dataOffset. */
  readonly offset: number;
  readonly length: number;
}

/** A blkx table: where a stretch of the disk is stored in the image. Sectors are 512 bytes. */
export interface Mish {
  readonly firstSector: number;
  readonly sectorCount: number;
  /** Bytes from dataForkOffset that every run's offset counts from. */
  readonly dataOffset: number;
  readonly checksum: Checksum;
  readonly runCount: number;
  /** Run number `index`; FormatError when its numbers are absurd. */
  run(index: number): Run;
}

/**
 * Reads a blkx table, the Data of a blkx entry of the property list. `label` names it in errors, `at` is the offset of what
 * holds it. FormatError when it is cut short.
 *
 *     0 `mish`               24 u64 dataOffset          64 checksum, 136 bytes
 *     4 u32 version, 1       32 u32 buffersNeeded      200 u32 number of runs
 *     8 u64 firstSector      36 u32 blockDescriptor    204 runs of 40 bytes
 *    16 u64 sectorCount      40 24 bytes reserved
 *
 * A run: 0 u32 type, 4 u32 comment, 8 u64 sector, 16 u64 sectors, 24 u64 offset, 32 u64 length.
 */
export function readMish(bytes: Uint8Array, file: string, label: string, at: number): Mish {
  const fields = new Fields(bytes, file, `blkx table "${label}"`, at);
  if (bytes.length < HEADER_SIZE) fields.fail(`at least ${HEADER_SIZE} bytes`, `${bytes.length}`);
  if (fields.magic(0) !== 'mish') fields.fail('"mish"', JSON.stringify(fields.magic(0)));
  const version = fields.u32(4);
  if (version !== 1) fields.fail('version 1', `${version}`);
  const runCount = fields.u32(200);
  if (HEADER_SIZE + runCount * RUN_SIZE > bytes.length) {
    fields.fail(`${runCount} runs of ${RUN_SIZE} bytes`, `${bytes.length - HEADER_SIZE} bytes`);
  }
  return {
    firstSector: fields.u64(8, 'firstSector'),
    sectorCount: fields.u64(16, 'sectorCount'),
    dataOffset: fields.u64(24, 'dataOffset'),
    checksum: readChecksum(fields, 64),
    runCount,
    run(index) {
      const base = HEADER_SIZE + index * RUN_SIZE;
      const type = fields.u32(base);
      if (type === RunType.end || type === RunType.comment) {
        return { type, sector: 0, sectors: 0, offset: 0, length: 0 };
      }
      const stored = type !== RunType.zero && type !== RunType.ignore;
      return {
        type,
        sector: fields.u64(base + 8, `run ${index}: sector`),
        sectors: fields.u64(base + 16, `run ${index}: sectors`),
        // Runs without stored bytes may carry any offset.
        offset: stored ? fields.u64(base + 24, `run ${index}: offset`) : 0,
        length: stored ? fields.u64(base + 32, `run ${index}: length`) : 0,
      };
    },
  };
}

/** A blkx table from its runs, the terminator added. `end` is the offset behind its data. */
export function writeMish(table: {
  readonly firstSector: number;
  readonly sectorCount: number;
  readonly buffersNeeded: number;
  readonly descriptor: number;
  readonly crc32: number;
  readonly runs: readonly Run[];
  readonly end: number;
}): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + (table.runs.length + 1) * RUN_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set([0x6d, 0x69, 0x73, 0x68]);
  view.setUint32(4, 1);
  view.setBigUint64(8, BigInt(table.firstSector));
  view.setBigUint64(16, BigInt(table.sectorCount));
  view.setUint32(32, table.buffersNeeded);
  view.setUint32(36, table.descriptor);
  writeChecksum(view, 64, table.crc32);
  view.setUint32(200, table.runs.length + 1);
  const terminator: Run = { type: RunType.end, sector: table.sectorCount, sectors: 0, offset: table.end, length: 0 };
  [...table.runs, terminator].forEach((run, index) => {
    const base = HEADER_SIZE + index * RUN_SIZE;
    view.setUint32(base, run.type);
    view.setBigUint64(base + 8, BigInt(run.sector));
    view.setBigUint64(base + 16, BigInt(run.sectors));
    view.setBigUint64(base + 24, BigInt(run.offset));
    view.setBigUint64(base + 32, BigInt(run.length));
  });
  return bytes;
}
