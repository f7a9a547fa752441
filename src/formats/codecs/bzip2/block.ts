import { copyInto } from '../../bytes.js';
import { type Codecs, newCodecs } from '../wasm.js';
import { type BitReader, OutOfInput } from './bits.js';
import { crcTable } from './crc.js';
import { HuffmanTable } from './huffman.js';
import { CHAIN, CRC, INPUT, INPUT_BYTES, MOVED, OUTPUT, OUTPUT_BYTES, SELECTORS, STATE } from './layout.js';

/** Most selectors a block can use; files may carry more, which are read and ignored, as bzip2 1.0.8 does. */
const MAX_SELECTORS = 18002;
/** What wasm/bzip2.ts says is wrong with the symbols of a block, instead of their number. */
const NO_CODE = -1;
const TOO_LONG = -2;
const OUT_OF_INPUT = -3;

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
 * (900 kB can stand for 45 MB) needs no more memory than the caller's piece. 6.3 MB of memory, made once.
 */
export class BlockDecoder {
  /** CRC-32 (most significant bit first) of what write() gave out so far of this block. */
  crc = 0;
  /** The CRC stored in the block's header. */
  storedCrc = 0;
  private readonly codecs: Codecs = newCodecs(INPUT + INPUT_BYTES);
  private readonly memory = new Uint8Array(this.codecs.memory.buffer);
  private readonly state = new Uint32Array(this.memory.buffer, STATE, 6);
  private readonly selectors = this.memory.subarray(SELECTORS, SELECTORS + MAX_SELECTORS);
  private readonly tables = Array.from({ length: 6 }, (_, i) => new HuffmanTable(this.memory.buffer, i));
  private readonly moved = this.memory.subarray(MOVED, MOVED + 256);
  private tableCount = 0;
  /** Whether write() has given out the whole block. */
  done = true;

  constructor() {
    new Int32Array(this.memory.buffer, CRC, 256).set(crcTable);
  }

  /** Reads a block from after its magic; `limit` is the block size in the stream's header, bytes. BadBlock or OutOfInput. */
  read(input: BitReader, limit: number): void {
    this.storedCrc = input.u32();
    if (input.bits(1) !== 0) throw new BadBlock('a block that is not randomised', 'one of bzip2 0.9.0 or older');
    const origin = input.bits(24);
    const used = this.readAlphabet(input);
    const groups = this.readSelectors(input);
    this.readTables(input, used + 2);
    const length = this.readSymbols(input, used, groups, limit);
    if (origin >= length) throw new BadBlock(`an origin below ${length}`, `${origin}`);
    this.codecs.linkChain(length);
    this.state.set([length, this.chainAt(origin) >>> 8, 0, 0xffffffff, 0, 0xffffffff]);
    this.crc = 0xffffffff;
    this.done = false;
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

  private readTables(input: BitReader, alphabet: number): void {
    for (const table of this.tables.slice(0, this.tableCount)) {
      const wrong = table.read(input, alphabet);
      if (wrong) throw new BadBlock('a Huffman code', wrong);
    }
  }

  /** The last column, in the chain; gives its length. */
  private readSymbols(input: BitReader, used: number, groups: number, limit: number): number {
    const { word, held, at } = input.take();
    const rest = input.bytes.subarray(at, Math.min(input.end, at + INPUT_BYTES));
    this.memory.set(rest, INPUT);
    this.state.set([word, held, INPUT]);
    const length = this.codecs.readSymbols(INPUT + rest.length, used, groups, limit);
    if (length === TOO_LONG) throw new BadBlock(`a block of at most ${limit} bytes`, 'a longer one');
    if (length === NO_CODE) throw new BadBlock('a Huffman code', 'bits that are none');
    if (length === OUT_OF_INPUT) throw new OutOfInput();
    if (length < 0) throw new BadBlock('an end of the block', `more than ${groups * 50} symbols`);
    input.give(this.state[0]!, this.state[1]!, at + this.state[2]! - INPUT);
    return length;
  }

  private chainAt(index: number): number {
    return new DataView(this.memory.buffer).getUint32(CHAIN + index * 4, true);
  }

  /** Gives out bytes of the block into `out` [at, end) and returns how far it came; short of `end` only when the block is done. */
  write(out: Uint8Array, at: number, end: number): number {
    const { memory, state } = this;
    while (at < end && !this.done) {
      const most = Math.min(OUTPUT_BYTES, end - at);
      const length = this.codecs.follow(OUTPUT, OUTPUT + most) - OUTPUT;
      copyInto(out, memory.subarray(OUTPUT, OUTPUT + length), at);
      at += length;
      this.done = state[0] === 0 && state[4] === 0;
    }
    this.crc = state[5]!;
    return at;
  }
}
