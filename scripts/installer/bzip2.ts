import { crcTable } from '../../src/formats/codecs/bzip2/crc.js';

const BLOCK = 50_000;
const GROUP = 50;
/** More than a block has places, so that two ranks and a place fit a double's 53 bits. */
const PLACES = 0x10000;

/**
 * Compresses with bzip2, in the simplest way that is a good stream: small blocks, code lengths that do not look at how often a
 * symbol occurs. Only for installers with an unusual payload; nothing else of ours writes bzip2.
 */
export function bzip2(plain: Uint8Array): Uint8Array {
  const out = new BitWriter();
  for (const c of 'BZh1') out.bits(8, c.charCodeAt(0));
  let crc = 0;
  for (let at = 0; at < plain.length; at += BLOCK) {
    const block = plain.subarray(at, at + BLOCK);
    const check = blockCrc(block);
    crc = ((crc << 1) | (crc >>> 31)) ^ check;
    writeBlock(out, block, check);
  }
  out.bits(24, 0x177245);
  out.bits(24, 0x385090);
  out.word(crc);
  return out.finish();
}

/** CRC of a block's plain bytes, highest bit first. */
function blockCrc(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc << 8) ^ (crcTable[(crc >>> 24) ^ byte] as number);
  return ~crc;
}

function writeBlock(out: BitWriter, block: Uint8Array, check: number): void {
  const { last, origin } = sortRotations(runLengths(block));
  const used = [...new Set(last)].sort((a, b) => a - b);
  const symbols = moveToFront(last, used);
  const alphabet = used.length + 2;
  out.bits(24, 0x314159);
  out.bits(24, 0x265359);
  out.word(check);
  out.bits(1, 0); // not randomised
  out.bits(24, origin);
  const isUsed = (from: number, count: number) => used.some((value) => value >= from && value < from + count);
  for (let i = 0; i < 16; i++) out.bits(1, isUsed(i * 16, 16) ? 1 : 0);
  for (let i = 0; i < 16; i++) {
    if (isUsed(i * 16, 16)) for (let j = 0; j < 16; j++) out.bits(1, isUsed(i * 16 + j, 1) ? 1 : 0);
  }
  const groups = Math.ceil(symbols.length / GROUP);
  out.bits(3, 2); // the fewest tables there may be; both are the same
  out.bits(15, groups);
  for (let i = 0; i < groups; i++) out.bits(1, 0); // each group uses the first
  const long = Math.max(1, Math.ceil(Math.log2(alphabet)));
  const short = 2 ** long - alphabet; // so many codes are one bit shorter: a complete code
  for (let table = 0; table < 2; table++) {
    let length = short > 0 ? long - 1 : long;
    out.bits(5, length);
    for (let symbol = 0; symbol < alphabet; symbol++) {
      if (symbol >= short && length < long) {
        out.bits(2, 0b10);
        length++;
      }
      out.bits(1, 0);
    }
  }
  for (const symbol of symbols) {
    if (symbol < short) out.bits(long - 1, symbol);
    else out.bits(long, symbol + short);
  }
}

/** The first run-length coding: four equal bytes are followed by a count of further ones, 0 to 251. */
function runLengths(block: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < block.length; ) {
    const value = block[at] as number;
    let run = 1;
    while (run < 255 && block[at + run] === value) run++;
    for (let i = 0; i < Math.min(run, 4); i++) out.push(value);
    if (run >= 4) out.push(run - 4);
    at += run;
  }
  return Uint8Array.from(out);
}

/**
 * The last column of the sorted rotations, and which row is the block itself. Sorted by doubling the prefix; rank, rank of what
 * follows and place are one number, because numbers sort ten times as fast as anything with a comparison function.
 */
function sortRotations(block: Uint8Array): { last: Uint8Array; origin: number } {
  const n = block.length;
  const byte = (i: number) => block[i % n] as number;
  const first = (i: number) => ((byte(i) << 24) | (byte(i + 1) << 16) | (byte(i + 2) << 8) | byte(i + 3)) >>> 0;
  const keys = Float64Array.from(block, (_, i) => first(i) * PLACES + i).sort();
  const rank = new Uint32Array(n);
  for (let width = 4; !rankAll(keys, rank) && width < n; width *= 2) {
    for (let i = 0; i < n; i++) {
      const second = rank[(i + width) % n] as number;
      keys[i] = ((rank[i] as number) * PLACES + second) * PLACES + i;
    }
    keys.sort();
  }
  const order = Array.from(keys, (key) => key % PLACES);
  return { last: Uint8Array.from(order, (i) => byte(i + n - 1)), origin: order.indexOf(0) };
}

/** Numbers the rotations by their keys without the place; true when no two are equal. */
function rankAll(keys: Float64Array, rank: Uint32Array): boolean {
  let number = -1;
  let before = -1;
  for (const key of keys) {
    const place = key % PLACES;
    const value = (key - place) / PLACES;
    if (value !== before) number++;
    before = value;
    rank[place] = number;
  }
  return number === keys.length - 1;
}

/** Move to front, runs of zeros as bijective base 2 (RUNA 0, RUNB 1), ending with the end-of-block symbol. */
function moveToFront(last: Uint8Array, used: readonly number[]): number[] {
  const front = Uint8Array.from(used);
  const out: number[] = [];
  let zeros = 0;
  const flush = () => {
    for (; zeros > 0; zeros = (zeros - 1) >> 1) out.push((zeros - 1) & 1);
  };
  for (const value of last) {
    const index = front.indexOf(value);
    if (index === 0) {
      zeros++;
      continue;
    }
    flush();
    front.copyWithin(1, 0, index);
    front[0] = value;
    out.push(index + 1);
  }
  flush();
  out.push(used.length + 1);
  return out;
}

/** Bits into bytes, highest bit first. */
class BitWriter {
  private readonly bytes: number[] = [];
  private pending = 0;
  private count = 0;

  /** The low `width` bits of `value`; width at most 24. */
  bits(width: number, value: number): void {
    this.pending = (this.pending << width) | value;
    this.count += width;
    while (this.count >= 8) {
      this.count -= 8;
      this.bytes.push((this.pending >>> this.count) & 0xff);
    }
    this.pending &= (1 << this.count) - 1;
  }

  word(value: number): void {
    this.bits(16, value >>> 16);
    this.bits(16, value & 0xffff);
  }

  finish(): Uint8Array {
    if (this.count > 0) this.bits(8 - this.count, 0);
    return Uint8Array.from(this.bytes);
  }
}
