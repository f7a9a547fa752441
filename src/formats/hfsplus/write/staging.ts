import { SourceError, StepError } from '../../../errors.js';
import type { ByteSource } from '../../bytes.js';
import { type Entry, hfsDate, type Path, showPath, type Tree } from '../../entry.js';
import { isDirectoryLink, isFileLink } from '../catalog.js';
import { CatalogFlag } from '../catalog-record.js';
import { Cnid, VolumeAttribute } from '../header.js';
import { compareBinary, compareCaseInsensitive } from '../names.js';
import type { HfsVolume } from '../volume.js';
import { FolderTree, PRIVATE_DIRECTORY } from '../walk.js';
import { checkEntry, fileRecord, folderRecord, newForks, newXattrs } from './entry-record.js';
import { addName, inodeOf, type LinkGroup, type LinkGroups, privateFolder, unlink } from './hard-links.js';
import { count, type FileItem, type FolderItem, type Item, type NewXattr } from './item.js';
import { contentOf, entryOf } from './item-entry.js';
import { foldedName } from './names-map.js';
import { isPrivate } from './private-names.js';
import { StagedCatalog } from './staged-catalog.js';

export interface StagingOptions {
  /** HFS+ date that folders get in which something was added or removed; default: that of the clock. */
  readonly now?: number;
  /** Folders whose dates nothing may touch, besides /System/Library/Extensions (the kernel cache depends on its date). */
  readonly keepDates?: (folder: Path) => boolean;
}

/** Node size of an attributes file made anew, as newfs_hfs makes it. */
export const NEW_ATTRIBUTES_NODE_SIZE = 8192;

const EXTENSIONS: Path = ['System', 'Library', 'Extensions'];

/** What the file that is put meets. */
interface FilePlace {
  readonly parent: FolderItem;
  readonly existing: FileItem | undefined;
  readonly links: LinkGroups;
  readonly xattrs: readonly NewXattr[];
}

/**
 * A volume with changes that are written nowhere yet: reads see the base volume with the changes over it, planVolume makes a new
 * volume of both. Data that is put stays a ByteSource and must stay readable until the planned volume is written.
 */
export class StagedVolume implements Tree {
  readonly base: HfsVolume;
  readonly catalog: StagedCatalog;
  readonly #now: number;
  readonly #keepDates: (folder: Path) => boolean;
  readonly #putLinks: LinkGroups = new Map();
  readonly #treeLinks = new WeakMap<Tree, LinkGroups>();

  constructor(base: HfsVolume, options: StagingOptions = {}) {
    this.base = base;
    const { header } = base;
    if (header.attributes & VolumeAttribute.catalogNodeIDsReused) {
      throw new SourceError(`${base.name}: the volume has used up its catalog node IDs; it cannot be added to.`);
    }
    const { caseSensitive } = base;
    const names = { caseSensitive, compare: caseSensitive ? compareBinary : compareCaseInsensitive };
    this.catalog = new StagedCatalog(base.catalog, header.nextCatalogID, names);
    this.#now = options.now ?? hfsDate(Date.now() / 1000);
    const fold = (path: Path) => path.map((name) => foldedName(name)).join('/');
    const keep = options.keepDates ?? (() => false);
    this.#keepDates = (folder) => fold(folder) === fold(EXTENSIONS) || keep(folder);
  }

  get name(): string {
    return this.base.name;
  }

  /** Bytes of an attributes tree's nodes: the base volume's, or those of the one that would be made. */
  get attributesNodeSize(): number {
    return this.base.attributes?.header.nodeSize ?? NEW_ATTRIBUTES_NODE_SIZE;
  }

