import { FormatError } from '../errors.js';

export { viewOf } from './bytes.js';

/** Where a structure lies, for errors: the source's name, the structure in the field's words, its first byte in that source. */
export interface Where {
  readonly file: string;
  readonly structure: string;
  /** Bytes from the start of `file`. */
  readonly offset: number;
}

/** The FormatError for a field `at` bytes into the structure. */
export function fault(where: Where, at: number, expected: string, found: string | number, hint?: string): FormatError {
  return new FormatError({
    file: where.file,
    structure: where.structure,
    offset: where.offset + at,
    expected,
    found: String(found),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Throws unless `bytes` has `length` bytes from `at`. */
export function need(bytes: Uint8Array, at: number, length: number, what: string, where: Where): void {
  if (at < 0 || at + length > bytes.length) {
    throw fault(where, at, `${length} bytes of ${what}`, `${Math.max(0, bytes.length - at)} bytes`);
  }
}
