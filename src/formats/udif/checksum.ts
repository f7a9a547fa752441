import { crc32 } from 'node:zlib';
import { chunks } from '../bytes.js';
import { crc32Combine, crc32Zeros } from './crc.js';
import type { UdifImage, UdifPartition } from './image.js';
import { SECTOR } from './runs.js';

/** 'absent': the image states no checksum we know; 'incomplete': not all runs have been seen. */
export type ChecksumState = 'valid' | 'invalid' | 'incomplete' | 'absent';

/** One checksum: what the image says, what its bytes say. */
export interface ChecksumResult {
  readonly name: string;
  readonly state: ChecksumState;
  readonly stated?: number;
  readonly computed?: number;
}

/** All checksums of an image. */
export interface ChecksumReport {
  /** 'invalid' when any is invalid, else 'incomplete' when any is, else 'valid'; 'absent' when there is none at all. */
  readonly state: ChecksumState;
  /** One a blkx table, in the image's order. */
  readonly partitions: readonly ChecksumResult[];
  readonly master: ChecksumResult;
  /** Of the stored data fork; only where it has been read. */
  readonly data?: ChecksumResult;
}

/** What was seen of a run in parts: all of it up to `end`, with its CRC32, and parts that lie behind, by where they start. */
interface PartsSeen {
  end: number;
  crc: number;
  readonly later: Map<number, { readonly length: number; readonly crc: number }>;
}

/**
 * Collects the CRC32 of each run's decoded bytes from whoever decodes them, in any order and thread, and says what that makes of
 * the image's checksums. (formats.md 1.5: a blkx CRC covers the decoded data in order, ZERO runs count as zeros, IGNORE runs are
 * left out; the master CRC covers the blkx CRCs, 4 bytes big-endian each.)
 */
export class ChecksumLedger {
  readonly #image: UdifImage;
  readonly #crc: Uint32Array;
  readonly #known: Uint8Array;
  #runsAt: Map<number, number[]> | undefined;
  /** Of runs seen in parts: those so far. */
  readonly #parts = new Map<number, PartsSeen>();

  constructor(image: UdifImage) {
    this.#image = image;
    this.#crc = new Uint32Array(image.runs.count);
    this.#known = new Uint8Array(image.runs.count);
    for (let run = 0; run < image.runs.count; run++) {
      const kind = image.runs.kind(run);
      if (kind === 'ignore') this.#known[run] = 1;
      if (kind === 'zero') this.report(run, crc32Zeros(image.runs.length[run]!));
    }
  }

  /** The decoded bytes of run number `run` have this CRC32. */
  report(run: number, crc: number): void {
    this.#crc[run] = crc;
    this.#known[run] = 1;
  }

