import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { type Entry, hfsDate, type Path, type Xattr } from '../../src/formats/entry.js';
import { mix, seedFor } from './random.js';

/** An entry that a made volume will have, with what the listing of the truth needs beyond it. */
export interface MadeEntry extends Entry {
  /** What a reader gets, where that is not the data fork as it is stored (decmpfs). */
  readonly plain?: ByteSource;
  /** Break the data fork on purpose into runs of this many allocation blocks. */
  readonly pieces?: number;
}

/** What may be said about an entry; the rest is as on a fresh system: root, wheel, 0644 or 0755. */
export interface Details {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly ownerFlags?: number;
  readonly adminFlags?: number;
  readonly special?: number;
  readonly locked?: boolean;
  readonly finderInfo?: Uint8Array;
  readonly xattrs?: readonly Xattr[];
  readonly resource?: ByteSource;
  readonly link?: number;
  readonly plain?: ByteSource;
  readonly pieces?: number;
}

const S_IFIFO = 0o010000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const UF_IMMUTABLE = 0x02;
const LOCKED = 0x0001;
/** The first of the days on which the files of an installer were made; noon GMT. */
const FIRST_DAY = Date.UTC(2015, 6, 1, 12) / 1000;
const SIX_WEEKS = 42 * 86_400;
// Shared by the tens of thousands of entries that have none.
const NO_FINDER_INFO = new Uint8Array(32);
const NO_XATTRS: readonly Xattr[] = [];

/** Collects the entries of one volume or payload in the order in which they are said; folders come before what is in them. */
export class EntryList {
  readonly entries: MadeEntry[] = [];
  private readonly byPath = new Map<string, MadeEntry>();
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  has(path: Path): boolean {
    return this.byPath.has(path.join('\0'));
  }

  /** Adds a folder and those above it that are not there yet. Saying it twice is no fault: the first time counts. */
  folder(path: Path, details: Details = {}): void {
    if (path.length === 0 || this.has(path)) return;
    this.folder(path.slice(0, -1));
    this.add(path, 'folder', S_IFDIR | (details.mode ?? 0o755), details);
  }

  file(path: Path, data: ByteSource, details: Details = {}): void {
    this.folder(path.slice(0, -1));
    this.add(path, 'file', S_IFREG | (details.mode ?? 0o644), details, data);
  }

  text(path: Path, text: string, details: Details = {}): void {
    this.file(path, fromBytes(Buffer.from(text), path.at(-1) ?? ''), details);
  }

  symlink(path: Path, target: string, details: Details = {}): void {
    this.folder(path.slice(0, -1));
    const finderInfo = Buffer.alloc(32);
    finderInfo.write('slnkrhap', 'latin1');
    const data = fromBytes(Buffer.from(target), path.at(-1) ?? '');
    this.add(path, 'symlink', S_IFLNK | 0o755, { finderInfo, ...details }, data);
  }

  pipe(path: Path): void {
    this.folder(path.slice(0, -1));
    this.add(path, 'special', S_IFIFO | 0o644, {});
  }

  /** A further name of the file at `path`, which must have been given a `link` number. */
  hardLink(path: Path, of: Path): void {
    const first = this.byPath.get(of.join('\0'));
    if (first?.link === undefined) throw new Error(`${of.join('/')} was not made to be linked to`);
    this.folder(path.slice(0, -1));
    this.put({ ...first, path });
  }

  private add(path: Path, kind: Entry['kind'], mode: number, details: Details, data?: ByteSource): void {
    const draw = seedFor(this.seed, path.join('/'));
    const created = hfsDate(FIRST_DAY + (draw % SIX_WEEKS));
    const modified = created + (mix(draw, 1) % 3600);
    const changed = modified + (mix(draw, 2) % 60);
    this.put({
      path,
      kind,
      bsd: {
        uid: details.uid ?? 0,
        gid: details.gid ?? 0,
        adminFlags: details.adminFlags ?? 0,
        ownerFlags: (details.ownerFlags ?? 0) | (details.locked ? UF_IMMUTABLE : 0),
        mode,
        special: details.special ?? 0,
      },
      dates: { created, modified, changed, accessed: changed, backedUp: 0 },
      flags: details.locked ? LOCKED : 0,
      finderInfo: details.finderInfo ?? NO_FINDER_INFO,
      textEncoding: 0,
      ...(data === undefined ? {} : { data }),
      ...(details.resource === undefined ? {} : { resource: details.resource }),
      xattrs: details.xattrs ?? NO_XATTRS,
      ...(details.link === undefined ? {} : { link: details.link }),
      ...(details.plain === undefined ? {} : { plain: details.plain }),
      ...(details.pieces === undefined ? {} : { pieces: details.pieces }),
    });
  }

  private put(entry: MadeEntry): void {
    const key = entry.path.join('\0');
    if (this.byPath.has(key)) throw new Error(`two entries at ${entry.path.join('/')}`);
    this.byPath.set(key, entry);
    this.entries.push(entry);
  }
}
