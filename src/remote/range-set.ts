/** A range of bytes: [from, to). */
export type Range = readonly [from: number, to: number];

/** Which bytes of a file are there: ranges in order, none touching the next. */
export class RangeSet {
  #ranges: Range[];

  constructor(ranges: readonly Range[] = []) {
    this.#ranges = [];
    for (const [from, to] of ranges) this.add(from, to);
  }

  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  /** Bytes. */
  get total(): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  }

  has(from: number, to: number): boolean {
    return from >= to || this.#ranges.some(([start, end]) => start <= from && to <= end);
  }

  add(from: number, to: number): void {
    if (from >= to) return;
    const before = this.#ranges.filter(([, end]) => end < from);
    const after = this.#ranges.filter(([start]) => start > to);
    const touched = this.#ranges.slice(before.length, this.#ranges.length - after.length);
    const first = Math.min(from, ...touched.map(([start]) => start));
    const last = Math.max(to, ...touched.map(([, end]) => end));
    this.#ranges = [...before, [first, last], ...after];
  }

  remove(from: number, to: number): void {
    if (from >= to) return;
    this.#ranges = this.#ranges.flatMap(([start, end]): Range[] => {
      const left: Range = [start, Math.min(end, from)];
      const right: Range = [Math.max(start, to), end];
      return [left, right].filter(([a, b]) => a < b);
    });
  }

  /** What is not there of [from, to). */
  missing(from: number, to: number): Range[] {
    const gaps: Range[] = [];
    let at = from;
    for (const [start, end] of this.#ranges) {
      if (end <= at) continue;
      if (start >= to) break;
      if (start > at) gaps.push([at, start]);
      at = Math.max(at, end);
    }
    if (at < to) gaps.push([at, to]);
    return gaps;
  }
}
