import type { Finding as AnyFinding } from '../findings.js';

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

/** What is to be said of a plist for Chameleon. */
export type Finding = AnyFinding<FindingCode>;
