import { BitReader } from './bits.js';

/** Bytes held of the input: room for the largest encoded block. */
export const WINDOW = 4 * 1024 * 1024;

/** The part of a long input that is being decoded: filled from chunks of any size, read as bits. */
export class InputWindow {
  private readonly bytes: Uint8Array;
  private start = 0;
  private end = 0;
  /** Bits of the byte at `start` that are used up. */
  private usedBits: number;
  private chunk: Uint8Array = new Uint8Array(0);
  private ended = false;
  private before = 0;
  private readonly chunks: AsyncIterator<Uint8Array>;

  /** `usedBits`: so many bits of the first byte are left out, 0 to 7. `size`: bytes held. */
  constructor(input: AsyncIterable<Uint8Array>, { usedBits = 0, size = WINDOW } = {}) {
    this.bytes = new Uint8Array(size);
    this.usedBits = usedBits;
    this.chunks = input[Symbol.asyncIterator]();
  }

  /** Bytes of the input before the next one to be read. */
  get offset(): number {
    return this.before + this.start;
  }

  /** Bits of the input before the next one to be read. */
  get position(): number {
    return this.offset * 8 + this.usedBits;
  }

  /** The bytes at hand from `offset` on; good until the next `fill`. */
  get atHand(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  /** Whether nothing comes behind the bytes at hand. */
  get isLast(): boolean {
    return this.ended && this.chunk.length === 0;
  }

  /** Leaves out bits that are at hand. */
  pass(bits: number): void {
    const position = this.start * 8 + this.usedBits + bits;
    this.start = Math.floor(position / 8);
    this.usedBits = position % 8;
  }

  /** Brings in at least `count` bytes, or what there is; gives the number of bytes at hand. */
  async fill(count: number): Promise<number> {
    while (this.end - this.start < count && !this.isLast) {
      if (this.chunk.length === 0) {
        const { done, value } = await this.chunks.next();
        if (done) this.ended = true;
        else this.chunk = value;
        continue;
      }
      if (this.end === this.bytes.length) {
        this.bytes.copyWithin(0, this.start, this.end);
        this.before += this.start;
        this.end -= this.start;
        this.start = 0;
      }
      const take = Math.min(this.bytes.length - this.end, this.chunk.length);
      this.bytes.set(this.chunk.subarray(0, take), this.end);
      this.chunk = this.chunk.subarray(take);
      this.end += take;
    }
    return this.end - this.start;
  }

  /** Leaves out zeros, `most` at most, from a byte's border on; gives how many there were. */
  async skipZeros(most: number): Promise<number> {
    let skipped = 0;
    while (skipped < most && (await this.fill(1)) > 0) {
      const part = this.atHand.subarray(0, most - skipped);
      const other = part.findIndex((byte) => byte !== 0);
      const zeros = other < 0 ? part.length : other;
      this.pass(zeros * 8);
      skipped += zeros;
      if (other >= 0) break;
    }
    return skipped;
  }

  /** Reads from where the last read ended. */
  read<T>(use: (bits: BitReader) => T): T {
    const bits = new BitReader(this.bytes, this.start, this.end);
    bits.bits(this.usedBits);
    const result = use(bits);
    this.pass(bits.position - this.start * 8 - this.usedBits);
    return result;
  }

  /** Lets the input go, also when it was not read to its end. */
  async close(): Promise<void> {
    if (!this.ended) await this.chunks.return?.();
  }
}
