import { StepError } from '../../../errors.js';
import { isFileLink } from '../catalog.js';
import { CatalogFlag, type FileRecord } from '../catalog-record.js';
import { EMPTY_FORK } from '../fork-data.js';
import { Cnid } from '../header.js';
import { PRIVATE_DIRECTORY } from '../walk.js';
import { count, type FileItem, type FolderItem } from './item.js';
import type { StagedCatalog } from './staged-catalog.js';

const LINK_TYPE = 'hlnkhfs+';
const LINK_TEXT_ENCODING = 126;

/** The file a hard link stands for; undefined where the volume has lost it. */
export async function inodeOf(catalog: StagedCatalog, link: FileRecord): Promise<FileItem | undefined> {
  const folder = await catalog.find(Cnid.root, PRIVATE_DIRECTORY);
  if (folder?.kind !== 'folder') return undefined;
  const item = await catalog.find(folder.record.cnid, `iNode${link.bsd.special}`);
  return item?.kind === 'file' ? item : undefined;
}

/** The names of one file that have come so far: a plain file while it is one name. */
export interface LinkGroup {
  file: FileItem;
  inode: boolean;
}

/** By Entry.link. */
export type LinkGroups = Map<number, LinkGroup>;

/** Gives the group's file one more name. With the second one it becomes an inode in `folder`. */
export async function addName(
  catalog: StagedCatalog,
  group: LinkGroup,
  place: { readonly parentID: number; readonly name: string },
  folder: FolderItem,
): Promise<void> {
  if (!group.inode) {
    const { parentID, name, record } = group.file;
    group.file = makeInode(catalog, group.file, folder);
    group.inode = true;
    await linkTo(catalog, group.file, { parentID, name, cnid: record.cnid }, folder);
  }
  await linkTo(catalog, group.file, { ...place, cnid: catalog.takeID() }, folder);
}

/** Turns a plain file into the inode `iNode<CNID>` in `folder`; it has no name yet. */
function makeInode(catalog: StagedCatalog, file: FileItem, folder: FolderItem): FileItem {
  const cnid = catalog.takeID();
  const bsd = { ...file.record.bsd, special: 0 };
  const record = { ...file.record, cnid, bsd, flags: file.record.flags | CatalogFlag.hasLinkChain, firstLink: 0 };
  const inode: FileItem = { ...file, parentID: folder.record.cnid, name: `iNode${cnid}`, record };
  catalog.set(inode);
  count(folder, +1, false);
  catalog.set(folder);
  return inode;
}

/** Makes a name for an inode: a link at the head of its chain. */
async function linkTo(
  catalog: StagedCatalog,
  inode: FileItem,
  place: { readonly parentID: number; readonly name: string; readonly cnid: number },
  folder: FolderItem,
): Promise<void> {
  const next = inode.record.firstLink;
  const created = folder.record.dates.created;
  const finderInfo = new Uint8Array(32);
  finderInfo.set(Buffer.from(LINK_TYPE), 0);
  finderInfo[8] = 0x01; // has been inited
  const link: FileItem = {
    kind: 'file',
    parentID: place.parentID,
    name: place.name,
    xattrs: [],
    forks: { data: undefined, resource: undefined },
    record: {
      kind: 'file',
      flags: CatalogFlag.threadExists | CatalogFlag.hasLinkChain,
      firstLink: 0,
      cnid: place.cnid,
      dates: { created, modified: created, changed: created, accessed: created, backedUp: 0 },
      // The chain: uid is the previous link's CNID, gid the next one's.
      bsd: { uid: 0, gid: next, adminFlags: 0, ownerFlags: 2, mode: 0o100444, special: inode.record.cnid },
      finderInfo,
      textEncoding: LINK_TEXT_ENCODING,
      reserved2: 0,
      data: EMPTY_FORK,
      resource: EMPTY_FORK,
    },
  };
  if (next !== 0) await rechain(catalog, next, { uid: place.cnid });
  const { bsd } = inode.record;
  inode.record = { ...inode.record, firstLink: place.cnid, bsd: { ...bsd, special: bsd.special + 1 } };
  catalog.set(inode);
  catalog.set(link);
}

/** Takes a link out of its chain and one from the count. Returns whether the inode still has a name. */
export async function unlink(catalog: StagedCatalog, inode: FileItem, link: FileItem): Promise<boolean> {
  const { bsd } = inode.record;
  const count = bsd.special - 1;
  let { firstLink } = inode.record;
  if (link.record.flags & CatalogFlag.hasLinkChain) {
    const { uid: previous, gid: next } = link.record.bsd;
    if (previous !== 0) await rechain(catalog, previous, { gid: next });
    else if (firstLink === link.record.cnid) firstLink = next;
    if (next !== 0) await rechain(catalog, next, { uid: previous });
  }
  inode.record = { ...inode.record, firstLink, bsd: { ...bsd, special: count } };
  if (count > 0) catalog.set(inode);
  return count > 0;
}

/** The private folder's record as Apple makes it: invisible, name locked, owner 0, with a count of folders even on H+. */
export function privateFolder(cnid: number, root: FolderItem): FolderItem {
  const { created } = root.record.dates;
  const finderInfo = new Uint8Array(32);
  finderInfo.set([0x50, 0x00, 0x40, 0x00, 0x40, 0x00], 8); // flags, location
  return {
    kind: 'folder',
    parentID: Cnid.root,
    name: PRIVATE_DIRECTORY,
    xattrs: [],
    datesPut: false,
    record: {
      kind: 'folder',
      flags: CatalogFlag.hasFolderCount,
      valence: 0,
      cnid,
      dates: { created, modified: created, changed: created, accessed: created, backedUp: 0 },
      bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: 0o40000, special: 1 },
      finderInfo,
      textEncoding: 0,
      folderCount: 0,
    },
  };
}

async function rechain(catalog: StagedCatalog, cnid: number, change: { uid?: number; gid?: number }): Promise<void> {
  const item = await catalog.byID(cnid);
  if (item?.kind !== 'file' || !isFileLink(item.record)) {
    throw new StepError(`The chain of hard links leads to catalog node ${cnid}, which is no hard link.`, {
      hint: 'Repair the volume with fsck_hfs first.',
    });
  }
  item.record = { ...item.record, bsd: { ...item.record.bsd, ...change } };
  catalog.set(item);
}
