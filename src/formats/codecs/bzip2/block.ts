import { type BitReader, OutOfInput } from './bits.js';
import { crcTable } from './crc.js';
import { HuffmanTable, MAX_CODE, QUICK_BITS } from './huffman.js';

/** Symbols coded with one table before the next selector. */
const GROUP = 50;
/** Most selectors a block can use; files may carry more, which are read and ignored, as bzip2 1.0.8 does. */
const MAX_SELECTORS = 18002;
/** Largest block, bytes before the first run-length coding is undone; "level" 9. */
const MAX_BLOCK = 900_000;

/** What is wrong with a block, in words. */
export class BadBlock extends Error {
  constructor(
    readonly expected: string,
    readonly found: string,
  ) {
    super(found);
  }
}

/**
 * Decodes one bzip2 block at a time: `read` takes it in, `write` gives its bytes out piece by piece, so that a block of long runs
 * (900 kB can stand for 45 MB) needs no more memory than the caller's piece. 4.5 MB of tables, made once.
 */
export class BlockDecoder {
  /** CRC-32 (most significant bit first) of what write() gave out so far of this block. */
  crc = 0;
  /** The CRC stored in the block's header. */
  storedCrc = 0;
  /** Inverse Burrows–Wheeler chain: next index << 8 | byte. */
  private readonly chain = new Int32Array(MAX_BLOCK);
  private readonly selectors = new Uint8Array(MAX_SELECTORS);
  private readonly tables = Array.from({ length: 6 }, () => new HuffmanTable());
  private readonly moved = new Uint8Array(256);
  private tableCount = 0;
  /** Bytes of the last column not yet followed, and where the next one is. */
  private left = 0;
  private next = 0;
  /** Equal bytes seen in a row (4: a count follows), the byte, and how often it must still be given out. */
  private equal = 0;
  private last = -1;
  private repeat = 0;

  /** Reads a block from after its magic; `limit` is the block size in the stream's header, bytes. BadBlock or OutOfInput. */
  read(input: BitReader, limit: number): void {
    this.storedCrc = input.u32();
    if (input.bits(1) !== 0) throw new BadBlock('a block that is not randomised', 'one of bzip2 0.9.0 or older');
    const origin = input.bits(24);
    const used = this.readAlphabet(input);
    const groups = this.readSelectors(input);
    const tables = this.readTables(input, used + 2);
    const length = this.readSymbols(input, used, tables, groups, limit);
    if (origin >= length) throw new BadBlock(`an origin below ${length}`, `${origin}`);
    this.invert(length);
    this.left = length;
    this.next = this.chain[origin]! >>> 8;
    this.equal = 0;
    this.last = -1;
    this.repeat = 0;
    this.crc = 0xffffffff;
  }

  /** Bytes of the alphabet in use, in `moved`: a map of 16 ranges, then 16 bits for each range in use. */
  private readAlphabet(input: BitReader): number {
    const ranges = input.bits(16);
    let used = 0;
    for (let range = 0; range < 16; range++) {
      if (((ranges >> (15 - range)) & 1) === 0) continue;
      const bits = input.bits(16);
      for (let i = 0; i < 16; i++) if ((bits >> (15 - i)) & 1) this.moved[used++] = 16 * range + i;
    }
    if (used === 0) throw new BadBlock('an alphabet', 'no byte value in use');
    return used;
  }

  private readSelectors(input: BitReader): number {
    this.tableCount = input.bits(3);
    if (this.tableCount < 2 || this.tableCount > 6) throw new BadBlock('2 to 6 code tables', `${this.tableCount}`);
    const count = input.bits(15);
    if (count === 0) throw new BadBlock('at least one selector', 'none');
    const order = [0, 1, 2, 3, 4, 5];
    for (let i = 0; i < count; i++) {
      let place = 0;
      while (input.bits(1) === 1) {
        if (++place >= this.tableCount) throw new BadBlock(`a selector below ${this.tableCount}`, `${place} or more`);
      }
      const table = order[place]!;
      order.copyWithin(1, 0, place);
      order[0] = table;
      if (i < MAX_SELECTORS) this.selectors[i] = table;
    }
    return Math.min(count, MAX_SELECTORS);
  }

  private readTables(input: BitReader, alphabet: number): readonly HuffmanTable[] {
    const tables = this.tables.slice(0, this.tableCount);
    for (const table of tables) {
      const wrong = table.read(input, alphabet);
      if (wrong) throw new BadBlock('a Huffman code', wrong);
    }
    return tables;
  }

