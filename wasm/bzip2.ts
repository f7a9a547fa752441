// The three loops over a bzip2 block in which all the time goes, in AssemblyScript. What they share with src/formats/codecs/bzip2/block.ts
// lies in memory at the places of layout.ts. The chain is followed through 3.6 MB, one random place after another, which takes as long in
// any language; what is done at each place does not.
import {
  CHAIN,
  CRC,
  MAX_CODE,
  MOVED,
  QUICK_BITS,
  SELECTORS,
  STARTS,
  STATE,
  TABLE_BYTES,
  TABLE_LIMITS,
  TABLE_OFFSETS,
  TABLE_SYMBOLS,
  TABLES,
} from '../src/formats/codecs/bzip2/layout';

/** Symbols coded with one table before the next selector. */
const GROUP: u32 = 50;
/** What can be wrong with the symbols of a block, instead of their number. */
const NO_CODE: i32 = -1;
const TOO_LONG: i32 = -2;
const OUT_OF_INPUT: i32 = -3;
const NO_END: i32 = -4;

/**
 * Huffman, zero-run and move-to-front coding undone: the last column, in the low bytes of the chain; gives its length. The reader's state,
 * as its own class has it, is taken from STATE and put back there: word, bits held of it, place of the next byte.
 */
export function readSymbols(end: usize, used: u32, groups: u32, limit: u32): i32 {
  let word: u64 = load<u32>(STATE);
  let held: u32 = load<u32>(STATE, 4);
  let at: usize = load<u32>(STATE, 8);
  const endSymbol = used + 1;
  let length: u32 = 0;
  let run: u32 = 0;
  let weight: u32 = 1;
  for (let group: u32 = 0; group < groups; group++) {
    const table: usize = TABLES + (load<u8>(SELECTORS + group) as u32) * TABLE_BYTES;
    for (let i: u32 = 0; i < GROUP; i++) {
      // 20 bits at hand; past the end zeros are shifted in, and counted below.
      if (held < (MAX_CODE as u32)) {
        if (at + 4 <= end) {
          word = (word << 32) | (bswap(load<u32>(at)) as u64);
          at += 4;
          held += 32;
        } else {
          do {
            word = (word << 8) | (at < end ? (load<u8>(at) as u64) : 0);
            at++;
            held += 8;
          } while (held < (MAX_CODE as u32));
        }
      }
      let symbol: u32;
      const entry: u32 = load<u16>(table + ((((word >>> (held - QUICK_BITS)) as u32) & ((1 << QUICK_BITS) - 1)) << 1));
      if (entry !== 0) {
        held -= entry & 31;
        symbol = entry >>> 5;
      } else {
        const code = ((word >>> (held - MAX_CODE)) as i32) & ((1 << MAX_CODE) - 1);
        let size: u32 = QUICK_BITS + 1;
        while (size <= (MAX_CODE as u32) && code >= load<i32>(table + TABLE_LIMITS + (size << 2))) size++;
        if (size > (MAX_CODE as u32)) return NO_CODE;
        held -= size;
        const place = (code >> (MAX_CODE - size)) + load<i32>(table + TABLE_OFFSETS + (size << 2));
        symbol = load<u16>(table + TABLE_SYMBOLS + (place << 1));
      }
      if (symbol <= 1) {
        // A run of the front byte: digits of a number in base 2 with the digits 1 and 2.
        run += weight << symbol;
        weight <<= 1;
        if (run > limit) return TOO_LONG;
        continue;
      }
      if (run > 0) {
        if (length + run > limit) return TOO_LONG;
        const byte: u32 = load<u8>(MOVED);
        for (const stop = length + run; length < stop; length++) store<u32>(CHAIN + (length << 2), byte);
        run = 0;
        weight = 1;
      }
      if (symbol === endSymbol) {
        if (at - (held >> 3) > end) return OUT_OF_INPUT;
        // Whole bytes that were taken but not used go back.
        store<u32>(STATE, (word >>> (held & ~7)) as u32);
        store<u32>(STATE, held & 7, 4);
        store<u32>(STATE, (at - (held >> 3)) as u32, 8);
        return length;
      }
      if (length >= limit) return TOO_LONG;
      let place: usize = MOVED + symbol - 1;
      const byte: u32 = load<u8>(place);
      // All in front of it move up by one, eight at a time from the back.
      for (; place >= (MOVED as usize) + 8; place -= 8) store<u64>(place - 7, load<u64>(place - 8));
      for (; place > (MOVED as usize); place--) store<u8>(place, load<u8>(place - 1));
      store<u8>(MOVED, byte);
      store<u32>(CHAIN + (length++ << 2), byte);
    }
    if (at > end + 8) return OUT_OF_INPUT;
  }
  return NO_END;
}

/** Links each place of the last column to the one that follows it in the text. */
export function linkChain(length: u32): void {
  memory.fill(STARTS, 0, 1024);
  for (let i: u32 = 0; i < length; i++) {
    const start: usize = STARTS + (load<u8>(CHAIN + (i << 2)) << 2);
    store<u32>(start, load<u32>(start) + 1);
  }
  let sum: u32 = 0;
  for (let start: usize = STARTS, stop: usize = STARTS + 1024; start < stop; start += 4) {
    const count = load<u32>(start);
    store<u32>(start, sum);
    sum += count;
  }
  for (let i: u32 = 0; i < length; i++) {
    const start: usize = STARTS + (load<u8>(CHAIN + (i << 2)) << 2);
    const place = load<u32>(start);
    store<u32>(start, place + 1);
    const link: usize = CHAIN + (place << 2);
    store<u32>(link, load<u32>(link) | (i << 8));
  }
}

/**
 * Follows the chain and undoes the first run-length coding, to [at, end); gives how far it came, short of `end` only when the block is done.
 * STATE: bytes left, next place, equal bytes in a row (4: a count follows), the last one (or -1), how often it has still to come, CRC.
 */
export function follow(at: usize, end: usize): usize {
  let left = load<u32>(STATE);
  let next = load<u32>(STATE, 4);
  let equal = load<u32>(STATE, 8);
  let last = load<u32>(STATE, 12);
  let repeat = load<u32>(STATE, 16);
  let crc = load<u32>(STATE, 20);
  while (at < end) {
    if (repeat > 0) {
      const stop = min<usize>(end, at + repeat);
      repeat -= (stop - at) as u32;
      while (at < stop) {
        store<u8>(at++, last);
        crc = (crc << 8) ^ load<u32>(CRC + (((crc >>> 24) ^ last) << 2));
      }
      continue;
    }
    if (left === 0) break;
    left--;
    const entry = load<u32>(CHAIN + (next << 2));
    next = entry >>> 8;
    const byte = entry & 0xff;
    if (equal === 4) {
      // The byte after four equal ones says how many more of them there are.
      repeat = byte;
      equal = 0;
      continue;
    }
    equal = byte === last ? equal + 1 : 1;
    last = byte;
    store<u8>(at++, byte);
    crc = (crc << 8) ^ load<u32>(CRC + (((crc >>> 24) ^ byte) << 2));
  }
  // Four equal bytes at the very end: their count, 0 at best, belongs to them.
  if (equal === 4 && left > 0) {
    left--;
    const entry = load<u32>(CHAIN + (next << 2));
    next = entry >>> 8;
    repeat = entry & 0xff;
    equal = 0;
  }
  store<u32>(STATE, left);
  store<u32>(STATE, next, 4);
  store<u32>(STATE, equal, 8);
  store<u32>(STATE, last, 12);
  store<u32>(STATE, repeat, 16);
  store<u32>(STATE, crc, 20);
  return at;
}
