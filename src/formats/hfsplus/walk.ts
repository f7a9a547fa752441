import type { ByteSource } from '../bytes.js';
import type { Entry, Path, Xattr } from '../entry.js';
import { showPath } from '../entry.js';
import { type Found, typeAndCreator } from './catalog.js';
import { CatalogFlag, type FileRecord } from './catalog-record.js';
import { ForkType } from './extent-record.js';
import type { ForkData } from './fork-data.js';
import { Cnid } from './header.js';
import { fault, type Where } from './where.js';

/** What of a volume is asked for to go through it; HfsVolume has it. */
export interface Walkable {
  readonly source: { readonly name: string };
  lookup(path: Path): Promise<Found | undefined>;
  children(cnid: number): AsyncGenerator<Found>;
  privateDirectory(): Promise<number | undefined>;
  inode(link: Found): Promise<FileRecord | undefined>;
  mayHaveXattrs(record: Found['record']): boolean;
  xattrs(cnid: number): Promise<Xattr[]>;
  fork(cnid: number, data: ForkData, forkType: number, title: string): Promise<ByteSource>;
}

/** Where the inodes of hard links are: a folder in the root that nobody sees. */
export const PRIVATE_DIRECTORY = '\0\0\0\0HFS+ Private Data';
/** The same for directory hard links. */
export const PRIVATE_DIRECTORY_LINKS = '.HFS+ Private Directory Data\r';

/** The catalog flags that belong to the file itself, see Entry.flags. */
const OWN_FLAGS = CatalogFlag.locked | CatalogFlag.hasDateAdded;

/** A bound, no rule: nobody's folders lie so deep in each other, and a damaged volume's must end. */
const DEEPEST = 1024;

/** Sees that folders, each with its path, are a tree: a FormatError for one that is there twice, or deeper than any. */
export class FolderTree {
  readonly #seen = new Set<number>();

  /** `where`: what names the folder. */
  enter(cnid: number, path: Path, where: Where): void {
    if (this.#seen.has(cnid)) throw fault(where, 0, 'each folder once', `CNID ${cnid} again at ${showPath(path)}`);
    if (path.length > DEEPEST) throw fault(where, 0, `at most ${DEEPEST} folders in each other`, 'more');
    this.#seen.add(cnid);
  }
}

/** Everything at and below a path: a folder's content in catalog order, then its subfolders one after another. */
export async function* walkVolume(volume: Walkable, from: Path): AsyncGenerator<Entry> {
  const start = await volume.lookup(from);
  if (!start) return;
  yield readEntry(volume, from, start);
  if (start.record.kind !== 'folder') return;
  const inodes = await volume.privateDirectory();
  const folders = new FolderTree();
  folders.enter(start.record.cnid, from, start.where);
  const waiting: { path: Path; cnid: number }[] = [{ path: from, cnid: start.record.cnid }];
  for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
    const inside: typeof waiting = [];
    for await (const found of volume.children(folder.cnid)) {
      if (isHidden(found, inodes)) continue;
      const path = [...folder.path, found.key.name];
      if (found.record.kind === 'folder') {
        folders.enter(found.record.cnid, path, found.where);
        inside.push({ path, cnid: found.record.cnid });
      }
      yield readEntry(volume, path, found);
    }
    waiting.push(...inside.reverse());
  }
}

/** What no program on OS X sees: private directories, the journal's files, files deleted while open. */
function isHidden({ key, record }: Found, inodes: number | undefined): boolean {
  if (key.parentID === inodes) return /^temp\d+$/.test(key.name);
  if (key.parentID !== Cnid.root) return false;
  if (record.kind === 'folder') return key.name === PRIVATE_DIRECTORY || key.name === PRIVATE_DIRECTORY_LINKS;
  return (key.name === '.journal' || key.name === '.journal_info_block') && typeAndCreator(record) === 'jrnlhfs+';
}

/** A record with everything that belongs to it as an Entry. */
export async function readEntry(volume: Walkable, path: Path, found: Found): Promise<Entry> {
  const inode = await volume.inode(found);
  const record = inode ?? found.record;
  const kind = kindOf(record.kind, record.bsd.mode);
  const title = `${volume.source.name}: ${showPath(path)}`;
  const entry: Mutable<Entry> = {
    path,
    kind,
    // On disk `special` is also a link count or an inode number, which are not the file's own.
    bsd: { ...record.bsd, special: kind === 'special' ? record.bsd.special : 0 },
    dates: record.dates,
    flags: record.flags & OWN_FLAGS,
    finderInfo: record.finderInfo,
    textEncoding: record.textEncoding,
    xattrs: volume.mayHaveXattrs(record) ? await volume.xattrs(record.cnid) : [],
  };
  if (record.kind === 'file') {
    entry.data = await volume.fork(record.cnid, record.data, ForkType.data, title);
    if (record.resource.logicalSize > 0) {
      entry.resource = await volume.fork(record.cnid, record.resource, ForkType.resource, `${title} (resource fork)`);
    }
  }
  if (inode) entry.link = inode.cnid;
  return entry;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function kindOf(kind: 'folder' | 'file', mode: number): Entry['kind'] {
  if (kind === 'folder') return 'folder';
  switch (mode & 0o170000) {
    case 0o120000:
      return 'symlink';
    case 0: // files of systems before OS X have no mode
    case 0o100000:
      return 'file';
    default:
      return 'special';
  }
}
