import type { Path } from '../entry.js';
import { showPath } from '../entry.js';
import type { BTree, LeafRecord } from './btree.js';
import type { CatalogKey } from './catalog-key.js';
import {
  type CatalogRecord,
  decodeCatalogRecord,
  type FileRecord,
  type FolderRecord,
  type ThreadRecord,
} from './catalog-record.js';
import { Cnid } from './header.js';
import { fault, type Where } from './where.js';

/** A folder or file record and the key it was found under. */
export interface Found {
  readonly key: CatalogKey;
  readonly record: FolderRecord | FileRecord;
  readonly where: Where;
}

/** The catalog by names and CNIDs. */
export class Catalog {
  readonly tree: BTree<CatalogKey>;

  constructor(tree: BTree<CatalogKey>) {
    this.tree = tree;
  }

  /** The thread of a folder or file: its parent and name. */
  async thread(cnid: number): Promise<ThreadRecord | undefined> {
    const found = await this.tree.search({ parentID: cnid, name: '' });
    if (!found) return undefined;
    const record = this.#decode(found);
    if (isThread(record)) return record;
    throw fault(this.tree.where(found.node), 0, `the thread of CNID ${cnid}`, `a ${record.kind} record`);
  }

  /** The folder or file of this name in a folder. */
  async child(parentID: number, name: string): Promise<Found | undefined> {
    const found = name === '' ? undefined : await this.tree.search({ parentID, name });
    return found && this.#found(found);
  }

  /** The root folder; its name is the volume's. */
  async root(): Promise<Found> {
    const thread = await this.thread(Cnid.root);
    const root = thread && (await this.child(Cnid.rootParent, thread.name));
    if (root?.record.kind === 'folder' && root.record.cnid === Cnid.root) return root;
    throw fault(this.tree.where(0), 0, 'a root folder (CNID 2) with its thread', thread ? 'only its thread' : 'none');
  }

  /** What lies at a path, hard links not followed. Asking for something below a directory hard link is a FormatError. */
  async lookup(path: Path): Promise<Found | undefined> {
    let found: Found | undefined = await this.root();
    for (const [depth, name] of path.entries()) {
      if (found.record.kind !== 'folder') {
        if (!isDirectoryLink(found.record)) return undefined;
        const link = showPath(path.slice(0, depth));
        throw fault(
          found.where,
          0,
          `a folder at ${link}`,
          'a directory hard link (Time Machine), which cannot be followed',
        );
      }
      found = await this.child(found.record.cnid, name);
      if (!found) return undefined;
    }
    return found;
  }

  /** Everything directly in a folder, in catalog order. */
  async *children(cnid: number): AsyncGenerator<Found> {
    for await (const record of this.tree.records({ parentID: cnid, name: '' })) {
      if (record.key.parentID !== cnid) return;
      // The folder's own thread comes first, under the empty name.
      if (record.key.name !== '') yield this.#found(record);
    }
  }

  #found(leaf: LeafRecord<CatalogKey>): Found {
    const record = this.#decode(leaf);
    const where = this.tree.where(leaf.node);
    if (isThread(record)) throw fault(where, 0, `a file or folder named ${JSON.stringify(leaf.key.name)}`, 'a thread');
    return { key: leaf.key, record, where };
  }

  #decode(leaf: LeafRecord<CatalogKey>): CatalogRecord {
    return decodeCatalogRecord(leaf.record, this.tree.where(leaf.node));
  }
}

export function isThread(record: CatalogRecord): record is ThreadRecord {
  return record.kind === 'folder-thread' || record.kind === 'file-thread';
}

/** Four-character codes in finderInfo: type and creator of a file. */
export function typeAndCreator(record: FileRecord): string {
  return String.fromCharCode(...record.finderInfo.subarray(0, 8));
}

/** A link file of a hard link: type hlnk, creator hfs+, no content of its own. */
export function isFileLink(record: FileRecord): boolean {
  return record.data.totalBlocks === 0 && record.resource.totalBlocks === 0 && typeAndCreator(record) === 'hlnkhfs+';
}

/** An alias file that stands for a directory hard link: type fdrp, creator MACS, in a link chain. */
export function isDirectoryLink(record: FileRecord): boolean {
  return (record.flags & 0x20) !== 0 && typeAndCreator(record) === 'fdrpMACS';
}
