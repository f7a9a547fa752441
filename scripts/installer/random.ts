/** A small seeded generator (xorshift32), the same on every machine. For names, sizes and dates; never for secrets. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = mix(seed, 0x6d2b79f5) || 1;
  }

  /** The next 32 bits. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state;
  }

  /** An integer in [0, limit); limit at most 2^32. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit);
  }

  /** An integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error('pick from an empty list');
    return found;
  }

  /** True `perMille` times in a thousand. */
  chance(perMille: number): boolean {
    return this.below(1000) < perMille;
  }

  /** A size in bytes as file sizes are spread: as many between 2^n and 2^(n+1) for each n from low to high - 1. */
  size(low: number, high: number): number {
    const bits = this.between(low, high - 1);
    return 2 ** bits + this.below(2 ** bits);
  }
}

/** Two 32-bit words into one that shares nothing visible with either (the finalizer of MurmurHash3). */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ (b >>> 1), 0x9e3779b1) ^ b;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/** A seed for a named part, so that adding a file changes no other file. */
export function seedFor(seed: number, name: string): number {
  let h = seed >>> 0;
  for (let i = 0; i < name.length; i++) h = mix(h, name.charCodeAt(i));
  return h;
}
