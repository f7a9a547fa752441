import { ALTERNATE_HEADER_FROM_END } from '../header.js';
import type { HfsVolume } from '../volume.js';
import { BlockAccount } from './block-account.js';

/**
 * Bytes from the start of a volume to the end of the last block that its bitmap has in use, the blocks of the alternate header aside.
 * FormatError where the bitmap is shorter than the volume needs.
 */
export async function endOfUse(volume: HfsVolume): Promise<number> {
  const { blockSize, totalBlocks } = volume.header;
  const { used } = await BlockAccount.of(volume);
  // Where the volume is no multiple of its blocks, the alternate header may lie behind them all.
  const alternate = volume.source.size - ALTERNATE_HEADER_FROM_END;
  const tail = Math.min(totalBlocks, Math.floor(alternate / blockSize));
  let end = 0;
  for (const { startBlock, blockCount } of used.runs(true)) {
    if (startBlock < tail) end = Math.min(tail, startBlock + blockCount);
  }
  return end * blockSize;
}
