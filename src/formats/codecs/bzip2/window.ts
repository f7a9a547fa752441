import { BitReader } from './bits.js';

/** Bytes held of the input. Must have room for the largest encoded block. */
const WINDOW = 4 * 1024 * 1024;

/** The part of a long input that is being decoded: filled from chunks of any size, read as bits. */
export class InputWindow {
  private readonly bytes = new Uint8Array(WINDOW);
  private start = 0;
  private end = 0;
  /** Bits of the byte at `start` that are used up. */
  private usedBits: number;
  private chunk: Uint8Array = new Uint8Array(0);
  private ended = false;
  private before = 0;
  private readonly chunks: AsyncIterator<Uint8Array>;

  /** `usedBits`: so many bits of the first byte are left out, 0 to 7. */
  constructor(input: AsyncIterable<Uint8Array>, usedBits = 0) {
    this.usedBits = usedBits;
    this.chunks = input[Symbol.asyncIterator]();
  }

  /** Bytes of the input before the next one to be read. */
  get offset(): number {
    return this.before + this.start;
  }

  /** Brings in at least `count` bytes, or what there is; gives the number of bytes at hand. */
  async fill(count: number): Promise<number> {
    while (this.end - this.start < count && !(this.ended && this.chunk.length === 0)) {
      if (this.chunk.length === 0) {
        const { done, value } = await this.chunks.next();
        if (done) this.ended = true;
        else this.chunk = value;
        continue;
      }
      if (this.end === WINDOW) {
        this.bytes.copyWithin(0, this.start, this.end);
        this.before += this.start;
        this.end -= this.start;
        this.start = 0;
      }
      const take = Math.min(WINDOW - this.end, this.chunk.length);
      this.bytes.set(this.chunk.subarray(0, take), this.end);
      this.chunk = this.chunk.subarray(take);
      this.end += take;
    }
    return this.end - this.start;
  }

  /** Reads from where the last read ended. */
  read<T>(use: (bits: BitReader) => T): T {
    const bits = new BitReader(this.bytes, this.start, this.end);
    bits.bits(this.usedBits);
    const result = use(bits);
    this.start = Math.floor(bits.position / 8);
    this.usedBits = bits.position % 8;
    return result;
  }

  /** Lets the input go, also when it was not read to its end. */
  async close(): Promise<void> {
    if (!this.ended) await this.chunks.return?.();
  }
}
