/** CRC32's polynomial, reflected: bit 31 is x^0. */
const POLYNOMIAL = 0xedb8_8320;

/** a × b modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0x8000_0000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product >>> 0;
}

/** x^(2^n) for n from 0: enough for lengths up to 2^53 bytes. */
const POWERS: readonly number[] = (() => {
  const powers = [0x4000_0000];
  while (powers.length < 57) powers.push(multiply(powers.at(-1)!, powers.at(-1)!));
  return powers;
})();

/** x^(8 × length): what appending `length` bytes multiplies a CRC by. */
function shift(length: number): number {
  let result = 0x8000_0000;
  for (let n = 3, rest = length; rest > 0; n++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(POWERS[n]!, result);
  }
  return result >>> 0;
}

/** The factor for a length, remembered: nearly all runs of an image have the same one. */
let lastLength = -1;
let lastShift = 0;

/** CRC32 of two stretches one after another, from the CRC32 of each and the length of the second, bytes. */
export function crc32Combine(first: number, second: number, secondLength: number): number {
  if (secondLength !== lastLength) {
    lastShift = shift(secondLength);
    lastLength = secondLength;
  }
  return (multiply(lastShift, first) ^ second) >>> 0;
}

/** CRC32 of `length` zero bytes, without going through them. */
export function crc32Zeros(length: number): number {
  return ~multiply(shift(length), 0xffff_ffff) >>> 0;
}
