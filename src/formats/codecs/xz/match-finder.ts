const HASH_BITS = 16;
/** How many earlier places with the same four bytes are tried. */
const DEPTH = 24;
/** A match of three bytes from farther away costs more than its literals. */
const NEAR = 4096;
const SHORT = 3;
const LONG = 4;
/** Of a longer stretch only so many places are remembered: the rest is as good as they are. */
const REMEMBERED = 32;

/** Finds earlier places that go on alike: by chains of places with the same four bytes, and the last one with the same three. */
export class MatchFinder {
  /** The longest match that find() found; length 0 when there is none. */
  length = 0;
  distance = 0;
  private readonly newestShort = new Int32Array(1 << HASH_BITS).fill(-1);
  private readonly newest = new Int32Array(1 << HASH_BITS).fill(-1);
  private readonly older: Int32Array;

  /** `farthest`: the longest distance, bytes. */
  constructor(
    private readonly plain: Uint8Array,
    private readonly farthest: number,
  ) {
    this.older = new Int32Array(plain.length);
  }

  /** The longest match at `at` of at most `most` bytes. */
  find(at: number, most: number): void {
    this.length = 0;
    if (most < LONG) return;
    const { plain } = this;
    const near = this.newestShort[this.hash(at, SHORT)]!;
    if (near >= 0 && at - near <= NEAR) {
      const length = commonLength(plain, near, at, most);
      if (length >= SHORT) {
        this.length = length;
        this.distance = at - near;
      }
    }
    let place = this.newest[this.hash(at, LONG)]!;
    for (let tries = DEPTH; place >= 0 && tries > 0; tries--, place = this.older[place]!) {
      if (at - place > this.farthest) return;
      if (plain[place + this.length] !== plain[at + this.length]) continue;
      const length = commonLength(plain, place, at, most);
      if (length <= this.length || length < LONG) continue;
      this.length = length;
      this.distance = at - place;
      if (length === most) return;
    }
  }

  /** Remembers places from `from` on. */
  add(from: number, count: number): void {
    const end = Math.min(from + Math.min(count, REMEMBERED), this.plain.length - LONG + 1);
    for (let at = from; at < end; at++) {
      this.newestShort[this.hash(at, SHORT)] = at;
      const hash = this.hash(at, LONG);
      this.older[at] = this.newest[hash]!;
      this.newest[hash] = at;
    }
  }

  private hash(at: number, bytes: number): number {
    const { plain } = this;
    const three = plain[at]! | (plain[at + 1]! << 8) | (plain[at + 2]! << 16);
    const word = bytes === SHORT ? three : three | (plain[at + 3]! << 24);
    return Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
  }
}

/** How many of at most `most` bytes are alike from two places on. */
export function commonLength(plain: Uint8Array, a: number, b: number, most: number): number {
  let length = 0;
  while (length < most && plain[a + length] === plain[b + length]) length++;
  return length;
}
