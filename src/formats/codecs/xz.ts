import { broken, type Where, wrongLength } from './fault.js';
import type { Codecs } from './wasm.js';
import { CHECK_BYTES, checkOf } from './xz/check.js';
import { undoDelta, undoX86 } from './xz/filters.js';
import {
  type BlockHeader,
  Fields,
  type Filter,
  readBlockHeader,
  readStreamFooter,
  readStreamHeader,
  STREAM_HEADER,
} from './xz/header.js';
import { decodeLzma2, Lzma2 } from './xz/lzma2.js';

// Own code: the npm packages are asynchronous, or native without binaries for every Mac, or know no filters but LZMA2.

/** What the index says of a block, bytes. */
interface Record {
  /** Header, packed bytes and check, without the padding. */
  readonly unpadded: number;
  readonly plain: number;
}

/**
 * Decodes an .xz file (UDIF run type 0x80000008, pbzx chunks) to exactly `plainLength` bytes: any number of streams and blocks,
 * LZMA2 alone or with the x86 and delta filters; all checks and the index are verified. Needs no memory beyond the result (`out`,
 * where that is given) and 28 KB. FormatError otherwise.
 */
export function decodeXz(
  input: Uint8Array,
  plainLength: number,
  where: Where,
  out: Uint8Array = new Uint8Array(plainLength),
): Uint8Array {
  let from = 0;
  let at = 0;
  do {
    const stream = decodeStream(input, from, out, at, where);
    ({ from, at } = stream);
    // Stream padding: a multiple of four zero bytes.
    const padding = from;
    while (from < input.length && input[from] === 0) from++;
    if ((from - padding) % 4 !== 0)
      throw broken(where, 'xz stream padding', 'a multiple of 4 bytes', `${from - padding}`);
  } while (from < input.length);
  if (at !== plainLength) throw wrongLength(where, 'xz run', plainLength, `${at}`);
  return out;
}

/**
 * An .xz file that is decoded as far as somebody looks at it, and on from there. Of a file whose bytes went through a filter, or which
 * is to be decoded to its end, everything is decoded, and every check is verified then. Not more than `plainLength` bytes.
 */
export class XzInParts {
  #first: { readonly block: BlockStart; readonly lzma2: Lzma2 } | undefined;
  #whole: Uint8Array | undefined;

  /** `codecs`: made for `plainLength` bytes (`codecsFor`), and this file's alone as long as it is looked at. */
  constructor(
    readonly codecs: Codecs,
    readonly plainLength: number,
    readonly where: Where,
  ) {}

  /** What is decoded already. Not to be changed. */
  get bytes(): Uint8Array {
    return this.#whole ?? this.#first?.lzma2.bytes ?? new Uint8Array();
  }

