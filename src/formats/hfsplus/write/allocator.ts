import { SourceError, StepError } from '../../../errors.js';
import type { Extent } from '../fork-data.js';
import { type Bitmap, MAX_BLOCKS } from './bitmap.js';

/** Gives blocks to forks. Runs of one `take` are in the order of the fork. */
export interface Allocator {
  /** `blocks` blocks in as few runs as can be; [] for 0. `pieces`: break it on purpose into runs of that many blocks. */
  take(blocks: number, pieces?: number): Extent[];
}

/** For a volume that is written anew: one after another from a first block on, with no end but the format's own. */
export class AppendAllocator implements Allocator {
  #next: number;

  constructor(first: number) {
    this.#next = first;
  }

  /** The first block not given yet. */
  get end(): number {
    return this.#next;
  }

  take(blocks: number, pieces = 0): Extent[] {
    const runs: Extent[] = [];
    for (let left = blocks; left > 0; ) {
      const count = pieces > 0 ? Math.min(pieces, left) : left;
      runs.push({ startBlock: this.#next, blockCount: count });
      left -= count;
      // A free block in between, or the runs would be one run.
      this.#next += count + (pieces > 0 && left > 0 ? 1 : 0);
    }
    if (this.#next > MAX_BLOCKS - 2) {
      throw new SourceError(`The volume would need more than the ${MAX_BLOCKS} allocation blocks HFS+ can have.`, {
        hint: 'Use a larger block size, or leave something out.',
      });
    }
    return runs;
  }
}

/**
 * For a volume that is changed where it lies: only blocks free in the bitmap are given, and none from block `end` on. The given blocks
 * are marked in `bitmap`, which must hold everything that may not be overwritten.
 */
export class FreeSpaceAllocator implements Allocator {
  readonly #bitmap: Bitmap;
  readonly #volume: string;
  readonly #end: number;

  constructor(bitmap: Bitmap, volume: string, end = bitmap.totalBlocks) {
    this.#bitmap = bitmap;
    this.#volume = volume;
    this.#end = end;
  }

  take(blocks: number, pieces = 0): Extent[] {
    if (blocks === 0) return [];
    const runs = pieces > 0 ? undefined : this.#whole(blocks);
    const taken = runs ?? this.#scattered(blocks, pieces);
    for (const run of taken) this.#bitmap.use(run);
    return taken;
  }

  /** The first free run that holds everything. */
  #whole(blocks: number): Extent[] | undefined {
    for (const run of this.#runs())
      if (run.blockCount >= blocks) return [{ startBlock: run.startBlock, blockCount: blocks }];
    return undefined;
  }

  /** The largest free runs first, so that the fork has few extents. */
  #scattered(blocks: number, pieces: number): Extent[] {
    const free = [...this.#runs()].sort((a, b) => b.blockCount - a.blockCount || a.startBlock - b.startBlock);
    const runs: Extent[] = [];
    let left = blocks;
    for (const run of free) {
      for (let at = run.startBlock; at < run.startBlock + run.blockCount && left > 0; ) {
        const count = Math.min(run.startBlock + run.blockCount - at, left, pieces > 0 ? pieces : left);
        runs.push({ startBlock: at, blockCount: count });
        at += count + (pieces > 0 ? 1 : 0);
        left -= count;
      }
      if (left === 0) return runs;
    }
    throw this.#full(blocks, blocks - left);
  }

  /** The free runs below the end. */
  *#runs(): Generator<Extent> {
    for (const { startBlock, blockCount } of this.#bitmap.runs(false)) {
      if (startBlock >= this.#end) return;
      yield { startBlock, blockCount: Math.min(blockCount, this.#end - startBlock) };
    }
  }

  #full(blocks: number, found: number): StepError {
    let behind = 0;
    for (const { startBlock, blockCount } of this.#bitmap.runs(false)) {
      behind += Math.max(0, startBlock + blockCount - Math.max(startBlock, this.#end));
    }
    const needed = `${this.#volume}: ${blocks} free blocks are needed, ${found} are there`;
    if (found + behind < blocks) {
      return new StepError(`${needed}.`, { hint: 'Free some space in the guest and shut it down cleanly.' });
    }
    return new StepError(
      `${needed}; ${behind} more lie so near the end of the disk that boot loaders cannot read them.`,
      {
        hint: 'Free some space in the guest, or make a raw disk longer behind the partition: truncate -s +32K FILE',
      },
    );
  }
}
