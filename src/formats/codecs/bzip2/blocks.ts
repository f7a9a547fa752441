import type { ByteSource } from '../../bytes.js';
import { BitReader } from './bits.js';
import { findMark } from './marks.js';
import { asFormatError, MAX_ENCODED_BLOCK, StreamReader } from './stream.js';

/** Plain bytes given at once. */
const PIECE = 256 << 10;

/** The blocks of a bzip2 file one by one, wherever they lie: each is decoded by itself. Places are bits. */
export class Bzip2Blocks {
  readonly #source: ByteSource;
  #reader: StreamReader | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The first place in [bit, end) at which a block seems to begin: its 48-bit mark may, once in 10^14 places, be there by chance. */
  async next(bit: number, end: number): Promise<number | undefined> {
    return (await findMark(this.#source, bit, end, ['block']))?.bit;
  }

  /** The plain bytes of the block at a place, its CRC verified in the end. FormatError when it is damaged, or none. */
  async *decode(bit: number): AsyncGenerator<Uint8Array> {
    const source = this.#source;
    const from = Math.floor(bit / 8);
    const most = Math.min(source.size, from + MAX_ENCODED_BLOCK);
    // Up to the next mark, so that no more is read than the block has.
    const next = await findMark(source, bit + 1, most * 8, ['block', 'end']);
    const to = next ? Math.ceil(next.bit / 8) : most;
    const bytes = await source.read(from, to - from);
    const reader = this.#reader ?? new StreamReader();
    // Whoever asks for another block before this one is done gets another decoder.
    this.#reader = undefined;
    try {
      const bits = new BitReader(bytes, 0, bytes.length);
      bits.bits(bit % 8);
      reader.resume();
      reader.next(bits);
      while (!reader.block.done) {
        const piece = new Uint8Array(PIECE);
        const at = reader.block.write(piece, 0, PIECE);
        if (reader.block.done) reader.finish(reader.block);
        yield piece.subarray(0, at);
      }
    } catch (error) {
      throw asFormatError(error, { file: source.name, at: from }, 'bzip2 block');
    } finally {
      this.#reader = reader;
    }
  }
}
