import { SourceError, StepError } from '../../../errors.js';
import { type Entry, showPath } from '../../entry.js';
import { readWhole } from '../../whole.js';
import { maxInlineAttribute } from '../attribute-record.js';
import { CatalogFlag, type FileRecord, type FolderRecord, UF_COMPRESSED } from '../catalog-record.js';
import { EMPTY_FORK } from '../fork-data.js';
import { MAX_NAME_UNITS, MAX_XATTR_NAME_UNITS } from '../unicode-name.js';
import type { NewFork, NewForks, NewXattr } from './item.js';
import { foldedName } from './names-map.js';

export const ACL_XATTR = 'com.apple.system.Security';
export const DECMPFS_XATTR = 'com.apple.decmpfs';
/** What has a place of its own in the catalog record and must not come as an extended attribute. */
const NOT_XATTRS = ['com.apple.ResourceFork', 'com.apple.FinderInfo'];
/** Flags of a record that an entry brings along; the others say how the volume is built. */
const OWN_FLAGS = CatalogFlag.locked | CatalogFlag.hasDateAdded;
const MAX_LINK_TARGET = 1024;

/** A folder's record made of an entry; what it holds is counted by whoever adds it. */
export function folderRecord(entry: Entry, cnid: number, countsFolders: boolean): FolderRecord {
  return {
    kind: 'folder',
    flags: ownFlags(entry) | (countsFolders ? CatalogFlag.hasFolderCount : 0),
    valence: 0,
    cnid,
    dates: { ...entry.dates },
    bsd: { ...entry.bsd, special: 1 },
    finderInfo: finderInfoOf(entry),
    textEncoding: entry.textEncoding,
    folderCount: 0,
  };
}

/** A file's record made of an entry, without its forks. `special` holds the device number or, of others, one link. */
export function fileRecord(entry: Entry, cnid: number): FileRecord {
  const compressed = entry.xattrs.some((xattr) => xattr.name === DECMPFS_XATTR);
  const ownerFlags = compressed ? entry.bsd.ownerFlags : entry.bsd.ownerFlags & ~UF_COMPRESSED;
  return {
    kind: 'file',
    flags: ownFlags(entry) | CatalogFlag.threadExists,
    firstLink: 0,
    cnid,
    dates: { ...entry.dates },
    bsd: { ...entry.bsd, ownerFlags, special: entry.kind === 'special' ? entry.bsd.special : 1 },
    finderInfo: finderInfoOf(entry),
    textEncoding: entry.textEncoding,
    reserved2: 0,
    data: EMPTY_FORK,
    resource: EMPTY_FORK,
  };
}

/** The forks of an entry as new forks; empty ones get no blocks and are none. */
export function newForks(entry: Entry): NewForks {
  const fork = (source: Entry['data']): NewFork | undefined => (source && source.size > 0 ? { source } : undefined);
  return { data: fork(entry.data), resource: fork(entry.resource) };
}

/** The attributes of an entry; those that fit into a record of a node of this size are read now. */
export async function newXattrs(entry: Entry, nodeSize: number): Promise<NewXattr[]> {
  const most = maxInlineAttribute(nodeSize);
  const seen = new Set<string>();
  const xattrs: NewXattr[] = [];
  for (const { name, value } of entry.xattrs) {
    if (NOT_XATTRS.includes(name)) {
      throw new StepError(`${showPath(entry.path)}: ${name} is no extended attribute of HFS+ but a part of the file.`);
    }
    if (name.length === 0 || name.length > MAX_XATTR_NAME_UNITS || seen.has(name)) {
      throw new SourceError(`${showPath(entry.path)}: extended attribute "${name}" cannot be stored on HFS+.`);
    }
    seen.add(name);
    const small = value.size <= most;
    const read = async () => Uint8Array.from(await readWhole(value, { what: `extended attribute ${name}`, most }));
    xattrs.push({ name, value: small ? await read() : { source: value } });
  }
  return xattrs;
}

/** Throws unless the volume can hold what the entry says. */
export function checkEntry(entry: Entry): void {
  const name = entry.path.at(-1);
  const refuse = (what: string): never => {
    throw new SourceError(`${showPath(entry.path)}: ${what}.`);
  };
  if (name !== undefined && name.length > MAX_NAME_UNITS) {
    refuse(`the name has ${name.length} UTF-16 units; HFS+ holds ${MAX_NAME_UNITS}`);
  }
  // A name of nothing but ignorable characters would equal the key of its parent's thread record.
  if (name !== undefined && foldedName(name) === '') refuse('HFS+ cannot hold this name');
  if (entry.finderInfo.length !== 32) refuse(`Finder info of ${entry.finderInfo.length} bytes instead of 32`);
  if (entry.kind === 'folder' && (entry.data || entry.resource)) refuse('a folder has no forks');
  if (entry.kind === 'symlink' && !(entry.data && entry.data.size > 0 && entry.data.size <= MAX_LINK_TARGET)) {
    refuse('a symbolic link needs a target of 1 to 1024 bytes');
  }
}

function ownFlags(entry: Entry): number {
  let flags = entry.flags & OWN_FLAGS;
  if (entry.xattrs.length > 0) flags |= CatalogFlag.hasAttributes;
  if (entry.xattrs.some((xattr) => xattr.name === ACL_XATTR)) flags |= CatalogFlag.hasSecurity;
  return flags;
}

/** As given; a symbolic link without type and creator gets those by which the kernel knows one. */
function finderInfoOf(entry: Entry): Uint8Array {
  const info = Uint8Array.from(entry.finderInfo);
  if (entry.kind === 'symlink' && info.subarray(0, 8).every((byte) => byte === 0)) info.set(Buffer.from('slnkrhap'), 0);
  return info;
}
