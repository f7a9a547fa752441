import type { AppleDouble } from '../appledouble.js';
import { type ByteSource, fromBytes } from '../bytes.js';
import type { CpioHeader } from '../cpio/index.js';
import { type Entry, hfsDate, type Path } from '../entry.js';
import type { LinkGroup } from './links.js';

const S_IFMT = 0o170000;
const KINDS: ReadonlyMap<number, Entry['kind']> = new Map([
  [0o040000, 'folder'],
  [0o100000, 'file'],
  [0o120000, 'symlink'],
  [0o010000, 'special'],
  [0o020000, 'special'],
  [0o060000, 'special'],
  [0o140000, 'special'],
]);
/** Finder type and creator of a symbolic link (TN1150). */
const SYMLINK_INFO = Buffer.from('slnkrhap', 'latin1');
const EMPTY = new Uint8Array(0);

/** What is known of an entry so far; AppleDouble and hard-linked data may still come. */
export interface Draft {
  readonly path: Path;
  /** See CpioEntry.key. */
  readonly key: string;
  readonly kind: Entry['kind'];
  readonly header: Pick<CpioHeader, 'mode' | 'uid' | 'gid' | 'mtime' | 'rdev'>;
  readonly data?: ByteSource | undefined;
  readonly group?: LinkGroup<Draft> | undefined;
  double?: AppleDouble | undefined;
}

/** What the type bits of a mode mean; undefined for none of them. */
export function kindOf(mode: number): Entry['kind'] | undefined {
  return KINDS.get(mode & S_IFMT);
}

/** A folder that an archive leaves out although something is in it. */
export function impliedFolder(path: Path): Draft {
  return {
    path,
    key: path.map((name) => name.replaceAll('/', ':')).join('/'),
    kind: 'folder',
    header: { mode: 0o040755, uid: 0, gid: 0, mtime: 0, rdev: { major: 0, minor: 0 } },
  };
}

/** The entry a draft has become. */
export function finished(draft: Draft): Entry {
  const { path, kind, header, group, double } = draft;
  const date = hfsDate(header.mtime);
  const finderInfo = new Uint8Array(32);
  if (kind === 'symlink') finderInfo.set(SYMLINK_INFO);
  if (double?.finderInfo) finderInfo.set(double.finderInfo);
  const data = kind === 'file' ? (group?.data ?? draft.data ?? fromBytes(EMPTY, path.at(-1) ?? '')) : draft.data;
  const device = header.mode & S_IFMT;
  return {
    path,
    kind,
    bsd: {
      uid: header.uid,
      gid: header.gid,
      adminFlags: 0,
      ownerFlags: 0,
      mode: header.mode & 0xffff,
      // BSD's dev_t: 8 bits of major number, 24 of minor.
      special:
        device === 0o020000 || device === 0o060000
          ? (((header.rdev.major & 0xff) << 24) | (header.rdev.minor & 0xffffff)) >>> 0
          : 0,
    },
    dates: { created: date, modified: date, changed: date, accessed: date, backedUp: 0 },
    flags: 0,
    finderInfo,
    textEncoding: 0,
    ...(data && { data }),
    // Folders have no forks, but AppleDoubles have room for one.
    ...(kind !== 'folder' && double?.resource && { resource: double.resource }),
    xattrs: double?.xattrs ?? [],
    ...(group && { link: group.id }),
  };
}