  /**
   * Decodes on until there are `most` bytes, as far as the file's first bytes in `input` suffice; if that is all of the file, `isAll`,
   * they must. FormatError when it is damaged.
   */
  decode(input: Uint8Array, most: number, isAll: boolean): void {
    if (this.#whole) return;
    const { plainLength, where } = this;
    if (!this.#first && !isAll && input.length < LARGEST_HEAD) return;
    this.#first ??= this.#begin(input);
    if (!this.#first) {
      if (isAll) this.#whole = decodeXz(input, plainLength, where);
      return;
    }
    const { block, lzma2 } = this.#first;
    lzma2.decode(input, most);
    if (!isAll || (most < plainLength && lzma2.at >= most)) return;
    lzma2.decode(input);
    const { at, from } = lzma2;
    const record = endBlock(input, block, from, this.bytes, where);
    const next = block.at + paddedBytes(record);
    if (at === plainLength && endStream(input, next, block.check, [record], where) === input.length) return;
    // More than one block or stream: never seen in a package.
    this.#whole = decodeXz(input, plainLength, where);
  }

  /** Its first block, unless that went through a filter, or there is none. */
  #begin(input: Uint8Array) {
    const { codecs, plainLength, where } = this;
    const check = readStreamHeader(input, 0, where);
    if (input[STREAM_HEADER] === 0) return undefined;
    const block = startBlock(input, STREAM_HEADER, check, where);
    if (block.header.filters.length > 0) return undefined;
    return { block, lzma2: new Lzma2(codecs, block.start, { at: 0, most: plainLength }, where) };
  }
}

/** Stream header and the largest block header, bytes. */
const LARGEST_HEAD = STREAM_HEADER + 1024;

export { lzma2Codecs as codecsFor } from './xz/lzma2.js';

function undo(filters: readonly Filter[], bytes: Uint8Array): void {
  for (const filter of filters.toReversed()) {
    if (filter.kind === 'delta') undoDelta(bytes, filter.distance);
    else undoX86(bytes, filter.start);
  }
}

function decodeStream(input: Uint8Array, from: number, out: Uint8Array, at: number, where: Where) {
  const check = readStreamHeader(input, from, where);
  from += STREAM_HEADER;
  const records: Record[] = [];
  for (;;) {
    if (from >= input.length) throw broken(where, 'xz stream', 'a block or the index', 'the end of the run');
    if (input[from] === 0) break;
    const block = startBlock(input, from, check, where);
    const end = decodeLzma2(input, block.start, out, at, where);
    const bytes = out.subarray(at, end.at);
    undo(block.header.filters, bytes);
    const record = endBlock(input, block, end.from, bytes, where);
    records.push(record);
    at = end.at;
    from += paddedBytes(record);
  }
  return { from: endStream(input, from, check, records, where), at };
}

interface BlockStart {
  /** In the input: of its header, and of what it packs. */
  readonly at: number;
  readonly start: number;
  readonly header: BlockHeader;
  readonly check: number;
}

function startBlock(input: Uint8Array, at: number, check: number, where: Where): BlockStart {
  const header = readBlockHeader(input, at, where);
  return { at, start: at + header.headerBytes, header, check };
}

/** What follows the packed bytes of a block, which end at `end` and stand for `bytes`. */
function endBlock(input: Uint8Array, block: BlockStart, end: number, bytes: Uint8Array, where: Where): Record {
  const { start, header, check } = block;
  const packed = end - start;
  const fields = new Fields(input, end, input.length, 'xz block', where);
  const differs = (what: string, stored: number | undefined, actual: number) => {
    if (stored !== undefined && stored !== actual) throw fields.wrong(`${stored} ${what} bytes`, `${actual}`);
  };
  differs('packed', header.packedBytes, packed);
  differs('plain', header.plainBytes, bytes.length);
  fields.zeros(start + Math.ceil(packed / 4) * 4);
  const stored = fields.take(CHECK_BYTES.get(check)!);
  const actual = checkOf(check, bytes);
  if (Buffer.compare(stored, actual) !== 0) throw fields.wrong(`check ${hex(stored)}`, hex(actual));
  return { unpadded: header.headerBytes + packed + stored.length, plain: bytes.length };
}

function paddedBytes({ unpadded }: Record): number {
  return Math.ceil(unpadded / 4) * 4;
}

/** Index and footer, from the index on. Gives where the stream ends in the input. */
function endStream(input: Uint8Array, from: number, check: number, records: readonly Record[], where: Where): number {
  const indexBytes = readIndex(input, from, records, where);
  readStreamFooter(input, from + indexBytes, check, indexBytes, where);
  return from + indexBytes + STREAM_HEADER;
}

/** The index: 0, number of records, each block's unpadded and plain size; zero padding to four; CRC32. Gives its size, bytes. */
function readIndex(input: Uint8Array, from: number, records: readonly Record[], where: Where): number {
  const fields = new Fields(input, from, input.length, 'xz index', where);
  fields.byte();
  const count = fields.number();
  if (count !== records.length) throw fields.wrong(`${records.length} records`, `${count}`);
  for (const { unpadded, plain } of records) {
    const found = [fields.number(), fields.number()];
    if (found[0] !== unpadded || found[1] !== plain) {
      throw fields.wrong(`a block of ${unpadded} bytes for ${plain}`, `${found[0]} for ${found[1]}`);
    }
  }
  fields.zeros(from + Math.ceil((fields.at - from) / 4) * 4);
  fields.crc(from);
  return fields.at - from;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex') || 'none';
