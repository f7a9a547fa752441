import { crc32 } from 'node:zlib';

/** Each byte with its bits in reverse order. */
const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) reversed |= 0x80 >> bit;
  return reversed;
});
const PART = 64 << 10;
/** Of whoever is at it: nobody waits in between. */
const mirrored = new Uint8Array(PART);

/**
 * The checksum of POSIX's cksum(1), which a Bom has of each file: a CRC-32 that takes the most significant bit first, begins with 0
 * and ends with the length. zlib's is the same with all bits mirrored, and ten times as fast as a loop here.
 */
export class Cksum {
  #crc = 0xffff_ffff; // what zlib makes 0 of
  #length = 0;

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length; at += PART) this.#take(bytes.subarray(at, at + PART));
  }

  /** Of all bytes, once; unsigned. */
  finish(): number {
    const length: number[] = [];
    for (let left = this.#length; left > 0; left = Math.floor(left / 256)) length.push(left % 256);
    this.#take(Uint8Array.from(length));
    let value = 0;
    for (let at = 0; at < 4; at++) value = (value << 8) | REVERSED[(this.#crc >>> (8 * at)) & 0xff]!;
    return value >>> 0;
  }

  #take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) mirrored[at] = REVERSED[bytes[at]!]!;
    this.#crc = crc32(mirrored.subarray(0, bytes.length), this.#crc);
  }
}

/** cksum(1) of these bytes. */
export function cksum(bytes: Uint8Array): number {
  const sum = new Cksum();
  sum.update(bytes);
  return sum.finish();
}
