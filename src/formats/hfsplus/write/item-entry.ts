import { type ByteSource, fromBytes } from '../../bytes.js';
import { concat } from '../../concat.js';
import { type Entry, type Path, showPath, type Xattr } from '../../entry.js';
import { isFileLink } from '../catalog.js';
import { type BsdInfo, CatalogFlag, UF_COMPRESSED } from '../catalog-record.js';
import { DECMPFS_XATTR, decompressed } from '../decmpfs.js';
import { ForkType } from '../extent-record.js';
import type { HfsVolume } from '../volume.js';
import { fault } from '../where.js';
import { inodeOf } from './hard-links.js';
import type { FileItem, Item } from './item.js';
import type { StagedCatalog } from './staged-catalog.js';

const OWN_FLAGS = CatalogFlag.locked | CatalogFlag.hasDateAdded;

/** An item of a staged volume as an Entry: of a hard link, with everything its inode has. */
export async function entryOf(base: HfsVolume, catalog: StagedCatalog, named: Item, path: Path): Promise<Entry> {
  const title = `${base.source.name}: ${showPath(path)}`;
  const inode = await sharedFile(catalog, named, title);
  const item = inode ?? named;
  const { record } = item;
  const kind = kindOf(item);
  const common = {
    path,
    kind,
    bsd: { ...record.bsd, special: kind === 'special' ? record.bsd.special : 0 } satisfies BsdInfo,
    dates: record.dates,
    flags: record.flags & OWN_FLAGS,
    finderInfo: record.finderInfo,
    textEncoding: record.textEncoding,
    xattrs: await xattrsOf(base, item, title),
  };
  if (item.kind === 'folder') return common;
  const resource = await forkOf(base, item, 'resource', `${title} (resource fork)`);
  return {
    ...common,
    data: await forkOf(base, item, 'data', title),
    ...(resource.size > 0 ? { resource } : {}),
    ...(inode ? { link: inode.record.cnid } : {}),
  };
}

/** The content of an entry as a program on OS X would read it; undefined for what is no plain file. */
export async function contentOf(entry: Entry): Promise<ByteSource | undefined> {
  if (entry.kind !== 'file' || !entry.data) return undefined;
  const attribute = entry.xattrs.find((xattr) => xattr.name === DECMPFS_XATTR);
  if (!attribute || (entry.bsd.ownerFlags & UF_COMPRESSED) === 0) return entry.data;
  return decompressed(attribute.value, entry.resource, entry.data.name);
}

/** FormatError where what the names share is lost: an empty file would be taken for it. */
async function sharedFile(catalog: StagedCatalog, item: Item, title: string): Promise<FileItem | undefined> {
  if (item.kind !== 'file' || !isFileLink(item.record)) return undefined;
  const inode = await inodeOf(catalog, item.record);
  if (inode) return inode;
  const where = { file: title, structure: 'hard link', offset: 0 };
  throw fault(where, 0, `iNode${item.record.bsd.special}`, 'none');
}

async function xattrsOf(base: HfsVolume, item: Item, title: string): Promise<Xattr[]> {
  if (!item.xattrs) return base.mayHaveXattrs(item.record) ? base.xattrs(item.record.cnid) : [];
  return item.xattrs.map(({ name, value }) => ({
    name,
    value: value instanceof Uint8Array ? fromBytes(value, `${title}: attribute ${name}`) : value.source,
  }));
}

async function forkOf(base: HfsVolume, item: FileItem, fork: 'data' | 'resource', title: string): Promise<ByteSource> {
  if (item.forks) return item.forks[fork]?.source ?? concat([], title);
  return base.fork(item.record.cnid, item.record[fork], ForkType[fork], title);
}

function kindOf({ kind, record }: Item): Entry['kind'] {
  if (kind === 'folder') return 'folder';
  switch (record.bsd.mode & 0o170000) {
    case 0o120000:
      return 'symlink';
    case 0:
    case 0o100000:
      return 'file';
    default:
      return 'special';
  }
}
