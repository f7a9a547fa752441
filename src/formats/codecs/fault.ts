import { FormatError } from '../../errors.js';

/** Where an encoded run comes from, for errors: the source's name and the run's offset in it, bytes. */
export interface Where {
  readonly file: string;
  readonly at: number;
}

/** A FormatError for a run that cannot be decoded; the caller throws it. */
export function broken(where: Where, structure: string, expected: string, found: string): FormatError {
  return new FormatError({ file: where.file, structure, offset: where.at, expected, found });
}

/** The error for a run that holds less or more than its table says. `found` as "1000 bytes", "more". */
export function wrongLength(where: Where, structure: string, plainLength: number, found: string): FormatError {
  return broken(where, structure, `${plainLength} decoded bytes`, found);
}
