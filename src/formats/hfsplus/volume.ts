import type { ByteSource } from '../bytes.js';
import { concat } from '../concat.js';
import type { Entry, Path, Tree, Xattr } from '../entry.js';
import { showPath } from '../entry.js';
import type { AttributeKey } from './attribute-record.js';
import { readXattrs } from './attributes.js';
import { BTree } from './btree.js';
import { KeyCompare } from './btree-header.js';
import { Catalog, type Found, isFileLink } from './catalog.js';
import type { CatalogKey } from './catalog-key.js';
import { CatalogFlag, type FileRecord, UF_COMPRESSED } from './catalog-record.js';
import { DECMPFS_XATTR, decompressed } from './decmpfs.js';
import { type ExtentKey, ForkType } from './extent-record.js';
import { allExtents, forkSource } from './extents.js';
import type { Extent, ForkData } from './fork-data.js';
import { Cnid, decodeVolumeHeader, VOLUME_HEADER_OFFSET, VOLUME_HEADER_SIZE, type VolumeHeader } from './header.js';
import { type Journal, readJournal } from './journal.js';
import { ATTRIBUTES_TREE, catalogTree, EXTENTS_TREE } from './trees.js';
import { PRIVATE_DIRECTORY, readEntry, walkVolume } from './walk.js';
import { fault, type Where } from './where.js';

/** An HFS+ or HFSX volume, for reading. Opening is also the check that it is one. */
export class HfsVolume implements Tree {
  readonly source: ByteSource;
  readonly header: VolumeHeader;
  /** The label: the root folder's name. */
  readonly name: string;
  readonly caseSensitive: boolean;
  readonly extentsTree: BTree<ExtentKey>;
  readonly catalog: BTree<CatalogKey>;
  /** The catalog by names and CNIDs. */
  readonly files: Catalog;
  /** Absent on volumes that never had an extended attribute. */
  readonly attributes: BTree<AttributeKey> | undefined;
  #privateDirectory: Promise<number | undefined> | undefined;

  private constructor(
    source: ByteSource,
    header: VolumeHeader,
    name: string,
    trees: { extents: BTree<ExtentKey>; files: Catalog; attributes: BTree<AttributeKey> | undefined },
  ) {
    this.source = source;
    this.header = header;
    this.name = name;
    this.extentsTree = trees.extents;
    this.files = trees.files;
    this.catalog = trees.files.tree;
    this.attributes = trees.attributes;
    this.caseSensitive = header.signature === 'HX' && this.catalog.header.keyCompareType === KeyCompare.binary;
  }

  /** Opens the volume that fills `source` (a partition). FormatError for anything else, classic HFS among it. */
  static async open(source: ByteSource): Promise<HfsVolume> {
    const header = await readVolumeHeader(source);
    const blocks = { source, header };
    const fork = async (file: string, cnid: number, data: ForkData, overflow?: BTree<ExtentKey>) => {
      const where: Where = { file: `${source.name}: ${file}`, structure: `fork data of the ${file}`, offset: 0 };
      return forkSource(blocks, await allExtents(overflow, cnid, ForkType.data, data), data.logicalSize, where);
    };
    const extents = await BTree.open(await fork('extents file', Cnid.extents, header.extentsFile), EXTENTS_TREE);
    const catalog: BTree<CatalogKey> = await BTree.open(
      await fork('catalog file', Cnid.catalog, header.catalogFile, extents),
      catalogTree(header.signature),
    );
    const attributes =
      header.attributesFile.logicalSize === 0
        ? undefined
        : await BTree.open(
            await fork('attributes file', Cnid.attributes, header.attributesFile, extents),
            ATTRIBUTES_TREE,
          );
    const files = new Catalog(catalog);
    const root = await files.root();
    return new HfsVolume(source, header, root.key.name, { extents, files, attributes });
  }

  /** The state of the journal; FormatError where it cannot be told. */
  journal(): Promise<Journal> {
    return readJournal(this.source, this.header);
  }

  /** The catalog's record at a path, hard links not followed. */
  lookup(path: Path): Promise<Found | undefined> {
    return this.files.lookup(path);
  }

  /** Everything directly in a folder, as the catalog has it. */
  children(cnid: number): AsyncGenerator<Found> {
    return this.files.children(cnid);
  }

  /** The entry at a path: of a hard link, with everything its inode has. */
  async entry(path: Path): Promise<Entry | undefined> {
    const found = await this.lookup(path);
    return found && readEntry(this, path, found);
  }

