import { type BiosDisk, SECTOR } from './bios-disk.js';
import { type Fork, type NodeRecord, readFork, Tree } from './hfs-tree.js';

/** What a name in the catalog stands for. */
export interface CatalogItem {
  readonly name: string;
  readonly kind: 'folder' | 'file';
  readonly cnid: number;
  /** contentModDate, seconds since 1904. */
  readonly modified: number;
  /** A file's record. */
  readonly record: Buffer;
}

const ROOT = 2;
const FOLDER = 1;
const FILE = 2;
/** Where hard links' files are; four NULs in front. */
const PRIVATE_FOLDER = '\0\0\0\0HFS+ Private Data';
/** More links on a path than this are a ring. */
const MOST_LINKS = 16;

/**
 * An HFS+ or HFSX volume as Chameleon's hfs.c reads it. It knows neither compressed files (decmpfs), nor resource forks, nor symbolic
 * links: to it those are files with what their data fork holds, and a path ends at the first that is no folder.
 */
export class HfsReader {
  readonly label: string;
  readonly caseSensitive: boolean;
  readonly signature: string;
  readonly #catalog: Tree;

  private constructor(header: Buffer, catalog: Tree) {
    this.signature = header.toString('latin1', 0, 2);
    this.#catalog = catalog;
    this.caseSensitive = catalog.caseSensitive;
    this.label = catalog.firstLeafName().slice(0, 36);
  }

  /** The volume at `start` (sectors); undefined where there is none. */
  static mount(disk: BiosDisk, start: number): HfsReader | undefined {
    const header = Buffer.alloc(SECTOR);
    disk.read((start + 2) * SECTOR, header);
    if (!['H+', 'HX'].includes(header.toString('latin1', 0, 2))) return undefined;
    const volume = { disk, start: start * SECTOR, blockSize: header.readUInt32BE(40) };
    const extents = new Tree(volume, fork(header, 192, 3), undefined);
    return new HfsReader(header, new Tree(volume, fork(header, 272, 4), extents));
  }

  /** The file's data fork as it comes into memory; undefined where the path ends at nothing or at a folder. */
  read(path: string): Buffer | undefined {
    const item = this.#resolve(path);
    if (item?.kind !== 'file') return undefined;
    return readFork(this.#catalog.volume, fork(item.record, 88, item.cnid), this.#catalog.overflow);
  }

  /** hfs.c's ResolvePathToCatalogEntry. */
  #resolve(path: string, links = 0): CatalogItem | undefined {
    const names = path.split('/').filter((name) => name !== '');
    let at: CatalogItem | undefined = { name: '', kind: 'folder', cnid: ROOT, modified: 0, record: Buffer.alloc(0) };
    for (const name of names) {
      at = this.#child(at.cnid, name);
      // What is no folder ends the walk, whatever of the path is left.
      if (at?.kind !== 'folder') break;
    }
    if (at?.kind !== 'file' || at.record.toString('latin1', 48, 56) !== 'hlnkhfs+') return at;
    if (links > MOST_LINKS) return undefined;
    return this.#resolve(`${PRIVATE_FOLDER}/iNode${at.record.readUInt32BE(44)}`, links + 1);
  }

  #child(parent: number, name: string): CatalogItem | undefined {
    const found = this.#catalog.find({ parent, name });
    return found && item(found);
  }

  /** What is in a folder, in the catalog's order; hard links stay what they are. Undefined where there is no such folder. */
  list(path: string): CatalogItem[] | undefined {
    const folder = this.#resolve(path);
    if (folder?.kind !== 'folder') return undefined;
    const items: CatalogItem[] = [];
    for (const found of this.#catalog.after({ parent: folder.cnid, name: '' })) {
      const next = item(found);
      // The list ends at the next folder's thread.
      if (!next || found.parent !== folder.cnid) break;
      items.push(next);
    }
    return items;
  }

  /** sys.c's GetFileInfo: the name is compared byte for byte, on every volume. */
  info(path: string): CatalogItem | undefined {
    const at = path.lastIndexOf('/');
    return this.list(path.slice(0, Math.max(at, 0)))?.find(({ name }) => name === path.slice(at + 1));
  }
}

function fork(record: Buffer, at: number, cnid: number): Fork {
  return { cnid, size: Number(record.readBigUInt64BE(at)), extents: record.subarray(at + 16, at + 80) };
}

function item({ name, data }: NodeRecord): CatalogItem | undefined {
  const type = data.readUInt16BE(0);
  if ((type !== FOLDER && type !== FILE) || data.length < (type === FILE ? 248 : 88)) return undefined;
  return {
    name,
    kind: type === FOLDER ? 'folder' : 'file',
    cnid: data.readUInt32BE(8),
    modified: data.readUInt32BE(16),
    record: data,
  };
}
