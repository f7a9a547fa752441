import type { ByteSource } from '../../bytes.js';
import { BitReader } from './bits.js';
import { findMark } from './marks.js';
import { asFormatError, MAX_ENCODED_BLOCK, StreamReader } from './stream.js';

/** Plain bytes given at once. */
const PIECE = 256 << 10;
/** Plain bytes of a block, of a stream of level 9, but for the last; more, where the same byte comes many times in a row. */
const PLAIN = 900_000;
/** Of blocks that are counted forward, the share that is certain not to be too many. */
const SURE = 0.98;
/** Most stored bytes that are looked through for marks at once. */
const STRETCH = 4 << 20;

/** The blocks of a bzip2 file one by one, wherever they lie: each is decoded by itself. Places are bits. */
export class Bzip2Blocks {
  readonly #source: ByteSource;
  readonly #plain: number;
  #reader: StreamReader | undefined;

  /** `plain`: plain bytes of a block, as a rule. */
  constructor(source: ByteSource, plain = PLAIN) {
    this.#source = source;
    this.#plain = plain;
  }

  /** The first place in [bit, end) at which a block seems to begin: its 48-bit mark may, once in 10^14 places, be there by chance. */
  async next(bit: number, end: number): Promise<number | undefined> {
    return (await findMark(this.#source, bit, end, ['block']))?.bit;
  }

  /**
   * The block that begins `plain` plain bytes behind another, or before it where that is negative, by the number of marks in between, or
   * one that begins somewhat earlier: blocks may have more than they should. Undefined where there are too few up to `limit`.
   */
  async count(bit: number, plain: number, limit: number): Promise<number | undefined> {
    return plain < 0
      ? this.#before(bit, Math.ceil(-plain / this.#plain), limit)
      : this.#behind(bit, plain / this.#plain, limit);
  }

  async #behind(bit: number, blocks: number, end: number): Promise<number | undefined> {
    let mark: number | undefined = bit;
    for (let left = Math.floor(blocks * SURE) - 1; left > 0 && mark !== undefined; left--)
      mark = await this.next(mark + 1, end);
    return mark;
  }

  async #before(bit: number, blocks: number, least: number): Promise<number | undefined> {
    let left = blocks;
    for (let end = bit; end > least; ) {
      const from = Math.max(least, end - 8 * STRETCH);
      const marks: number[] = [];
      for (let mark = await this.next(from, end); mark !== undefined; mark = await this.next(mark + 1, end))
        marks.push(mark);
      if (marks.length >= left) return marks.at(-left);
      left -= marks.length;
      end = from;
    }
    return undefined;
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
