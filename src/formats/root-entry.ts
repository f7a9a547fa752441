import type { ByteSource } from './bytes.js';
import { type Entry, hfsNow, type Path } from './entry.js';

const MODES = { folder: 0o40755, file: 0o100644 } as const;

/** HFS+ dates; what is left out is as it was made. */
export interface EntryDates {
  readonly created: number;
  readonly modified: number;
}

/**
 * A file or folder of root's (0755, 0644), dated now unless `dates` says otherwise: what osx-iso itself adds to a volume, and what comes
 * from what has no owners (archives, FAT).
 */
export function rootEntry(path: Path, kind: 'folder', dates?: EntryDates): Entry;
export function rootEntry(path: Path, kind: 'file', dates: EntryDates | undefined, data: ByteSource): Entry;
export function rootEntry(path: Path, kind: 'folder' | 'file', dates?: EntryDates, data?: ByteSource): Entry {
  const now = dates ? 0 : hfsNow();
  const { created, modified } = dates ?? { created: now, modified: now };
  return {
    path,
    kind,
    bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: MODES[kind], special: 0 },
    dates: { created, modified, changed: modified, accessed: modified, backedUp: 0 },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    xattrs: [],
    ...(data && { data }),
  };
}