  /** See Tree. Private directories and the journal's files are left out, but can be named as `from`. */
  walk(from: Path = []): AsyncGenerator<Entry> {
    return walkVolume(this, from);
  }

  /**
   * The content of a file as a program on OS X would read it: hard links followed, compressed files decoded. Undefined where
   * there is no file (nothing, a folder, a symbolic link, a device).
   */
  async file(path: Path): Promise<ByteSource | undefined> {
    const found = await this.lookup(path);
    if (found?.record.kind !== 'file') return undefined;
    const record = (await this.inode(found)) ?? found.record;
    const format = record.bsd.mode & 0o170000;
    if (format !== 0 && format !== 0o100000) return undefined;
    const title = `${this.source.name}: ${showPath(path)}`;
    if ((record.bsd.ownerFlags & UF_COMPRESSED) !== 0) {
      const attribute = (await this.xattrs(record.cnid)).find((xattr) => xattr.name === DECMPFS_XATTR);
      if (attribute) {
        const resource = await this.fork(record.cnid, record.resource, ForkType.resource, title);
        return decompressed(attribute.value, resource.size > 0 ? resource : undefined, title);
      }
    }
    return this.fork(record.cnid, record.data, ForkType.data, title);
  }

  /** All extents of a fork, those in the extents overflow file too. */
  extents(cnid: number, data: ForkData, forkType: number): Promise<readonly Extent[]> {
    return allExtents(this.extentsTree, cnid, forkType, data);
  }

  /** A fork's bytes as stored. */
  async fork(cnid: number, data: ForkData, forkType: number, title: string): Promise<ByteSource> {
    if (data.logicalSize === 0) return concat([], title);
    const kind = forkType === ForkType.data ? 'data' : 'resource';
    const where: Where = { file: title, structure: `${kind} fork of CNID ${cnid}`, offset: 0 };
    return forkSource(this, await this.extents(cnid, data, forkType), data.logicalSize, where);
  }

  /** All extended attributes of a file or folder as stored. */
  async xattrs(cnid: number): Promise<Xattr[]> {
    return this.attributes ? readXattrs(this.attributes, this, cnid) : [];
  }

  /** Whether a record says that there are extended attributes: saves looking for them. */
  mayHaveXattrs(record: Found['record']): boolean {
    const { hasAttributes, hasSecurity } = CatalogFlag;
    return (record.flags & (hasAttributes | hasSecurity)) !== 0 || (record.bsd.ownerFlags & UF_COMPRESSED) !== 0;
  }

  /** The CNID of the folder with the inodes of hard links, where there is one. */
  privateDirectory(): Promise<number | undefined> {
    this.#privateDirectory ??= this.files
      .child(Cnid.root, PRIVATE_DIRECTORY)
      .then((found) => (found?.record.kind === 'folder' ? found.record.cnid : undefined));
    return this.#privateDirectory;
  }

  /** The file a hard link stands for; undefined for what is no hard link. FormatError when the inode is missing. */
  async inode(link: Found): Promise<FileRecord | undefined> {
    if (link.record.kind !== 'file' || !isFileLink(link.record)) return undefined;
    const number = link.record.bsd.special;
    const parent = await this.privateDirectory();
    const found = parent === undefined ? undefined : await this.files.child(parent, `iNode${number}`);
    if (found?.record.kind !== 'file') {
      throw fault(link.where, 0, `iNode${number} for the hard link ${JSON.stringify(link.key.name)}`, 'none');
    }
    return found.record;
  }

  /** Nothing is held open here; the source is its opener's to close. */
  async close(): Promise<void> {}
}

/** Reads the primary volume header and checks that the volume's blocks are inside the source. */
export async function readVolumeHeader(source: ByteSource): Promise<VolumeHeader> {
  const where: Where = { file: source.name, structure: 'volume header', offset: VOLUME_HEADER_OFFSET };
  if (source.size < VOLUME_HEADER_OFFSET + VOLUME_HEADER_SIZE) {
    throw fault(where, 0, 'a volume header', `the end of the file at ${source.size}`);
  }
  const header = decodeVolumeHeader(await source.read(VOLUME_HEADER_OFFSET, VOLUME_HEADER_SIZE), where);
  if (header.totalBlocks * header.blockSize > source.size) {
    const most = Math.floor(source.size / header.blockSize);
    throw fault(where, 44, `at most ${most} blocks of ${header.blockSize} bytes`, header.totalBlocks);
  }
  return header;
}
