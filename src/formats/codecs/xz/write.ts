import { crc32 } from 'node:zlib';
import { checkOf } from './check.js';
import { applyX86 } from './filters.js';
import { FOOTER_MAGIC, MAGIC } from './header.js';
import { dictionaryCode, packLzma2, storeLzma2 } from './lzma2-write.js';

/** Numbers of the checks in the stream flags. */
const CHECKS = { none: 0, crc32: 1, crc64: 4, sha256: 10 } as const;
const BLOCK = 16 * 1024 * 1024;

export interface XzOptions {
  readonly check?: keyof typeof CHECKS;
  /** Plain bytes of a block; the last one is shorter. 16 MiB unless told. */
  readonly blockBytes?: number;
  /** Stored chunks only: for all blocks, or for those it is true of. */
  readonly stored?: boolean | ((block: Uint8Array) => boolean);
  /** Put on before LZMA2. */
  readonly filter?: 'x86';
  /** Bytes that a reader must keep, and that the block header says; default: those of the block. */
  readonly dictionary?: number;
  /** Both sizes of a block in its header, as xz writes them with several threads and Apple in pbzx. */
  readonly sizes?: boolean;
}

/**
 * Writes an .xz file: one stream, LZMA2, the same bytes for the same input. For the synthetic installer and for tests.
 */
export function encodeXz(plain: Uint8Array, options: XzOptions = {}): Uint8Array {
  const { check = 'crc64', blockBytes = BLOCK, stored = false, sizes = false } = options;
  const kind = CHECKS[check];
  const flags = Uint8Array.of(0, kind);
  const parts: Uint8Array[] = [MAGIC, flags, crc(flags)];
  const records: number[] = [];
  for (let at = 0; at < plain.length; at += blockBytes) {
    const bytes = plain.subarray(at, at + blockBytes);
    const dictionary = options.dictionary ?? bytes.length;
    const filtered = options.filter ? Uint8Array.from(bytes) : bytes;
    if (options.filter) applyX86(filtered, 0);
    const store = typeof stored === 'function' ? stored(bytes) : stored;
    const packed = store ? storeLzma2(filtered) : packLzma2(filtered, dictionary);
    const packedBytes = packed.reduce((sum, part) => sum + part.length, 0);
    const checked = checkOf(kind, bytes);
    // Number of filters less one and which sizes follow; the sizes; each filter with its one byte of properties, if any.
    const filters = options.filter ? [0x04, 0] : [];
    const flags = (options.filter ? 1 : 0) | (sizes ? 0xc0 : 0);
    const said = sizes ? [...number(packedBytes), ...number(bytes.length)] : [];
    const fields = [flags, ...said, ...filters, 0x21, 1, dictionaryCode(dictionary)];
    // Size / 4 - 1 first, then the fields, zeros, and a CRC of four bytes behind.
    const header = new Uint8Array(Math.ceil((1 + fields.length) / 4) * 4);
    header.set([header.length / 4, ...fields]);
    parts.push(header, crc(header), ...packed, padding(packedBytes), checked);
    records.push(header.length + 4 + packedBytes + checked.length, bytes.length);
  }
  const numbers = Uint8Array.from([0, ...number(records.length / 2), ...records.flatMap(number)]);
  const index = Buffer.concat([numbers, padding(numbers.length)]);
  const backward = Buffer.alloc(6);
  backward.writeUInt32LE((index.length + 4) / 4 - 1);
  backward.set(flags, 4);
  parts.push(index, crc(index), crc(backward), backward, FOOTER_MAGIC);
  return Buffer.concat(parts);
}

function number(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  bytes.push(value);
  return bytes;
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}

function crc(bytes: Uint8Array): Uint8Array {
  const field = Buffer.alloc(4);
  field.writeUInt32LE(crc32(bytes));
  return field;
}