  /** Huffman, zero-run and move-to-front coding undone: the last column, in the low bytes of `chain`. Returns its length. */
  private readSymbols(
    input: BitReader,
    used: number,
    tables: readonly HuffmanTable[],
    groups: number,
    limit: number,
  ): number {
    const { chain, moved, selectors } = this;
    const { bytes, end } = input;
    const endSymbol = used + 1;
    let { word, held, at } = input.take();
    let length = 0;
    let run = 0;
    let weight = 1;
    for (let group = 0; group < groups; group++) {
      const { quick, limit: limits, offset, symbols } = tables[selectors[group]!]!;
      for (let i = 0; i < GROUP; i++) {
        // 20 bits at hand; past the end zeros are shifted in, and counted below.
        while (held < MAX_CODE) {
          word = (word << 8) | (at < end ? bytes[at]! : 0);
          at++;
          held += 8;
        }
        let symbol: number;
        const entry = quick[(word >>> (held - QUICK_BITS)) & ((1 << QUICK_BITS) - 1)]!;
        if (entry !== 0) {
          held -= entry & 31;
          symbol = entry >> 5;
        } else {
          const code = (word >>> (held - MAX_CODE)) & ((1 << MAX_CODE) - 1);
          let size = QUICK_BITS + 1;
          while (size <= MAX_CODE && code >= limits[size]!) size++;
          if (size > MAX_CODE) throw new BadBlock('a Huffman code', 'bits that are none');
          held -= size;
          symbol = symbols[(code >> (MAX_CODE - size)) + offset[size]!]!;
        }
        if (symbol <= 1) {
          // A run of the front byte: digits of a number in base 2 with the digits 1 and 2.
          run += weight << symbol;
          weight <<= 1;
          if (run > limit) throw new BadBlock(`a block of at most ${limit} bytes`, 'a longer one');
          continue;
        }
        if (run > 0) {
          if (length + run > limit) throw new BadBlock(`a block of at most ${limit} bytes`, 'a longer one');
          chain.fill(moved[0]!, length, length + run);
          length += run;
          run = 0;
          weight = 1;
        }
        if (symbol === endSymbol) {
          if (at - (held >> 3) > end) throw new OutOfInput();
          input.give(word, held, at);
          return length;
        }
        if (length >= limit) throw new BadBlock(`a block of at most ${limit} bytes`, 'a longer one');
        const place = symbol - 1;
        const byte = moved[place]!;
        if (place < 16) for (let j = place; j > 0; j--) moved[j] = moved[j - 1]!;
        else moved.copyWithin(1, 0, place);
        moved[0] = byte;
        chain[length++] = byte;
      }
      if (at - 4 > end) throw new OutOfInput();
    }
    throw new BadBlock('an end of the block', `more than ${groups * GROUP} symbols`);
  }

  /** Links each place of the last column to the one that follows it in the text. */
  private invert(length: number): void {
    const { chain } = this;
    const start = new Uint32Array(256);
    for (let i = 0; i < length; i++) start[chain[i]! & 0xff]!++;
    let sum = 0;
    for (let byte = 0; byte < 256; byte++) {
      const count = start[byte]!;
      start[byte] = sum;
      sum += count;
    }
    for (let i = 0; i < length; i++) {
      const place = start[chain[i]! & 0xff]!++;
      chain[place]! |= i << 8;
    }
  }

  /** Gives out bytes of the block into `out` [at, end) and returns how far it came; short of `end` only when the block is done. */
  write(out: Uint8Array, at: number, end: number): number {
    const { chain } = this;
    let { left, next, equal, last, repeat, crc } = this;
    while (at < end) {
      if (repeat > 0) {
        const stop = Math.min(end, at + repeat);
        repeat -= stop - at;
        while (at < stop) {
          out[at++] = last;
          crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ last]!;
        }
        continue;
      }
      if (left === 0) break;
      left--;
      const entry = chain[next]!;
      next = entry >>> 8;
      const byte = entry & 0xff;
      if (equal === 4) {
        // The byte after four equal ones says how many more of them there are.
        repeat = byte;
        equal = 0;
        continue;
      }
      if (byte === last) equal++;
      else {
        equal = 1;
        last = byte;
      }
      out[at++] = byte;
      crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ byte]!;
    }
    // Four equal bytes at the very end: their count, 0 at best, belongs to them.
    if (equal === 4 && left > 0) {
      left--;
      const entry = chain[next]!;
      next = entry >>> 8;
      repeat = entry & 0xff;
      equal = 0;
    }
    this.left = left;
    this.next = next;
    this.equal = equal;
    this.last = last;
    this.repeat = repeat;
    this.crc = crc;
    return at;
  }

  /** Whether write() has given out the whole block. */
  get done(): boolean {
    return this.left === 0 && this.repeat === 0;
  }
}
