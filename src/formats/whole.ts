import { FormatError } from '../errors.js';
import type { ByteSource } from './bytes.js';

/** What is read into memory at once: in the field's words, and how large it may be, whatever its size says. */
export interface Whole {
  /** "chunklist", "target of a symbolic link" */
  readonly what: string;
  /** Bytes. */
  readonly most: number;
}

/**
 * All bytes of a source. The only place where as much memory is taken as an input says: FormatError where that is more than such
 * a thing has. Whatever has no small limit is read in `chunks`.
 */
export async function readWhole(source: ByteSource, { what, most }: Whole): Promise<Uint8Array> {
  const { name, size } = source;
  if (size <= most) return source.read(0, size);
  throw new FormatError({
    file: name,
    structure: what,
    offset: 0,
    expected: `at most ${most.toLocaleString('en-US')} bytes`,
    found: size.toLocaleString('en-US'),
  });
}

/** No system follows a longer path: PATH_MAX is 1024 on OS X, 4096 on Linux. */
export const LINK_TARGET: Whole = { what: 'target of a symbolic link', most: 4096 };
