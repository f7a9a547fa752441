import { broken, type Where, wrongLength } from './fault.js';
import { CHECK_BYTES, checkOf } from './xz/check.js';
import { undoDelta, undoX86 } from './xz/filters.js';
import {
  Fields,
  type Filter,
  readBlockHeader,
  readStreamFooter,
  readStreamHeader,
  STREAM_HEADER,
} from './xz/header.js';
import { decodeLzma2 } from './xz/lzma2.js';

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

/** Most plain bytes of an LZMA2 chunk, and most stored ones with its header: how far a decoder may have to look beyond a place. */
const LZMA2_PLAIN = 2 << 20;
const LZMA2_STORED = (64 << 10) + 6;
/** The x86 filter looks so many bytes ahead. */
const X86_AHEAD = 4;

/** Bytes of an .xz file that are enough to have its first `most` plain ones: none takes more than it says, stored in chunks of 64 KiB. */
export function enoughOf(most: number): number {
  return 2048 + most + Math.ceil(most / 65_536) * 3 + LZMA2_STORED;
}

/**
 * The first bytes of an .xz file, about `most` of the `plainLength` it stands for, from its own first bytes: to look for something
 * without decoding the rest. No check can be verified. Undefined where there is less in its first block. FormatError when it is damaged.
 */
export function decodeXzBeginning(
  input: Uint8Array,
  most: number,
  plainLength: number,
  where: Where,
): Uint8Array | undefined {
  readStreamHeader(input, 0, where);
  if (input[STREAM_HEADER] === 0) return undefined;
  const { headerBytes, filters } = readBlockHeader(input, STREAM_HEADER, where);
  const out = new Uint8Array(Math.min(plainLength, most + LZMA2_PLAIN));
  const end = decodeLzma2(input, STREAM_HEADER + headerBytes, out, 0, where, most);
  if (end.at < most) return undefined;
  const bytes = out.subarray(0, end.at);
  undo(filters, bytes);
  return filters.some(({ kind }) => kind === 'x86') ? bytes.subarray(0, -X86_AHEAD) : bytes;
}

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
    const block = decodeBlock(input, from, out, at, check, where);
    records.push(block);
    at += block.plain;
    from += Math.ceil(block.unpadded / 4) * 4;
  }
  const indexBytes = readIndex(input, from, records, where);
  from += indexBytes;
  readStreamFooter(input, from, check, indexBytes, where);
  return { from: from + STREAM_HEADER, at };
}

function decodeBlock(
  input: Uint8Array,
  from: number,
  out: Uint8Array,
  at: number,
  check: number,
  where: Where,
): Record {
  const header = readBlockHeader(input, from, where);
  const start = from + header.headerBytes;
  const end = decodeLzma2(input, start, out, at, where);
  const packed = end.from - start;
  const plain = end.at - at;
  const fields = new Fields(input, end.from, input.length, 'xz block', where);
  const differs = (what: string, stored: number | undefined, actual: number) => {
    if (stored !== undefined && stored !== actual) throw fields.wrong(`${stored} ${what} bytes`, `${actual}`);
  };
  differs('packed', header.packedBytes, packed);
  differs('plain', header.plainBytes, plain);
  const bytes = out.subarray(at, end.at);
  undo(header.filters, bytes);
  fields.zeros(start + Math.ceil(packed / 4) * 4);
  const stored = fields.take(CHECK_BYTES.get(check)!);
  const actual = checkOf(check, bytes);
  if (Buffer.compare(stored, actual) !== 0) throw fields.wrong(`check ${hex(stored)}`, hex(actual));
  return { unpadded: header.headerBytes + packed + stored.length, plain };
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
