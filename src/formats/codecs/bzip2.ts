import { BitReader, OutOfInput } from './bzip2/bits.js';
import { BadBlock, BlockDecoder } from './bzip2/block.js';
import { InputWindow } from './bzip2/window.js';
import { broken, type Where, wrongLength } from './fault.js';

// Own code: the npm packages are either not synchronous, cannot stream, or read one stream and stop.

const RUN = 'bzip2 run';
/** "BZh", then the level as a digit. */
const STREAM_MAGIC = 0x425a68;
const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
/** Bytes a level stands for: level 9 has blocks of 900 000 bytes. */
const LEVEL_BYTES = 100_000;
/** Largest piece bunzip2() gives, bytes. */
const PIECE = 1 << 20;
/** No block is longer when encoded, bytes: 900 001 symbols of 20 bits, 32 767 selectors of 6, code lengths. */
const MAX_ENCODED_BLOCK = 2_400_000;

/** What a stream is made of, in order: its header, blocks, its end. */
class StreamReader {
  readonly block = new BlockDecoder();
  private limit = 0;
  private crc = 0;

  /** Reads "BZh" and the level; false when something else is there. */
  header(bits: BitReader): boolean {
    if (bits.bits(24) !== STREAM_MAGIC) return false;
    const level = bits.bits(8) - 0x30;
    if (level < 1 || level > 9) throw new BadBlock('a level from 1 to 9', `byte 0x${(level + 0x30).toString(16)}`);
    this.limit = level * LEVEL_BYTES;
    this.crc = 0;
    return true;
  }

  /** Takes in the next block; false when the stream ended instead (its CRC verified, the reader at a byte's border). */
  next(bits: BitReader): boolean {
    const magic = bits.magic();
    if (magic === BLOCK_MAGIC) {
      this.block.read(bits, this.limit);
      return true;
    }
    if (magic !== END_MAGIC) throw new BadBlock('a block or the end of the stream', `0x${magic.toString(16)}`);
    const stored = bits.u32();
    if (stored !== this.crc >>> 0) throw new BadBlock(`the CRC of all blocks to be ${hex(stored)}`, hex(this.crc));
    bits.align();
    return false;
  }

  /** To be called when all of a block was written: verifies its CRC. */
  finish(): void {
    const crc = ~this.block.crc;
    if (crc >>> 0 !== this.block.storedCrc)
      throw new BadBlock(`a block with CRC ${hex(this.block.storedCrc)}`, hex(crc));
    this.crc = ((this.crc << 1) | (this.crc >>> 31)) ^ crc;
  }
}

/** The decoder's tables (4.5 MB) serve all runs of a thread. */
let shared: StreamReader | undefined;

/**
 * Decodes a bzip2 run (UDIF type 0x80000006) to exactly `plainLength` bytes, all CRCs verified; several streams may follow one
 * another, other bytes after a stream are ignored. FormatError otherwise.
 */
export function decodeBzip2(input: Uint8Array, plainLength: number, where: Where): Uint8Array {
  const out = new Uint8Array(plainLength);
  const bits = new BitReader(input, 0, input.length);
  shared ??= new StreamReader();
  let at = 0;
  try {
    for (let streams = 0; streams === 0 || bits.position / 8 + 4 <= input.length; streams++) {
      if (!shared.header(bits)) {
        if (streams > 0) break;
        throw broken(where, RUN, 'a bzip2 stream ("BZh")', 'something else');
      }
      while (shared.next(bits)) {
        at = shared.block.write(out, at, plainLength);
        if (!shared.block.done) throw wrongLength(where, RUN, plainLength, 'more');
        shared.finish();
      }
    }
  } catch (error) {
    throw asFormatError(error, where, RUN);
  }
  if (at !== plainLength) throw wrongLength(where, RUN, plainLength, `${at}`);
  return out;
}

/**
 * Decodes bzip2 of any length, block by block, for payloads of gigabytes: one or more streams, all CRCs verified, about 10 MB of
 * memory. Yields pieces of at most 1 MiB. FormatError (offsets in the encoded bytes) when the input is damaged or goes on with
 * something else after a stream.
 */
export async function* bunzip2(input: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const reader = new StreamReader();
  const window = new InputWindow(input);
  let piece = new Uint8Array(PIECE);
  let at = 0;
  try {
    for (let streams = 0; streams === 0 || (await window.fill(1)) > 0; streams++) {
      await window.fill(4);
      window.read((bits) => {
        if (!reader.header(bits)) throw new BadBlock('a bzip2 stream ("BZh")', 'something else');
      });
      for (;;) {
        await window.fill(MAX_ENCODED_BLOCK);
        if (!window.read((bits) => reader.next(bits))) break;
        while (!reader.block.done) {
          at = reader.block.write(piece, at, PIECE);
          if (at < PIECE) break;
          yield piece;
          piece = new Uint8Array(PIECE);
          at = 0;
        }
        reader.finish();
      }
    }
    if (at > 0) yield piece.subarray(0, at);
  } catch (error) {
    throw asFormatError(error, { file: name, at: window.offset }, 'bzip2 stream');
  } finally {
    await window.close();
  }
}

function asFormatError(error: unknown, where: Where, structure: string): unknown {
  if (error instanceof BadBlock) return broken(where, structure, error.expected, error.found);
  if (error instanceof OutOfInput) return broken(where, structure, 'a whole stream', 'the end of the input');
  return error;
}

const hex = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
