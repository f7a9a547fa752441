import type { Extent } from '../fork-data.js';

/** How many blocks an HFS+ volume can have: block numbers are u32 (TN1150). */
export const MAX_BLOCKS = 0xffff_ffff;

/** The allocation file: one bit a block, the highest bit of a byte first, 1 = used. Bits past the last block stay 0. */
export class Bitmap {
  readonly totalBlocks: number;
  readonly bytes: Uint8Array;

  /** All blocks free. `bytes` is at least as long as `byteLength`, zero beyond what the blocks need. */
  constructor(totalBlocks: number, byteLength = Math.ceil(totalBlocks / 8)) {
    this.totalBlocks = totalBlocks;
    this.bytes = new Uint8Array(Math.max(byteLength, Math.ceil(totalBlocks / 8)));
  }

  /** What another bitmap says about the blocks both have. Stale bits past the other's last block are not taken over. */
  static resized(from: Uint8Array, fromBlocks: number, totalBlocks: number, byteLength?: number): Bitmap {
    const map = new Bitmap(totalBlocks, byteLength);
    const blocks = Math.min(fromBlocks, totalBlocks, from.length * 8);
    const whole = blocks >>> 3;
    map.bytes.set(from.subarray(0, whole));
    if (blocks & 7) map.bytes[whole] = from[whole]! & (0xff << (8 - (blocks & 7)));
    return map;
  }

  isUsed(block: number): boolean {
    return (this.bytes[Math.floor(block / 8)]! & (0x80 >> (block & 7))) !== 0;
  }

  use(run: Extent): void {
    this.#fill(run, true);
  }

  free(run: Extent): void {
    this.#fill(run, false);
  }

  /** The number of used blocks. */
  countUsed(): number {
    let used = 0;
    for (const byte of this.bytes) used += BITS[byte]!;
    return used;
  }

  /** Whether every block of the run is used; a run that leaves the volume is not. */
  allUsed(run: Extent): boolean {
    if (run.startBlock + run.blockCount > this.totalBlocks) return false;
    for (let block = run.startBlock; block < run.startBlock + run.blockCount; block++) {
      if ((block & 7) === 0 && block + 8 <= run.startBlock + run.blockCount) {
        if (this.bytes[block / 8] !== 0xff) return false;
        block += 7;
      } else if (!this.isUsed(block)) return false;
    }
    return true;
  }

  /** Whether no block of the run is used. */
  allFree(run: Extent): boolean {
    const end = run.startBlock + run.blockCount;
    for (let block = run.startBlock; block < end; ) {
      const whole = (block & 7) === 0 && block + 8 <= end;
      if (whole ? this.bytes[block / 8] !== 0 : this.isUsed(block)) return false;
      block += whole ? 8 : 1;
    }
    return true;
  }

  /** The runs of used (or of free) blocks from block `from` on, in order, each as long as it can be. */
  *runs(used: boolean, from = 0): Generator<Extent> {
    const plain = used ? 0x00 : 0xff;
    let start = -1;
    for (let block = from; block < this.totalBlocks; ) {
      const byte = this.bytes[Math.floor(block / 8)]!;
      if ((block & 7) === 0 && block + 8 <= this.totalBlocks) {
        if (start < 0 ? byte === plain : byte === (plain ^ 0xff)) {
          block += 8;
          continue;
        }
      }
      const wanted = ((byte & (0x80 >> (block & 7))) !== 0) === used;
      if (wanted && start < 0) start = block;
      if (!wanted && start >= 0) {
        yield { startBlock: start, blockCount: block - start };
        start = -1;
      }
      block++;
    }
    if (start >= 0) yield { startBlock: start, blockCount: this.totalBlocks - start };
  }

  #fill(run: Extent, used: boolean): void {
    const end = run.startBlock + run.blockCount;
    if (end > this.totalBlocks)
      throw new Error(`blocks ${run.startBlock}…${end - 1} are not in a volume of ${this.totalBlocks}`);
    for (let block = run.startBlock; block < end; ) {
      const index = Math.floor(block / 8);
      if ((block & 7) === 0 && block + 8 <= end) {
        const bytes = Math.floor((end - block) / 8);
        this.bytes.fill(used ? 0xff : 0, index, index + bytes);
        block += bytes * 8;
        continue;
      }
      const bit = 0x80 >> (block & 7);
      this.bytes[index] = used ? this.bytes[index]! | bit : this.bytes[index]! & ~bit;
      block++;
    }
  }
}

const BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0;
  for (let rest = byte; rest; rest >>= 1) bits += rest & 1;
  return bits;
});
