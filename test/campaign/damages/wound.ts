import type { Random } from '../../helpers/random.js';

/** Bytes that were changed, so that they can be told to others and put back. */
export interface Change {
  readonly at: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** Changes a volume in memory and keeps what was there. */
export class Wound {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #random: Random;
  readonly changes: Change[] = [];

  constructor(bytes: Uint8Array, random: Random) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#random = random;
  }

  /** Whether anything is another byte than before. */
  get hurts(): boolean {
    return this.changes.some(({ before, after }) => Buffer.compare(before, after) !== 0);
  }

  set(at: number, after: Uint8Array): void {
    const before = this.#bytes.slice(at, at + after.length);
    this.changes.push({ at, before, after: after.slice() });
    this.#bytes.set(after, at);
  }

  fill(at: number, length: number, value = 0): void {
    this.set(at, new Uint8Array(length).fill(value));
  }

  /** A big-endian number of 1, 2, 4 or 8 bytes. */
  write(at: number, size: number, value: bigint): void {
    const bytes = new Uint8Array(size);
    for (let i = size - 1, rest = BigInt.asUintN(size * 8, value); i >= 0; i--, rest >>= 8n)
      bytes[i] = Number(rest & 0xffn);
    this.set(at, bytes);
  }

  /** Another number for a field: near, absurd, or one that other fields of its kind might hold. */
  field(at: number, size: number, others: readonly number[] = []): void {
    let old = 0n;
    for (let i = 0; i < size; i++) old = (old << 8n) | BigInt(this.#view.getUint8(at + i));
    const bits = size * 8;
    const random = this.#random;
    const ways: (() => bigint)[] = [
      () => old + 1n,
      () => old - 1n,
      () => old ^ (1n << BigInt(random.below(bits))),
      () => old ^ (1n << BigInt(random.below(Math.min(bits, 8)))),
      () => 0n,
      () => BigInt.asUintN(bits, -1n),
      () => BigInt(random.below(64)),
      () => BigInt(random.u32()),
      () => old * 2n,
    ];
    if (others.length > 0) {
      const other = () => BigInt(random.pick(others));
      ways.push(other, other, other);
    }
    this.write(at, size, random.pick(ways)());
  }

  undo(): void {
    for (const { at, before } of this.changes.splice(0).reverse()) this.#bytes.set(before, at);
  }

  /** "1234: 0000 -> ffff", for whoever wants to do it again. */
  toString(): string {
    const hex = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 16)).toString('hex');
    return this.changes.map(({ at, before, after }) => `${at}: ${hex(before)} -> ${hex(after)}`).join(', ');
  }
}
