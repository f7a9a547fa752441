import { ALTERNATE_HEADER_FROM_END, VOLUME_HEADER_OFFSET, VOLUME_HEADER_SIZE } from '../header.js';

/** The blocks that hold the boot blocks and the volume header, bytes 0 … 1535: always in use. */
export function headBlocks(blockSize: number): number {
  return Math.ceil((VOLUME_HEADER_OFFSET + VOLUME_HEADER_SIZE) / blockSize);
}

/** The blocks at the end that hold the alternate header: two of 512 bytes, else one. Always in use. */
export function tailBlocks(blockSize: number): number {
  return Math.ceil(ALTERNATE_HEADER_FROM_END / blockSize);
}

/** The free blocks that, with those of the alternate header behind them, make up `bytes` bytes at the end of a volume. */
export function spareBlocks(bytes: number, blockSize: number): number {
  return Math.max(0, blocksFor(bytes, blockSize) - tailBlocks(blockSize));
}

/** The blocks a fork of `bytes` bytes needs. */
export function blocksFor(bytes: number, blockSize: number): number {
  return Math.ceil(bytes / blockSize);
}
