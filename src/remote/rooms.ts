/** Bytes of the smallest room; all are multiples of it. */
const STEP = 64 << 10;
/** A room this many times as long as what is in it wastes more than a new one costs. */
const WASTE = 2;

/**
 * Memory that threads share and that is used again and again. New memory costs more to touch than to fill, and a buffer of megabytes is
 * a small object to V8, which lets such garbage pile up.
 */
export class Rooms {
  /** Shortest first. */
  readonly #free: Uint8Array[] = [];
  #kept = 0;

  /** At most `most` bytes wait to be used again. */
  constructor(readonly most: number) {}

  /** At least `length` bytes, with whatever was in them before. */
  take(length: number): Uint8Array {
    const size = Math.max(1, Math.ceil(length / STEP)) * STEP;
    const index = this.#free.findIndex((room) => room.length >= size);
    const found = this.#free[index];
    if (!found || found.length > size * WASTE) return new Uint8Array(new SharedArrayBuffer(size));
    this.#free.splice(index, 1);
    this.#kept -= found.length;
    return found;
  }

  /** Nobody may use it any more. */
  giveBack(room: Uint8Array): void {
    const index = this.#free.findIndex((other) => other.length >= room.length);
    this.#free.splice(index < 0 ? this.#free.length : index, 0, room);
    this.#kept += room.length;
    // Short ones are soon made.
    while (this.#kept > this.most) this.#kept -= this.#free.shift()!.length;
  }
}
