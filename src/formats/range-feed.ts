/** A stretch of a stream that somebody wants to see. Bytes from the stream's start. */
export interface Wanted {
  readonly offset: number;
  readonly length: number;
  /** The stretch's bytes, part by part, in order. */
  see(bytes: Uint8Array): void;
}

/** Shows the stretches of a stream, which goes by once, front to back, to those who want to see them. */
export class RangeFeed {
  readonly #wanted: readonly Wanted[];
  #next = 0;
  #active: Wanted[] = [];
  /** How much of the stream has gone by, bytes. */
  position: number;

  /** `from`: where in the stream the first bytes will be. */
  constructor(wanted: readonly Wanted[], from = 0) {
    this.#wanted = [...wanted].sort((a, b) => a.offset - b.offset);
    this.position = from;
  }

  update(bytes: Uint8Array): void {
    const from = this.position;
    const to = from + bytes.length;
    for (; this.#next < this.#wanted.length && this.#wanted[this.#next]!.offset < to; this.#next++) {
      this.#active.push(this.#wanted[this.#next]!);
    }
    for (const { offset, length, see } of this.#active) {
      const part = bytes.subarray(Math.max(0, offset - from), Math.max(0, offset + length - from));
      if (part.length > 0) see(part);
    }
    this.#active = this.#active.filter(({ offset, length }) => offset + length > to);
    this.position = to;
  }
}
