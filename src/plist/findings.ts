/** Where something stands in a file: bytes from its start, line and column from 1 (columns in characters). */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** 'error': the loader does something else than the file says. 'warning': some loaders might, or the file is odd. */
export type Severity = 'error' | 'warning';

/** One thing about a plist that a person should know. `Code` tells programs what kind of trouble it is; each loader has its own. */
export interface Finding<Code extends string = string> extends Position {
  readonly severity: Severity;
  readonly code: Code;
  /** What the loader will see, and why. */
  readonly message: string;
  readonly key?: string;
}

/** "7:5 error: …" */
export function findingLine({ line, column, severity, message }: Finding): string {
  return `${line}:${column} ${severity}: ${message}`;
}

/** Tells line and column of bytes in a file. Columns count characters, from 1; a byte order mark counts none. */
export function positions(bytes: Uint8Array): (offset: number) => Position {
  const starts = [0];
  for (let i = 0; i < bytes.length; i++) {
    // CR LF and a lone CR end lines, too.
    if (bytes[i] === 0x0a || (bytes[i] === 0x0d && bytes[i + 1] !== 0x0a)) starts.push(i + 1);
  }
  // Where it was asked for last: a whole file may be one line, with thousands of findings.
  let last: Position = { offset: 0, line: 1, column: 1 };
  return (given) => {
    const offset = Math.min(Math.max(0, given), bytes.length);
    const line = lineOf(starts, offset);
    const goesOn = line === last.line && offset >= last.offset;
    const from = goesOn ? last : { offset: starts[line - 1]!, column: 1 };
    const between = new TextDecoder().decode(bytes.subarray(from.offset, offset));
    last = { offset, line, column: from.column + between.length };
    return last;
  };
}

/** The number, from 1, of the last line that begins at or before `offset`. */
function lineOf(starts: readonly number[], offset: number): number {
  let [low, high] = [1, starts.length];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle - 1]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
