import { createCipheriv, createHash } from 'node:crypto';
import { fromBytes } from '../../src/formats/bytes.js';
import type { Entry, Path } from '../../src/formats/entry.js';

/** The HFS+ date of everything these entries do not say otherwise. */
export const SOME_DATE = 3_500_000_000;

const TYPES = { folder: 0o40755, file: 0o100644, symlink: 0o120755, special: 0o20644 } as const;

/** An entry for tests: whatever is left out has a plausible value. */
export function entry(path: Path, parts: Partial<Entry> & { text?: string } = {}): Entry {
  const { text, ...rest } = parts;
  const kind = rest.kind ?? (text === undefined && rest.data === undefined ? 'folder' : 'file');
  return {
    path,
    kind,
    bsd: { uid: 501, gid: 20, adminFlags: 0, ownerFlags: 0, mode: TYPES[kind], special: 0 },
    dates: { created: SOME_DATE, modified: SOME_DATE, changed: SOME_DATE, accessed: SOME_DATE, backedUp: 0 },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    xattrs: [],
    ...(text === undefined ? {} : { data: fromBytes(Buffer.from(text), path.join('/')) }),
    ...rest,
  };
}

/** Bytes that look random and are always the same for the same name. */
export function noise(name: string, length: number): Uint8Array {
  const key = createHash('sha256').update(name).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}