  /** In the order of HfsVolume.walk: a folder's content, then its subfolders one after another. */
  async *walk(from: Path = []): AsyncGenerator<Entry> {
    const start = await this.item(from);
    if (!start) return;
    yield entryOf(this.base, this.catalog, start, from);
    const folders = new FolderTree();
    const where = { file: this.base.source.name, structure: 'catalog', offset: 0 };
    folders.enter(start.record.cnid, from, where);
    const waiting: { item: Item; path: Path }[] = [{ item: start, path: from }];
    for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
      if (folder.item.kind !== 'folder') continue;
      const inside: typeof waiting = [];
      for await (const item of this.catalog.children(folder.item.record.cnid)) {
        const path = [...folder.path, item.name];
        if (path.length === 1 && isPrivate(this.base, item.name)) continue;
        if (item.kind === 'folder') {
          folders.enter(item.record.cnid, path, where);
          inside.push({ item, path });
        }
        yield entryOf(this.base, this.catalog, item, path);
      }
      waiting.push(...inside.reverse());
    }
  }

  async entry(path: Path): Promise<Entry | undefined> {
    const item = await this.item(path);
    return item && entryOf(this.base, this.catalog, item, path);
  }

  /** The data fork at `path`, decoded where the file is compressed. */
  async file(path: Path): Promise<ByteSource | undefined> {
    const entry = await this.entry(path);
    return entry && contentOf(entry);
  }

  /**
   * Adds the entry, or replaces the file at its path; a folder over a folder gives that its owner, dates and attributes, and so
   * does what is given again (Entry.again). The parent must be there. Entries put with equal `link` become names of one file. A folder that
   * was put keeps the dates it was put with, whatever is added to it later.
   */
  async put(entry: Entry): Promise<void> {
    await this.#put(entry, this.#putLinks);
  }

  /** Removes one name; a folder must be empty. */
  async remove(path: Path): Promise<void> {
    this.#refusePrivate(path);
    const item = await this.item(path);
    if (!item) throw new SourceError(`${this.name}: there is no ${showPath(path)} to remove.`);
    const parent = path.length > 0 ? await this.item(path.slice(0, -1)) : undefined;
    if (parent?.kind !== 'folder') throw new StepError(`${this.name}: the root folder cannot be removed.`);
    if (item.kind === 'folder') {
      for await (const child of this.catalog.children(item.record.cnid)) {
        throw new StepError(
          `${this.name}: ${showPath(path)} is not empty, it holds ${showPath([child.name]).slice(1)}.`,
        );
      }
    }
    await this.#removeItem(item, parent, path);
    this.#touch(parent, path.slice(0, -1));
  }

  /** Copies everything `from` walks at `path` to `to`, be it nothing; hard links among it stay hard links. */
  async copyFrom(from: Tree, path: Path, to: Path, work?: { readonly signal: AbortSignal }): Promise<void> {
    const links = this.#treeLinks.get(from) ?? new Map<number, LinkGroup>();
    this.#treeLinks.set(from, links);
    for await (const entry of from.walk(path)) {
      work?.signal.throwIfAborted();
      await this.#put({ ...entry, path: [...to, ...entry.path.slice(path.length)] }, links);
    }
  }

  async close(): Promise<void> {
    await this.base.close();
  }

  async #put(entry: Entry, links: LinkGroups): Promise<void> {
    checkEntry(entry);
    const { path } = entry;
    this.#refusePrivate(path);
    // Everything that can fail comes before anything is changed.
    const xattrs = await newXattrs(entry, this.attributesNodeSize);
    const existing = await this.item(path);
    if (existing && (existing.kind === 'folder') !== (entry.kind === 'folder')) {
      const [there, given] = existing.kind === 'folder' ? ['folder', 'file'] : ['file', 'folder'];
      throw new StepError(`${this.name}: ${showPath(path)} is a ${there}; a ${given} cannot take its place.`);
    }
    if (existing?.kind === 'folder') return this.#mergeFolder(existing, entry, xattrs);
    if (existing && entry.again) return this.#amendFile(existing, entry, xattrs);
    const parent = await this.item(path.slice(0, -1));
    if (parent?.kind !== 'folder') {
      throw new StepError(
        `${this.name}: there is no folder ${showPath(path.slice(0, -1))} to put ${path.at(-1)} into.`,
      );
    }
    const place = { parentID: parent.record.cnid, name: path.at(-1)! };
    if (entry.kind === 'folder') {
      const record = folderRecord(entry, this.catalog.takeID(), this.#countsFolders);
      this.catalog.set({ ...place, kind: 'folder', record, xattrs, datesPut: true });
      count(parent, +1, true);
    } else await this.#putFile(entry, place, { parent, existing, links, xattrs });
    this.#touch(parent, path.slice(0, -1));
  }

  async #mergeFolder(folder: FolderItem, entry: Entry, xattrs: readonly NewXattr[]): Promise<void> {
    const { valence, folderCount, flags, cnid, dates } = folder.record;
    const structural = CatalogFlag.hasFolderCount | CatalogFlag.hasLinkChain | CatalogFlag.hasChildLink;
    const record = folderRecord(entry, cnid, false);
    folder.xattrs = xattrs;
    const bsd = { ...record.bsd, special: folder.record.bsd.special };
    const kept = { valence, folderCount, flags: record.flags | (flags & structural), bsd };
    folder.record = { ...record, ...kept, dates: this.#keepDates(entry.path) ? dates : record.dates };
    folder.datesPut = true;
    this.catalog.set(folder);
  }

  /** Adds what came late of a file that was put; its numbers, names and data stay. */
  async #amendFile(named: FileItem, entry: Entry, xattrs: readonly NewXattr[]): Promise<void> {
    const file = (isFileLink(named.record) && (await inodeOf(this.catalog, named.record))) || named;
    const { record, forks } = file;
    const { flags, finderInfo, bsd } = fileRecord(entry, record.cnid);
    const structural = record.flags & (CatalogFlag.threadExists | CatalogFlag.hasLinkChain);
    const ownerFlags = { bsd: { ...record.bsd, ownerFlags: bsd.ownerFlags } };
    file.record = { ...record, ...ownerFlags, finderInfo, flags: (flags & ~CatalogFlag.threadExists) | structural };
    file.xattrs = xattrs;
    if (forks) file.forks = { ...forks, resource: newForks(entry).resource };
    this.catalog.set(file);
  }

  async #putFile(
    entry: Entry,
    place: { readonly parentID: number; readonly name: string },
    { parent, existing, links, xattrs }: FilePlace,
  ): Promise<void> {
    let cnid: number | undefined;
    if (existing) {
      // A plain file keeps its CNID: the blessing may name it. A name of a shared file makes way for a file of its own.
      if (entry.link === undefined && !isFileLink(existing.record) && !isDirectoryLink(existing.record)) {
        cnid = existing.record.cnid;
      } else await this.#removeItem(existing, parent, entry.path);
    }
    if (cnid === undefined) count(parent, +1, false);
    const group = entry.link === undefined ? undefined : links.get(entry.link);
    if (group && this.catalog.changed(group.file.record.cnid) === group.file) {
      return addName(this.catalog, group, place, await this.#privateFolder());
    }
    const record = fileRecord(entry, cnid ?? this.catalog.takeID());
    const file: FileItem = { ...place, kind: 'file', record, xattrs, forks: newForks(entry) };
    this.catalog.set(file);
    if (entry.link !== undefined) links.set(entry.link, { file, inode: false });
  }

  async #removeItem(item: Item, parent: FolderItem, path: Path): Promise<void> {
    if (item.kind === 'file' && isDirectoryLink(item.record)) {
      throw new StepError(
        `${this.name}: ${showPath(path)} is a hard link to a folder; those can only be removed on a Mac.`,
      );
    }
    if (item.kind === 'file' && isFileLink(item.record)) {
      const inode = await inodeOf(this.catalog, item.record);
      if (inode && !(await unlink(this.catalog, inode, item))) {
        this.catalog.remove(inode);
        const folder = await this.#privateFolder();
        count(folder, -1, false);
        this.catalog.set(folder);
      }
    }
    this.catalog.remove(item);
    count(parent, -1, item.kind === 'folder');
    this.catalog.set(parent);
  }

  /** The folder of the inodes, made when there is none. */
  async #privateFolder(): Promise<FolderItem> {
    const found = await this.catalog.find(Cnid.root, PRIVATE_DIRECTORY);
    if (found?.kind === 'folder') return this.#staged(found);
    const root = await this.#root();
    const folder = privateFolder(this.catalog.takeID(), root);
    count(root, +1, true);
    this.catalog.set(root);
    this.catalog.set(folder);
    return folder;
  }

  #touch(folder: FolderItem, path: Path): void {
    if (!folder.datesPut && !this.#keepDates(path)) {
      const dates = { ...folder.record.dates, modified: this.#now, changed: this.#now };
      folder.record = { ...folder.record, dates };
    }
    this.catalog.set(folder);
  }

  /** The same item as one that counts as changed. */
  #staged(folder: FolderItem): FolderItem {
    this.catalog.set(folder);
    return folder;
  }

  /** HFSX keeps the number of folders in each folder. */
  get #countsFolders(): boolean {
    return this.base.header.signature === 'HX';
  }

  async #root(): Promise<FolderItem> {
    const root = await this.catalog.byID(Cnid.root);
    if (root?.kind !== 'folder') throw new SourceError(`${this.name}: the volume has no root folder.`);
    return root;
  }

  /** What lies at a path, as it will be written; hard links not followed. */
  async item(path: Path): Promise<Item | undefined> {
    let item: Item = await this.#root();
    for (const name of path) {
      if (item.kind !== 'folder') return undefined;
      const child = await this.catalog.find(item.record.cnid, name);
      if (!child) return undefined;
      item = child;
    }
    return item;
  }

  #refusePrivate(path: Path): void {
    if (path.length === 0 || !isPrivate(this.base, path[0]!)) return;
    throw new StepError(`${this.name}: ${showPath(path)} is the file system's own and cannot be changed.`);
  }
}
