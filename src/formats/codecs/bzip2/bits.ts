/** Thrown inside the decoder when the bytes at hand end before the structure does; callers turn it into a FormatError. */
export class OutOfInput extends Error {}

/** Bits of a byte array, most significant first. Never looks past `end`. */
export class BitReader {
  /** Bits not yet handed out are the low `held` ones of `word`. */
  private word = 0;
  private held = 0;

  constructor(
    readonly bytes: Uint8Array,
    private at: number,
    readonly end: number,
  ) {}

  /** The next `count` (0 to 24) bits as a number. */
  bits(count: number): number {
    while (this.held < count) {
      if (this.at >= this.end) throw new OutOfInput();
      this.word = (this.word << 8) | this.bytes[this.at++]!;
      this.held += 8;
    }
    this.held -= count;
    return (this.word >>> this.held) & ((1 << count) - 1);
  }

  /** 48 bits: a block's or the end's magic. */
  magic(): number {
    return this.bits(24) * 0x1000000 + this.bits(24);
  }

  /** 32 bits, unsigned: a CRC. */
  u32(): number {
    return this.bits(16) * 0x10000 + this.bits(16);
  }

  /** Drops the rest of a byte that was begun. */
  align(): void {
    this.held -= this.held & 7;
  }

  /** Bits used so far, counted from the start of `bytes`. */
  get position(): number {
    return this.at * 8 - this.held;
  }

  /** Hands the state to a loop that keeps it in local variables; give() puts it back. */
  take(): { word: number; held: number; at: number } {
    return { word: this.word, held: this.held, at: this.at };
  }

  /** Whole bytes that were taken but not used go back. */
  give(word: number, held: number, at: number): void {
    this.word = word >>> (held & ~7);
    this.held = held & 7;
    this.at = at - (held >> 3);
  }
}
