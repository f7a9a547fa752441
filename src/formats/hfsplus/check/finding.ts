import { FormatError } from '../../../errors.js';

/** Something about a volume that is not as it must be (error) or should be (warning). */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** In the field's words: "catalog B-tree node 17", "volume header". */
  readonly structure: string;
  /** A byte offset, a CNID or a name. */
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  /** All of it as a sentence. */
  readonly text: string;
}

/** More findings than anybody reads; a broken volume can have one for each file. */
const MAX_FINDINGS = 500;

/** Collects findings, at most so many. */
export class Findings {
  readonly list: Finding[] = [];
  #more = 0;

  add(severity: Finding['severity'], structure: string, where: string, expected: unknown, found: unknown): void {
    if (this.list.length >= MAX_FINDINGS) {
      this.#more++;
      return;
    }
    const text = `${structure}, ${where}: expected ${expected}, found ${found}.`;
    this.list.push({ severity, structure, where, expected: String(expected), found: String(found), text });
  }

  error(structure: string, where: string, expected: unknown, found: unknown): void {
    this.add('error', structure, where, expected, found);
  }

  warn(structure: string, where: string, expected: unknown, found: unknown): void {
    this.add('warning', structure, where, expected, found);
  }

  /** An error unless the two are equal. */
  equal(structure: string, where: string, expected: number | string, found: number | string): void {
    if (expected !== found) this.error(structure, where, expected, found);
  }

  /** Turns a FormatError into a finding; anything else is thrown on. */
  fault(error: unknown): void {
    if (!(error instanceof FormatError)) throw error;
    const { file, structure, offset, expected, found } = error.fault;
    this.error(structure, `byte ${offset} of ${file}`, expected, found);
  }

  /** Everything found, with a last line where there was too much. */
  finish(): Finding[] {
    if (this.#more > 0) {
      const found = `${this.#more} more findings`;
      this.list.push({
        severity: 'error',
        structure: 'volume',
        where: 'everywhere',
        expected: `at most ${MAX_FINDINGS} findings`,
        found,
        text: `And ${found}.`,
      });
    }
    return this.list;
  }
}
