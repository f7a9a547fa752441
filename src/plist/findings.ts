import type { Position } from './loader.js';

/** 'error': the loader does something else than the file says. 'warning': some loaders might, or the file is odd. */
export type Severity = 'error' | 'warning';

/** What kind of trouble it is; for programs. */
export type FindingCode =
  | 'file-name'
  | 'not-xml-text'
  | 'no-dict'
  | 'comment-before-dict'
  | 'comment-in-dict'
  | 'comment-for-value'
  | 'unknown-element'
  | 'dict-not-closed'
  | 'outside-dict'
  | 'no-plist-element'
  | 'not-a-string'
  | 'boolean-element'
  | 'empty-element'
  | 'entity'
  | 'markup-in-text'
  | 'not-ascii'
  | 'blanks'
  | 'unknown-key'
  | 'key-not-read'
  | 'value'
  | 'kernel-not-found'
  | 'timeout-missing'
  | 'duplicate'
  | 'over-size'
  | 'leave-off';

/** One thing about a plist that a person should know. */
export interface Finding extends Position {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** What the loader will see, and why. */
  readonly message: string;
  readonly key?: string;
}

/** Tells line and column of bytes in a file. Columns count characters, from 1; a byte order mark counts none. */
export function positions(bytes: Uint8Array): (offset: number) => Position {
  const starts = [0];
  for (let i = 0; i < bytes.length; i++) {
    // CR LF and a lone CR end lines, too.
    if (bytes[i] === 0x0a || (bytes[i] === 0x0d && bytes[i + 1] !== 0x0a)) starts.push(i + 1);
  }
  return (given) => {
    const offset = Math.min(Math.max(0, given), bytes.length);
    let line = starts.length;
    while (starts[line - 1]! > offset) line--;
    const before = new TextDecoder().decode(bytes.subarray(starts[line - 1]!, offset));
    return { offset, line, column: before.length + 1 };
  };
}
