import type { Extent } from '../fork-data.js';
import type { Findings } from './finding.js';

/** Which allocation blocks are claimed by something, one bit each, in the order of the allocation file. */
export class Claims {
  readonly bits: Uint8Array;
  readonly totalBlocks: number;
  readonly #findings: Findings;
  /** Blocks claimed at least once. */
  count = 0;
  /** Blocks claimed again. Where every file claims the whole volume, counting all of them would take hours. */
  #again = 0;

  constructor(totalBlocks: number, findings: Findings) {
    this.totalBlocks = totalBlocks;
    this.bits = new Uint8Array(Math.ceil(totalBlocks / 8));
    this.#findings = findings;
  }

  /** Claims an extent; an error when it leaves the volume or when something else has claimed a block of it. */
  claim({ startBlock, blockCount }: Extent, owner: () => string): void {
    const end = startBlock + blockCount;
    if (end > this.totalBlocks) {
      const found = `${blockCount} blocks from ${startBlock}`;
      this.#findings.error('extent', owner(), `blocks below ${this.totalBlocks}`, found);
    }
    if (this.#again > this.totalBlocks) return;
    const last = Math.min(end, this.totalBlocks);
    let twice = 0;
    let first = 0;
    for (let block = startBlock; block < last; ) {
      const at = block >>> 3;
      if ((block & 7) === 0 && last - block >= 8 && this.bits[at] === 0) {
        this.bits[at] = 0xff;
        this.count += 8;
        block += 8;
        continue;
      }
      const mask = 0x80 >>> (block & 7);
      if ((this.bits[at]! & mask) !== 0) {
        if (twice++ === 0) first = block;
      } else {
        this.bits[at]! |= mask;
        this.count++;
      }
      block++;
    }
    this.#again += twice;
    if (twice > 0) {
      this.#findings.error('extent', owner(), 'blocks nothing else uses', `${twice} overlapping from block ${first}`);
    }
  }
}
