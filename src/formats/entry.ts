import { UsageError } from '../errors.js';
import type { ByteSource } from './bytes.js';

/**
 * Names from the root of a tree down, as stored in HFS+: any UTF-16 units, `/` where POSIX shows `:`. [] is the root itself.
 */
export type Path = readonly string[];

/** One file, folder or link with everything about it that must survive a copy from one volume to another. */
export interface Entry {
  readonly path: Path;
  readonly kind: 'folder' | 'file' | 'symlink' | 'special';
  /** HFS+ BSD info. `mode` includes the file type bits; `special` is the device number of a device file, else 0. */
  readonly bsd: {
    readonly uid: number;
    readonly gid: number;
    readonly adminFlags: number;
    readonly ownerFlags: number;
    readonly mode: number;
    readonly special: number;
  };
  /** Seconds since 1904-01-01 00:00 GMT, u32. */
  readonly dates: {
    readonly created: number;
    readonly modified: number;
    readonly changed: number;
    readonly accessed: number;
    readonly backedUp: number;
  };
  /** The catalog record's flags that belong to the file itself: 0x0001 locked, 0x0080 date added. */
  readonly flags: number;
  /** FInfo + FXInfo (or DInfo + DXInfo): 32 bytes, verbatim. */
  readonly finderInfo: Uint8Array;
  readonly textEncoding: number;
  /** The data fork; of a symlink its target (UTF-8, no NUL). Absent for folders. */
  readonly data?: ByteSource;
  /** The resource fork, where it is not empty. */
  readonly resource?: ByteSource;
  /** All extended attributes as stored, com.apple.decmpfs and com.apple.system.Security (ACLs) among them. */
  readonly xattrs: readonly Xattr[];
  /** Set where the file has more than one name: entries with equal `link` are the same file. */
  readonly link?: number;
  /**
   * Set where the entry was given before: once more, with what came to light since. An archive may list a folder, or what belongs
   * to it, after its content. Who copies adds it to what is there: owner, mode, dates, Finder info, attributes, resource fork.
   */
  readonly again?: true;
  /** Where the entry itself lies among the host's files (a mounted volume): for those who copy with the host's own tools. */
  readonly hostPath?: string;
}

export interface Xattr {
  readonly name: string;
  readonly value: ByteSource;
}

/** Anything that can be copied from: a host folder, an HFS+ volume, a package's payload. */
export interface Tree {
  readonly name: string;
  /**
   * Everything at and below `from` (default: the root, which itself is included), parents before their children; some a second
   * time, see Entry.again.
   * A missing `from` yields nothing. The entries' data stay readable after the walk and
   * after `close`, until the file they lie in is closed.
   */
  walk(from?: Path): AsyncIterable<Entry>;
  /** Bytes gone through so far, where a walk takes long: a payload has to be decoded to find what is in it. */
  progress?(): { readonly done: number; readonly total?: number };
  close(): Promise<void>;
}

/** Seconds from 1904-01-01 to 1970-01-01. */
export const HFS_EPOCH = 2_082_844_800;

/** The date HFS+ stores for a Unix time in seconds; clamped to what a u32 holds (1904 … 2040). */
export function hfsDate(unixSeconds: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.floor(unixSeconds) + HFS_EPOCH));
}

/** What changes are dated: now, or SOURCE_DATE_EPOCH, so that the same input can make the same disk. Unix seconds. UsageError for no number. */
export function unixNow(): number {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  if (epoch === undefined || epoch === '') return Math.floor(Date.now() / 1000);
  if (/^\d+$/.test(epoch)) return Number(epoch);
  throw new UsageError(
    `SOURCE_DATE_EPOCH=${epoch}: expected whole seconds since 1970.`,
    'The time of the last commit: git log -1 --format=%ct. Or: unset SOURCE_DATE_EPOCH',
  );
}

/** The same as an HFS+ date. */
export function hfsNow(): number {
  return hfsDate(unixNow());
}

/** A path for people: POSIX form, `:` and `/` exchanged, control characters made visible. */
export function showPath(path: Path): string {
  return `/${path.map(showName).join('/')}`;
}

/** One stored name as POSIX shows it, with control characters made visible. */
export function showName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters in names are exactly what this makes visible
  return name.replace(/[:/\u0000-\u001f\u007f]/g, (c) =>
    c === '/' ? ':' : c === ':' ? '/' : String.fromCharCode(0x2400 + (c === '\u007f' ? 0x21 : c.charCodeAt(0))),
  );
}
