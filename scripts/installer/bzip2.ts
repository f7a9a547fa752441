import { crcTable } from '../../src/formats/codecs/bzip2/crc.js';
import { BitWriter } from './bzip2/bits.js';
import { sortRotations } from './bzip2/sort.js';
import { moveToFront } from './bzip2/symbols.js';
import { chooseTables, codesOf, GROUP, type Tables } from './bzip2/tables.js';

/** Level 9, as bzip2 has it: bytes of a block after the first run-length coding, less what bzip2 itself leaves free. */
const BLOCK = 900_000 - 19;
/** Most bytes that one run puts out: four of them, and how many more there were. */
const MOST_OF_RUN = 5;
const LONGEST_RUN = 255;

/** All at once. */
export function bzip2(plain: Uint8Array): Uint8Array {
  const stream = new Bzip2Stream();
  return Buffer.concat([...stream.write(plain), ...stream.finish()]);
}

/** One bzip2 stream, front to back, in the memory of a block; the same bytes for the same input however it is cut up. */
export class Bzip2Stream {
  private readonly out = new BitWriter();
  private readonly block: Uint8Array;
  private length = 0;
  /** Of the plain bytes in the block, highest bit first. */
  private crc = -1;
  private all = 0;
  /** The run that is not yet in the block. */
  private value = -1;
  private run = 0;

  /** `most`: bytes of a block, of which this many are one at level 9. */
  constructor(most = BLOCK) {
    this.block = new Uint8Array(most);
    for (const c of 'BZh9') this.out.bits(8, c.charCodeAt(0));
  }

  /** Takes bytes in; gives out the blocks that became full. */
  *write(plain: Uint8Array): Generator<Uint8Array> {
    for (let i = 0; i < plain.length; i++) {
      const byte = plain[i] as number;
      if (byte === this.value && this.run < LONGEST_RUN) {
        this.run++;
        continue;
      }
      this.endRun();
      if (this.length + MOST_OF_RUN > this.block.length) yield this.endBlock();
      this.value = byte;
      this.run = 1;
    }
  }

  /** The last block and the end of the stream. */
  *finish(): Generator<Uint8Array> {
    this.endRun();
    if (this.length > 0) yield this.endBlock();
    this.out.bits(24, 0x177245);
    this.out.bits(24, 0x385090);
    this.out.word(this.all);
    this.out.align();
    yield this.out.take();
  }

  /** The first run-length coding: four equal bytes are followed by a count of further ones. */
  private endRun(): void {
    const { value, run, block } = this;
    for (let i = 0; i < run; i++) this.crc = (this.crc << 8) ^ (crcTable[(this.crc >>> 24) ^ value] as number);
    for (let i = Math.min(run, 4); i > 0; i--) block[this.length++] = value;
    if (run >= 4) block[this.length++] = run - 4;
    this.run = 0;
    this.value = -1;
  }

  private endBlock(): Uint8Array {
    const check = ~this.crc;
    this.all = ((this.all << 1) | (this.all >>> 31)) ^ check;
    writeBlock(this.out, this.block.subarray(0, this.length), check);
    this.length = 0;
    this.crc = -1;
    return this.out.take();
  }
}

function writeBlock(out: BitWriter, block: Uint8Array, check: number): void {
  const order = sortRotations(block);
  const last = new Uint8Array(block.length);
  let origin = 0;
  for (let row = 0; row < order.length; row++) {
    const start = order[row] as number;
    if (start === 0) origin = row;
    last[row] = block[start === 0 ? block.length - 1 : start - 1] as number;
  }
  const { used, list } = moveToFront(last);
  out.bits(24, 0x314159);
  out.bits(24, 0x265359);
  out.word(check);
  out.bits(1, 0); // not randomised
  out.bits(24, origin);
  writeUsed(out, used);
  const tables = chooseTables(list, used.length + 2);
  writeTables(out, tables);
  writeSymbols(out, list, tables);
}

/** Which bytes occur: a bit for each sixteen of them, and for those sixteen their own. */
function writeUsed(out: BitWriter, used: readonly number[]): void {
  const rows = new Uint16Array(16);
  for (const value of used) rows[value >> 4]! |= 0x8000 >> (value & 15);
  for (const row of rows) out.bits(1, row === 0 ? 0 : 1);
  for (const row of rows) if (row !== 0) out.bits(16, row);
}

function writeTables(out: BitWriter, { lengths, choices }: Tables): void {
  out.bits(3, lengths.length);
  out.bits(15, choices.length);
  const front = lengths.map((_, i) => i);
  for (const choice of choices) {
    const index = front.indexOf(choice);
    for (let i = 0; i < index; i++) out.bits(1, 1);
    out.bits(1, 0);
    front.splice(index, 1);
    front.unshift(choice);
  }
  for (const table of lengths) {
    let length = table[0] as number;
    out.bits(5, length);
    for (const wanted of table) {
      for (; length < wanted; length++) out.bits(2, 0b10);
      for (; length > wanted; length--) out.bits(2, 0b11);
      out.bits(1, 0);
    }
  }
}

function writeSymbols(out: BitWriter, list: Uint16Array, { lengths, choices }: Tables): void {
  const codes = lengths.map(codesOf);
  for (let i = 0; i < list.length; i++) {
    const table = choices[Math.floor(i / GROUP)] as number;
    const symbol = list[i] as number;
    out.bits((lengths[table] as Uint8Array)[symbol] as number, (codes[table] as Uint32Array)[symbol] as number);
  }
}
