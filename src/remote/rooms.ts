/** Bytes of a block; a room is some in a row. */
const BLOCK = 64 << 10;

/**
 * Room for bytes in memory that threads share, taken once and used again and again: V8 sees such memory as a small object, and gigabytes
 * of it may wait for its collector. What does not fit gets memory of its own.
 */
export class Rooms {
  #memory: SharedArrayBuffer | undefined;
  readonly #taken: Uint8Array;

  /** Memory of `size` bytes: what is never used of it costs nothing. */
  constructor(readonly size: number) {
    this.#taken = new Uint8Array(Math.floor(size / BLOCK));
  }

  /** At least `length` bytes, with whatever was in them before. */
  take(length: number): Uint8Array {
    const blocks = Math.max(1, Math.ceil(length / BLOCK));
    const first = this.#find(blocks);
    if (first === undefined) return new Uint8Array(new SharedArrayBuffer(blocks * BLOCK));
    this.#taken.fill(1, first, first + blocks);
    this.#memory ??= new SharedArrayBuffer(this.size);
    return new Uint8Array(this.#memory, first * BLOCK, blocks * BLOCK);
  }

  /** Nobody may use it any more. */
  giveBack({ buffer, byteOffset, byteLength }: Uint8Array): void {
    if (buffer !== this.#memory) return;
    this.#taken.fill(0, byteOffset / BLOCK, (byteOffset + byteLength) / BLOCK);
  }

  /** The first of so many free blocks in a row. */
  #find(blocks: number): number | undefined {
    for (let first = this.#taken.indexOf(0); first >= 0; ) {
      const next = this.#taken.indexOf(1, first);
      if ((next < 0 ? this.#taken.length : next) - first >= blocks) return first;
      if (next < 0) return undefined;
      first = this.#taken.indexOf(0, next);
    }
    return undefined;
  }
}
