import { unfilled } from '../formats/bytes.js';

/** Bytes of the smallest room. */
const SMALLEST = 64 << 10;

/**
 * Memory that is used again and again. A buffer of megabytes is a small object to V8, which lets such garbage pile up; so it is
 * kept from becoming any.
 */
export class Rooms {
  readonly #free = new Map<number, Uint8Array[]>();
  #kept = 0;

  /** At most `most` bytes wait to be used again. */
  constructor(readonly most: number) {}

  /** Bytes that a room for `length` bytes takes. */
  static size(length: number): number {
    let size = SMALLEST;
    while (size < length) size *= 2;
    return size;
  }

  take(length: number): Uint8Array {
    const size = Rooms.size(length);
    const room = this.#free.get(size)?.pop();
    if (!room) return unfilled(size);
    this.#kept -= size;
    return room;
  }

  /** Nobody may use it any more. */
  giveBack(room: Uint8Array): void {
    if (this.#kept + room.length > this.most) return;
    this.#kept += room.length;
    const list = this.#free.get(room.length);
    if (list) list.push(room);
    else this.#free.set(room.length, [room]);
  }
}