  /** A part of run number `run`, from byte `offset` of it on, has this CRC32. Parts that overlap or leave gaps say nothing. */
  reportPart(run: number, { offset, length }: { readonly offset: number; readonly length: number }, crc: number): void {
    if (this.#known[run] || length === 0) return;
    const seen = this.#parts.get(run) ?? { end: 0, crc: 0, later: new Map() };
    this.#parts.set(run, seen);
    if (offset >= seen.end) seen.later.set(offset, { length, crc });
    for (let part = seen.later.get(seen.end); part; part = seen.later.get(seen.end)) {
      seen.later.delete(seen.end);
      seen.crc = crc32Combine(seen.crc, part.crc, part.length);
      seen.end += part.length;
    }
    if (seen.end !== this.#image.runs.length[run]) return;
    this.#parts.delete(run);
    this.report(run, seen.crc);
  }

  /** What of a run nobody has reported yet, as ranges in the run: all of it, or, of one that is stored as it is, what lies between its parts. */
  missing(run: number): { readonly offset: number; readonly length: number }[] {
    const whole = this.#image.runs.length[run]!;
    const gaps: { offset: number; length: number }[] = [];
    const { end = 0, later = [] } = this.#parts.get(run) ?? {};
    let here = end;
    for (const [offset, { length }] of [...later].sort(([a], [b]) => a - b)) {
      if (offset < here) continue;
      if (offset > here) gaps.push({ offset: here, length: offset - here });
      here = offset + length;
    }
    if (here < whole) gaps.push({ offset: here, length: whole - here });
    return gaps;
  }

  /**
   * The run stored at byte `at` of the image file (an encoded piece's `at`), `length` bytes when decoded, has this CRC32. False
   * where this image has no such run.
   */
  reportAt(at: number, length: number, crc: number): boolean {
    const runs = this.#image.runs;
    if (this.#runsAt === undefined) {
      this.#runsAt = new Map();
      for (let run = 0; run < runs.count; run++) {
        const kind = runs.kind(run);
        if (kind === 'zero' || kind === 'ignore') continue;
        const same = this.#runsAt.get(runs.at[run]!);
        if (same) same.push(run);
        else this.#runsAt.set(runs.at[run]!, [run]);
      }
    }
    let found = false;
    for (const run of this.#runsAt.get(at) ?? []) {
      if (runs.length[run] !== length) continue;
      this.report(run, crc);
      found = true;
    }
    return found;
  }

  /** The runs nobody has reported yet. */
  pending(): number[] {
    const runs: number[] = [];
    for (let run = 0; run < this.#known.length; run++) if (!this.#known[run]) runs.push(run);
    return runs;
  }

  /** What is known so far. */
  result(data?: ChecksumResult): ChecksumReport {
    const structure = this.#image.structure;
    /** The runs of each table, in disk order. */
    const runsOf: number[][] = structure.partitions.map(() => []);
    for (let run = 0; run < this.#image.runs.count; run++) runsOf[this.#image.runs.table[run]!]!.push(run);

    const partitions = structure.partitions.map((partition, table) => this.#partition(partition, runsOf[table]!));
    const master = this.#master(partitions);
    const all = [...partitions, master, ...(data ? [data] : [])].map(({ state }) => state);
    const state =
      (['invalid', 'incomplete', 'valid'] as const).find((candidate) => all.includes(candidate)) ?? 'absent';
    return { state, partitions, master, ...(data ? { data } : {}) };
  }

  #partition(partition: UdifPartition, runs: readonly number[]): ChecksumResult {
    const name = partition.name;
    if (runs.some((run) => !this.#known[run])) return compare(name, partition.checksum.crc32, undefined);
    const plain = this.#combine(partition, runs, false);
    // Ranges a table leaves out are seen to be left out of the CRC as well; other writers may count them as zeros.
    const filled = this.#combine(partition, runs, true);
    return compare(name, partition.checksum.crc32, filled === partition.checksum.crc32 ? filled : plain);
  }

  #combine(partition: UdifPartition, runs: readonly number[], gapsCount: boolean): number {
    const index = this.#image.runs;
    let crc = 0;
    let here = partition.firstSector * SECTOR;
    const gapTo = (next: number) => {
      if (gapsCount && next > here) crc = crc32Combine(crc, crc32Zeros(next - here), next - here);
    };
    for (const run of runs) {
      gapTo(index.start[run]!);
      if (index.kind(run) !== 'ignore') crc = crc32Combine(crc, this.#crc[run]!, index.length[run]!);
      here = index.start[run]! + index.length[run]!;
    }
    gapTo((partition.firstSector + partition.sectorCount) * SECTOR);
    return crc;
  }

  #master(partitions: readonly ChecksumResult[]): ChecksumResult {
    const stated = this.#image.structure.masterChecksum.crc32;
    const view = new DataView(new ArrayBuffer(partitions.length * 4));
    for (const [i, { computed }] of partitions.entries()) {
      if (computed === undefined) return compare('master', stated, undefined);
      view.setUint32(i * 4, computed);
    }
    return compare('master', stated, crc32(view));
  }
}

function compare(name: string, stated: number | undefined, computed: number | undefined): ChecksumResult {
  const state: ChecksumState =
    stated === undefined ? 'absent' : computed === undefined ? 'incomplete' : stated === computed ? 'valid' : 'invalid';
  return {
    name,
    state,
    ...(stated === undefined ? {} : { stated }),
    ...(computed === undefined ? {} : { computed }),
  };
}

/** Bytes read in one go where a run or the data fork is long. */
const CHUNK = 1 << 20;

/**
 * Reads every run that `ledger` (default: a new one) does not know yet, and the data fork where it has a checksum, and says
 * whether the image is what it was when it was made. FormatError when a run cannot be decoded at all.
 */
export async function verifyChecksums(
  image: UdifImage,
  options: {
    readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
    readonly signal?: AbortSignal;
    readonly ledger?: ChecksumLedger;
    /** Whether the stored data fork's own checksum, which needs a read of all of it, is wanted too; default yes. */
    readonly dataFork?: boolean;
  } = {},
): Promise<ChecksumReport> {
  const { runs, source, structure } = image;
  const ledger = options.ledger ?? new ChecksumLedger(image);
  const pending = ledger.pending();
  const fork = structure.dataFork;
  const statedData = options.dataFork === false ? undefined : structure.dataChecksum.crc32;
  const left = pending.flatMap((run) => ledger.missing(run)).reduce((sum, { length }) => sum + length, 0);
  const total = left + (statedData === undefined ? 0 : fork.length);
  let done = 0;
  const advance = (bytes: number) => {
    done += bytes;
    options.onProgress?.({ done, total });
    options.signal?.throwIfAborted();
  };
  for (const run of pending) {
    if (runs.kind(run) === 'raw') {
      for (const gap of ledger.missing(run)) {
        const at = runs.at[run]! + gap.offset;
        let crc = 0;
        for await (const chunk of chunks(source, CHUNK, at, at + gap.length)) {
          crc = crc32(chunk, crc);
          advance(chunk.length);
        }
        ledger.reportPart(run, gap, crc);
      }
    } else {
      ledger.report(run, crc32(await image.decodeRun(run)));
      advance(runs.length[run]!);
    }
  }
  if (statedData === undefined) return ledger.result();
  let crc = 0;
  for await (const chunk of chunks(source, CHUNK, fork.offset, fork.offset + fork.length)) {
    crc = crc32(chunk, crc);
    advance(chunk.length);
  }
  return ledger.result(compare('data fork', statedData, crc));
}
