import { broken, type Where } from '../fault.js';
import { type BitReader, OutOfInput } from './bits.js';
import { BadBlock, BlockDecoder } from './block.js';
import { BLOCK_MAGIC, END_MAGIC } from './marks.js';

/** "BZh", then the level as a digit. */
const STREAM_MAGIC = 0x425a68;
/** Bytes a level stands for: level 9 has blocks of 900 000 bytes. */
const LEVEL_BYTES = 100_000;
/** No block is longer when encoded, bytes: 900 001 symbols of 20 bits, 32 767 selectors of 6, code lengths. */
export const MAX_ENCODED_BLOCK = 2_400_000;

/** A block whose bytes are given out piece by piece; see BlockDecoder. */
export interface Block {
  readonly done: boolean;
  readonly crc: number;
  readonly storedCrc: number;
  write(out: Uint8Array, at: number, end: number): number;
}

/** What a stream is made of, in order: its header, blocks, its end. */
export class StreamReader {
  readonly block = new BlockDecoder();
  /** Of the stream, 1 to 9. */
  level = 0;
  /** Whether a block was begun and is not finished. */
  inBlock = false;
  private crc: number | undefined = 0;

  /** Reads "BZh" and the level; false when something else is there. */
  header(bits: BitReader): boolean {
    if (bits.bits(24) !== STREAM_MAGIC) return false;
    const level = bits.bits(8) - 0x30;
    if (level < 1 || level > 9) throw new BadBlock('a level from 1 to 9', `byte 0x${(level + 0x30).toString(16)}`);
    this.level = level;
    this.crc = 0;
    return true;
  }

  /** Begins in the middle of a stream, at a block. */
  resume(level = 9): void {
    this.level = level;
    this.crc = undefined;
  }

  /** Takes in the next block; false when the stream ended instead (its CRC verified, the reader at a byte's border). */
  next(bits: BitReader): boolean {
    const magic = bits.magic();
    this.inBlock = magic === BLOCK_MAGIC;
    if (this.inBlock) {
      this.block.read(bits, this.level * LEVEL_BYTES);
      return true;
    }
    if (magic !== END_MAGIC) throw new BadBlock('a block or the end of the stream', `0x${magic.toString(16)}`);
    const stored = bits.u32();
    if (this.crc !== undefined && stored !== this.crc >>> 0)
      throw new BadBlock(`the CRC of all blocks to be ${hex(stored)}`, hex(this.crc));
    bits.align();
    return false;
  }

  /** To be called when all of a block of the stream was written: verifies its CRC. */
  finish(block: Block): void {
    const crc = ~block.crc;
    if (crc >>> 0 !== block.storedCrc) throw new BadBlock(`a block with CRC ${hex(block.storedCrc)}`, hex(crc));
    this.inBlock = false;
    if (this.crc !== undefined) this.crc = ((this.crc << 1) | (this.crc >>> 31)) ^ crc;
  }
}

/** What a decoder threw, as users get it. */
export function asFormatError(error: unknown, where: Where, structure: string): unknown {
  if (error instanceof BadBlock) return broken(where, structure, error.expected, error.found);
  if (error instanceof OutOfInput) return broken(where, structure, 'a whole stream', 'the end of the input');
  return error;
}

const hex = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
