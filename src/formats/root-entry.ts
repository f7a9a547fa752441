import { fromBytes } from './bytes.js';
import { type Entry, hfsNow, type Path, showPath } from './entry.js';

const MODES = { folder: 0o40755, file: 0o100644 } as const;

/** A new file or folder of root's (0755, 0644) with the dates of now: what osx-iso itself adds to a volume. */
export function rootEntry(path: Path, kind: 'folder'): Entry;
export function rootEntry(path: Path, kind: 'file', bytes: Uint8Array): Entry;
export function rootEntry(path: Path, kind: 'folder' | 'file', bytes?: Uint8Array): Entry {
  const now = hfsNow();
  return {
    path,
    kind,
    bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: MODES[kind], special: 0 },
    dates: { created: now, modified: now, changed: now, accessed: now, backedUp: 0 },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    xattrs: [],
    ...(bytes && { data: fromBytes(bytes, showPath(path)) }),
  };
}
