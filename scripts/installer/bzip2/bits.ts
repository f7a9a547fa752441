/** Bits into bytes, highest bit first. */
export class BitWriter {
  private bytes = new Uint8Array(1 << 16);
  private length = 0;
  private pending = 0;
  private count = 0;

  /** The low `width` bits of `value`; width at most 24. */
  bits(width: number, value: number): void {
    this.pending = (this.pending << width) | value;
    this.count += width;
    while (this.count >= 8) {
      this.count -= 8;
      if (this.length === this.bytes.length) this.grow();
      this.bytes[this.length++] = this.pending >>> this.count;
    }
    this.pending &= (1 << this.count) - 1;
  }

  word(value: number): void {
    this.bits(16, value >>> 16);
    this.bits(16, value & 0xffff);
  }

  /** The whole bytes so far; they are the caller's. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }

  /** Zero bits up to a whole byte. */
  align(): void {
    if (this.count > 0) this.bits(8 - this.count, 0);
  }

  private grow(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
