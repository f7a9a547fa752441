import { FormatError } from '../../errors.js';
import type { Codec } from '../pieces.js';
import { codecOf, type Mish, RunType } from './mish.js';

/** Bytes of a UDIF sector. */
export const SECTOR = 512;
/** Bytes; the longest encoded run that is decoded (hdiutil writes 1 MiB). Bounds what one read can cost. */
export const MAX_RUN_BYTES = 128 << 20;
const MAX_SECTORS = Math.floor(Number.MAX_SAFE_INTEGER / SECTOR);

/** How a run's bytes come about. */
export type RunKind = 'zero' | 'ignore' | 'raw' | Codec;
const KINDS: readonly RunKind[] = ['zero', 'ignore', 'raw', 'adc', 'zlib', 'bzip2', 'lzfse', 'xz'];

/**
 * All runs of an image in disk order, as columns: images have ten thousand and more. Positions and lengths are bytes. What no
 * run covers reads as zeros.
 */
export class RunIndex {
  readonly count: number;
  /** Bytes of the decoded disk. */
  readonly diskBytes: number;
  /** In the decoded disk. */
  readonly start: Float64Array;
  /** Decoded. */
  readonly length: Float64Array;
  /** In the image file. */
  readonly at: Float64Array;
  /** In the image file. */
  readonly stored: Float64Array;
  /** Number of the blkx table the run belongs to. */
  readonly table: Uint32Array;
  readonly #kind: Uint8Array;

  /** Use buildRunIndex: it checks. */
  constructor(rows: readonly Row[], diskBytes: number) {
    const count = rows.length;
    this.count = count;
    this.diskBytes = diskBytes;
    this.start = new Float64Array(count);
    this.length = new Float64Array(count);
    this.at = new Float64Array(count);
    this.stored = new Float64Array(count);
    this.table = new Uint32Array(count);
    this.#kind = new Uint8Array(count);
    // `from` takes some four times as long (measured), and an image within an image is opened on the way to one file.
    for (const [i, row] of rows.entries()) {
      this.start[i] = row.start;
      this.length[i] = row.length;
      this.at[i] = row.at;
      this.stored[i] = row.stored;
      this.table[i] = row.table;
      this.#kind[i] = KINDS.indexOf(row.kind);
    }
  }

  kind(run: number): RunKind {
    return KINDS[this.#kind[run]!]!;
  }

  /** The first run that ends after byte `offset` of the disk; `count` when there is none. */
  find(offset: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.start[middle]! + this.length[middle]! > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function kindOf(type: number): RunKind | undefined {
  if (type === RunType.zero) return 'zero';
  if (type === RunType.ignore) return 'ignore';
  return type === RunType.raw ? 'raw' : codecOf(type);
}

function isEncoded(kind: RunKind): boolean {
  return kind !== 'raw' && kind !== 'zero' && kind !== 'ignore';
}

/** Bytes that so many can be stored in: what cannot be compressed grows by 3 % in bzip2 (measured, hdiutil's), less in the others. */
function mostStored(length: number): number {
  return 2 * length + (64 << 10);
}

interface Row {
  readonly kind: RunKind;
  readonly table: number;
  /** Its number in the table. */
  readonly run: number;
  readonly start: number;
  readonly length: number;
  readonly at: number;
  readonly stored: number;
}

/**
 * Sorts and checks the runs of all tables. FormatError for unknown types, runs outside the data fork or the disk, runs that
 * overlap, and lengths that cannot be. `statedSectors` 0: the disk is as long as its tables say.
 */
export function buildRunIndex(
  tables: readonly { readonly name: string; readonly mish: Mish }[],
  image: {
    readonly file: string;
    readonly xmlOffset: number;
    readonly dataForkOffset: number;
    readonly dataForkLength: number;
    readonly statedSectors: number;
  },
): RunIndex {
  const fail = (table: string, run: number, expected: string, found: string): never => {
    throw new FormatError({
      file: image.file,
      structure: `blkx table "${table}", run ${run}`,
      offset: image.xmlOffset,
      expected,
      found,
    });
  };
  const rows: Row[] = [];
  let sectors = image.statedSectors;
  const limit = sectors > 0 ? Math.min(sectors, MAX_SECTORS) : MAX_SECTORS;
  if (sectors > MAX_SECTORS) {
    throw new FormatError({
      file: image.file,
      structure: 'koly trailer',
      offset: image.xmlOffset,
      expected: `at most ${MAX_SECTORS} sectors`,
      found: `${sectors}`,
    });
  }
  for (const [table, { name, mish }] of tables.entries()) {
    const end = mish.firstSector + mish.sectorCount;
    if (end <= limit && image.statedSectors === 0) sectors = Math.max(sectors, end);
    for (let i = 0; i < mish.runCount; i++) {
      const run = mish.run(i);
      if (run.type === RunType.end) break;
      if (run.type === RunType.comment || run.sectors === 0) continue;
      const kind = kindOf(run.type);
      if (kind === undefined) return fail(name, i, 'a known run type', `0x${run.type.toString(16)}`);
      const first = mish.firstSector + run.sector;
      if (first + run.sectors > limit) fail(name, i, `sectors below ${limit}`, `${first} to ${first + run.sectors}`);
      if (image.statedSectors === 0) sectors = Math.max(sectors, first + run.sectors);
      const length = run.sectors * SECTOR;
      if (isEncoded(kind) && length > MAX_RUN_BYTES) {
        fail(name, i, `at most ${MAX_RUN_BYTES} decoded bytes`, `${length}`);
      }
      if (isEncoded(kind) && run.length > mostStored(length)) {
        fail(name, i, `at most ${mostStored(length)} stored bytes for ${length}`, `${run.length}`);
      }
      if (kind === 'raw' && run.length !== length) fail(name, i, `${length} stored bytes`, `${run.length}`);
      const inFork = mish.dataOffset + run.offset;
      if (inFork + run.length > image.dataForkLength) {
        fail(name, i, `bytes inside the data fork of ${image.dataForkLength}`, `${inFork} to ${inFork + run.length}`);
      }
      rows.push({
        kind,
        table,
        run: i,
        start: first * SECTOR,
        length,
        at: image.dataForkOffset + inFork,
        stored: run.length,
      });
    }
  }
  rows.sort((a, b) => a.start - b.start);
  for (let i = 1; i < rows.length; i++) {
    const before = rows[i - 1]!;
    const here = rows[i]!;
    if (before.start + before.length > here.start) {
      fail(tables[here.table]!.name, here.run, 'runs that do not overlap', `two at sector ${here.start / SECTOR}`);
    }
  }
  return new RunIndex(rows, sectors * SECTOR);
}
