import { FormatError } from '../../errors.js';

/** A structure's bytes with its place, so that every field that is wrong names itself. Big-endian, offsets from its start. */
export class Fields {
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly structure: string;
  /** Offset of the structure (or of what holds it) in the file. */
  readonly at: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, file: string, structure: string, at: number) {
    this.bytes = bytes;
    this.file = file;
    this.structure = structure;
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u32(offset: number): number {
    return this.#view.getUint32(offset);
  }

  /** A u64 that must be a safe integer; FormatError otherwise. */
  u64(offset: number, field: string): number {
    const high = this.#view.getUint32(offset);
    if (high >= 2 ** 21) this.fail(`${field} below 2^53`, `${this.#view.getBigUint64(offset)}`);
    return high * 2 ** 32 + this.#view.getUint32(offset + 4);
  }

  magic(offset: number): string {
    return String.fromCharCode(...this.bytes.subarray(offset, offset + 4));
  }

  fail(expected: string, found: string): never {
    throw new FormatError({ file: this.file, structure: this.structure, offset: this.at, expected, found });
  }
}

/** A checksum field of 136 bytes: 0 u32 type (2 = CRC32), 4 u32 bits, 8 the value in 128 bytes. */
export interface Checksum {
  /** 0: absent. */
  readonly type: number;
  readonly bits: number;
  /** Set where type and bits say CRC32. */
  readonly crc32?: number;
}

const CRC32_TYPE = 2;

/** Reads the checksum field at `offset`. */
export function readChecksum(fields: Fields, offset: number): Checksum {
  const type = fields.u32(offset);
  const bits = fields.u32(offset + 4);
  return type === CRC32_TYPE && bits === 32 ? { type, bits, crc32: fields.u32(offset + 8) } : { type, bits };
}

/** Writes a CRC32 checksum field at `offset`. */
export function writeChecksum(view: DataView, offset: number, crc32: number): void {
  view.setUint32(offset, CRC32_TYPE);
  view.setUint32(offset + 4, 32);
  view.setUint32(offset + 8, crc32);
}
