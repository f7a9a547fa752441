import { crc32 } from 'node:zlib';
import { broken, type Where } from '../fault.js';
import { CHECK_BYTES } from './check.js';

// The headers of an .xz file. Numbers are little-endian. Source: "The .xz File Format" 1.2.1 (public domain).

export const MAGIC = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00);
export const FOOTER_MAGIC = Uint8Array.of(0x59, 0x5a);
/** Stream header and stream footer, bytes each. */
export const STREAM_HEADER = 12;

/** What is done to a block's bytes after LZMA2 decoded them. */
export type Filter = { kind: 'delta'; distance: number } | { kind: 'x86'; start: number };

export interface BlockHeader {
  readonly headerBytes: number;
  /** Absent: not stored. */
  readonly packedBytes: number | undefined;
  readonly plainBytes: number | undefined;
  /** In the order in which the encoder applied them, LZMA2 left out. */
  readonly filters: readonly Filter[];
}

/** A cursor over the input for the fields of one structure. */
export class Fields {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    readonly end: number,
    readonly structure: string,
    readonly where: Where,
  ) {
    if (end > bytes.length) throw this.wrong('the whole structure', 'the end of the run');
  }

  wrong(expected: string, found: string) {
    return broken(this.where, this.structure, expected, found);
  }

  byte(): number {
    if (this.at >= this.end) throw this.wrong('another byte', 'the end');
    return this.bytes[this.at++]!;
  }

  take(count: number): Uint8Array {
    if (count > this.end - this.at) throw this.wrong(`${count} more bytes`, `${this.end - this.at}`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  u32(): number {
    const [a, b, c, d] = this.take(4);
    return (a! | (b! << 8) | (c! << 16) | (d! << 24)) >>> 0;
  }

  /** A number of up to nine bytes, seven bits each, least significant first. */
  number(): number {
    let value = 0;
    for (let i = 0, scale = 1; i < 9; i++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) throw this.wrong('a number in its shortest form', 'a longer form');
        if (!Number.isSafeInteger(value)) throw this.wrong('a number below 2^53', `${value}`);
        return value;
      }
    }
    throw this.wrong('a number of at most nine bytes', 'a longer one');
  }

  /** Zero bytes up to `to`. */
  zeros(to: number): void {
    while (this.at < to) {
      const byte = this.byte();
      if (byte !== 0) throw this.wrong('zero padding', `0x${byte.toString(16)}`);
    }
  }

  /** A CRC32 of the bytes from `start` to here. */
  crc(start: number): void {
    const actual = crc32(this.bytes.subarray(start, this.at));
    const stored = this.u32();
    if (stored !== actual) throw this.wrong(`CRC32 0x${stored.toString(16)}`, `0x${actual.toString(16)}`);
  }
}

/** The stream header: magic 0, flags 6 (0, kind of check), CRC32 of the flags 8. Gives the kind of check. */
export function readStreamHeader(input: Uint8Array, at: number, where: Where): number {
  const fields = new Fields(input, at, at + STREAM_HEADER, 'xz stream header', where);
  if (!fields.take(6).every((byte, i) => byte === MAGIC[i])) throw fields.wrong('FD "7zXZ" 00', 'something else');
  const reserved = fields.byte();
  const check = fields.byte();
  fields.crc(at + 6);
  if (reserved !== 0 || !CHECK_BYTES.has(check)) {
    throw fields.wrong('a check that is known (none, CRC32, CRC64, SHA-256)', `stream flags ${reserved}, ${check}`);
  }
  return check;
}

/** The stream footer: CRC32 0 (of what follows), index size / 4 − 1 4, flags 8, magic 10. */
export function readStreamFooter(input: Uint8Array, at: number, check: number, indexBytes: number, where: Where): void {
  const fields = new Fields(input, at, at + STREAM_HEADER, 'xz stream footer', where);
  const stored = fields.u32();
  const backward = (fields.u32() + 1) * 4;
  const [reserved, kind] = fields.take(2);
  const magic = fields.take(2);
  if (magic[0] !== FOOTER_MAGIC[0] || magic[1] !== FOOTER_MAGIC[1]) throw fields.wrong('"YZ"', 'something else');
  const actual = crc32(input.subarray(at + 4, at + 10));
  if (stored !== actual) throw fields.wrong(`CRC32 0x${stored.toString(16)}`, `0x${actual.toString(16)}`);
  if (backward !== indexBytes) throw fields.wrong(`an index of ${indexBytes} bytes`, `${backward}`);
  if (reserved !== 0 || kind !== check) throw fields.wrong('the flags of the stream header', `${reserved}, ${kind}`);
}

const DELTA = 0x03;
const X86 = 0x04;
const LZMA2 = 0x21;
/** Filters we know by name only: no Mac with an Intel processor needs their code. */
const OTHER: Record<number, string> = {
  5: 'PowerPC',
  6: 'IA-64',
  7: 'ARM',
  8: 'ARM-Thumb',
  9: 'SPARC',
  10: 'ARM64',
  11: 'RISC-V',
};

/**
 * A block header: size / 4 − 1 0, flags 1 (bits 0-1: filters less one, 6: packed size stored, 7: plain size stored), the sizes as
 * numbers, each filter as id, size of properties, properties; zero padding; CRC32 of all before it.
 */
export function readBlockHeader(input: Uint8Array, at: number, where: Where): BlockHeader {
  const headerBytes = (input[at]! + 1) * 4;
  const fields = new Fields(input, at + 1, at + headerBytes, 'xz block header', where);
  // The CRC first: an error in a field of a sound header says more than one in a field of a damaged header.
  const tail = new Fields(input, at + headerBytes - 4, at + headerBytes, 'xz block header', where);
  tail.crc(at);
  const flags = fields.byte();
  if (flags & 0x3c) throw fields.wrong('reserved flags to be zero', `0x${flags.toString(16)}`);
  const packedBytes = flags & 0x40 ? fields.number() : undefined;
  const plainBytes = flags & 0x80 ? fields.number() : undefined;
  const filters: Filter[] = [];
  const count = (flags & 3) + 1;
  for (let i = 1; i <= count; i++) {
    const id = fields.number();
    const properties = fields.take(fields.number());
    if (i === count) {
      if (id !== LZMA2) throw fields.wrong('LZMA2 as the last filter', `filter 0x${id.toString(16)}`);
      if (properties.length !== 1 || properties[0]! > 40) throw fields.wrong('a dictionary size', 'something else');
    } else filters.push(readFilter(id, properties, fields));
  }
  fields.zeros(at + headerBytes - 4);
  return { headerBytes, packedBytes, plainBytes, filters };
}

function readFilter(id: number, properties: Uint8Array, fields: Fields): Filter {
  if (id === DELTA && properties.length === 1) return { kind: 'delta', distance: properties[0]! + 1 };
  if (id === X86 && properties.length === 0) return { kind: 'x86', start: 0 };
  if (id === X86 && properties.length === 4) {
    const [a, b, c, d] = properties;
    return { kind: 'x86', start: (a! | (b! << 8) | (c! << 16) | (d! << 24)) >>> 0 };
  }
  const name = OTHER[id];
  throw fields.wrong('the filters delta, x86 and LZMA2', name ? `the ${name} filter` : `filter 0x${id.toString(16)}`);
}
