import { FormatError } from '../../../errors.js';
import { ForkType } from '../extent-record.js';
import type { Extent } from '../fork-data.js';
import { Cnid } from '../header.js';
import type { HfsVolume } from '../volume.js';
import { Bitmap, MAX_BLOCKS } from './bitmap.js';
import { tailBlocks } from './geometry.js';

/** Is told which blocks of the base volume stay in use and which are given up. */
export interface Accounting {
  keep(extents: readonly Extent[], owner: string): void;
  free(extents: readonly Extent[], owner: string): void;
}

/** Bytes: a bit for each of the blocks that a volume can have. */
const MOST_BITMAP = Math.ceil(MAX_BLOCKS / 8);

/** For whoever knows already. */
export const NO_ACCOUNTING: Accounting = { keep() {}, free() {} };

/**
 * The base volume's blocks: which are in use, and which are given up by the changes. Everything that stays must be marked as
 * used in the base volume's own bitmap, or it would be left out of the new volume.
 */
export class BlockAccount implements Accounting {
  /** As the base volume has it. */
  readonly used: Bitmap;
  readonly #freed: { readonly extent: Extent; readonly owner: string }[] = [];
  readonly #kept: Bitmap;
  #keptBlocks = 0;
  readonly #volume: HfsVolume;
  readonly #tailStart: number;
  #tailHoldsData = false;

  private constructor(volume: HfsVolume, used: Bitmap) {
    this.#volume = volume;
    this.used = used;
    this.#kept = new Bitmap(used.totalBlocks);
    this.#tailStart = used.totalBlocks - tailBlocks(volume.header.blockSize);
  }

  static async of(volume: HfsVolume): Promise<BlockAccount> {
    const { allocationFile, totalBlocks } = volume.header;
    const needed = Math.ceil(totalBlocks / 8);
    const name = `${volume.source.name}: allocation file`;
    if (allocationFile.logicalSize < needed || allocationFile.logicalSize > MOST_BITMAP) {
      throw new FormatError({
        file: volume.source.name,
        structure: 'volume header',
        offset: 1024 + 112,
        expected: `an allocation file of ${needed} bytes, and of ${MOST_BITMAP} at most`,
        found: String(allocationFile.logicalSize),
      });
    }
    const bits = await volume.fork(Cnid.allocation, allocationFile, ForkType.data, name);
    return new BlockAccount(volume, Bitmap.resized(await bits.read(0, needed), totalBlocks, totalBlocks));
  }

  /** Notes that something stays where it is. */
  keep(extents: readonly Extent[], owner: string): void {
    for (const extent of extents) {
      // Before each is gone through: files that all claim the whole volume would take for ever.
      this.#keptBlocks += extent.blockCount;
      if (this.#keptBlocks > this.used.totalBlocks) throw this.#fault(extent, owner, 'blocks of its own');
      if (!this.used.allUsed(extent)) throw this.#fault(extent, owner, 'blocks marked as used in the allocation file');
      if (extent.startBlock + extent.blockCount > this.#tailStart) this.#tailHoldsData = true;
      this.#kept.use(extent);
    }
  }

  /** Notes that something is given up. */
  free(extents: readonly Extent[], owner: string): void {
    for (const extent of extents) {
      if (extent.startBlock + extent.blockCount > this.used.totalBlocks) {
        throw this.#fault(extent, owner, `blocks below ${this.used.totalBlocks}`);
      }
      this.#freed.push({ extent, owner });
    }
  }

  /** The blocks in use by what stays of the base volume, in a bitmap for `totalBlocks`. Its alternate header moves away. */
  remaining(): Bitmap {
    const { totalBlocks, bytes } = this.used;
    const remaining = Bitmap.resized(bytes, totalBlocks, totalBlocks);
    for (const extent of this.freed) remaining.free(extent);
    if (!this.#tailHoldsData)
      remaining.free({ startBlock: this.#tailStart, blockCount: totalBlocks - this.#tailStart });
    return remaining;
  }

  /** The given-up blocks, once everything is noted. FormatError where something that stays has one of them, too. */
  get freed(): readonly Extent[] {
    for (const { extent, owner } of this.#freed) {
      if (!this.#kept.allFree(extent)) throw this.#fault(extent, owner, 'blocks that no other file has');
    }
    return this.#freed.map(({ extent }) => extent);
  }

  #fault(extent: Extent, owner: string, expected: string): FormatError {
    return new FormatError({
      file: this.#volume.source.name,
      structure: owner,
      offset: extent.startBlock * this.#volume.header.blockSize,
      expected,
      found: `${extent.blockCount} blocks from ${extent.startBlock}`,
      hint: 'Repair the volume first: fsck_hfs, or Disk Utility on a Mac.',
    });
  }
}
