import { isDirectoryLink, isFileLink, typeAndCreator } from '../catalog.js';
import type { CatalogKey } from '../catalog-key.js';
import { CatalogFlag, type FileRecord, type FolderRecord } from '../catalog-record.js';
import { Cnid } from '../header.js';
import { PRIVATE_DIRECTORY, PRIVATE_DIRECTORY_LINKS } from '../walk.js';
import type { Where } from '../where.js';
import type { CheckContext } from './context.js';

interface Link {
  readonly inode: number;
  readonly previous: number;
  readonly next: number;
  readonly chained: boolean;
  readonly created: number;
}

interface Inode {
  readonly cnid: number;
  readonly linkCount: number;
  readonly first: number;
  readonly chained: boolean;
  seen: number;
}

/** Hard links: every link has its inode, every inode as many links as it says, and the chain joins exactly those. */
export class LinksCheck {
  readonly #context: CheckContext;
  #privateDirectory = -1;
  /** Create dates of the root and the private directory: links must have one of them to be taken for links. */
  readonly #created = new Set<number>();
  readonly #links = new Map<number, Link>();
  /** By the number in their names. */
  readonly #inodes = new Map<number, Inode>();
  #directoryLinks = 0;
  #directoryInodes = -1;

  constructor(context: CheckContext) {
    this.#context = context;
  }

  visit(key: CatalogKey, record: FolderRecord | FileRecord, where: Where): void {
    const { findings } = this.#context;
    if (record.kind === 'folder') {
      if (record.cnid === Cnid.root) this.#created.add(record.dates.created);
      if (key.parentID === Cnid.root && key.name === PRIVATE_DIRECTORY) {
        this.#privateDirectory = record.cnid;
        this.#created.add(record.dates.created);
      }
      if (key.parentID === Cnid.root && key.name === PRIVATE_DIRECTORY_LINKS) this.#directoryInodes = record.cnid;
      if ((record.flags & CatalogFlag.hasLinkChain) !== 0) this.#visitDirectoryInode(key, record, where);
      return;
    }
    const chained = (record.flags & CatalogFlag.hasLinkChain) !== 0;
    const { special, uid, gid } = record.bsd;
    if (isFileLink(record)) {
      this.#links.set(record.cnid, {
        inode: special,
        previous: uid,
        next: gid,
        chained,
        created: record.dates.created,
      });
      return;
    }
    if (typeAndCreator(record) === 'hlnkhfs+') {
      findings.error(where.structure, show(key, record), 'no forks on a hard link', 'blocks');
      return;
    }
    if (isDirectoryLink(record)) {
      this.#directoryLinks++;
      return;
    }
    // The private directory's number is known by now: its record is below the root, its content below a higher CNID.
    const name = key.parentID === this.#privateDirectory ? /^(iNode|temp)(\d+)$/.exec(key.name) : null;
    if (name?.[1] === 'iNode') {
      const inode = { cnid: record.cnid, linkCount: special, first: record.firstLink, chained, seen: 0 };
      this.#inodes.set(Number(name[2]), inode);
    } else if (name) {
      findings.warn(where.structure, `CNID ${record.cnid}`, 'no files deleted while open', JSON.stringify(key.name));
    } else {
      if (chained) findings.error(where.structure, show(key, record), 'flag HasLinkChain only on hard links', 'it');
      const plain = (record.bsd.mode & 0o170000) === 0o100000 && typeAndCreator(record) !== 'jrnlhfs+';
      if (plain && special > 1) findings.error(where.structure, show(key, record), 'a link count of 1', special);
    }
  }

  /** Apple's fsck takes a folder with this flag for the inode of a directory hard link, wherever it is (measured). */
  #visitDirectoryInode(key: CatalogKey, record: FolderRecord, where: Where): void {
    if (key.parentID === this.#directoryInodes && key.name === `dir_${record.cnid}`) return;
    const expected = `flag HasLinkChain only on inodes of directories, as dir_${record.cnid} in their private folder`;
    this.#context.findings.error(where.structure, show(key, record), expected, 'it');
  }

  /** After the last record of the catalog. */
  finish(): void {
    const { findings } = this.#context;
    for (const [cnid, link] of this.#links) {
      const inode = this.#inodes.get(link.inode);
      if (!inode) {
        findings.error('hard link', `CNID ${cnid}`, `an inode iNode${link.inode}`, 'none');
        continue;
      }
      inode.seen++;
      if (!this.#created.has(link.created)) {
        const expected = `a create date of ${[...this.#created].join(' or ')}, as its folder's`;
        findings.error('hard link', `CNID ${cnid}`, expected, link.created);
      }
      if (inode.chained !== link.chained) {
        findings.error(
          'hard link',
          `CNID ${cnid}`,
          'flag HasLinkChain as on its inode',
          link.chained ? 'set' : 'clear',
        );
      }
    }
    for (const [number, inode] of this.#inodes) {
      const where = `iNode${number}, CNID ${inode.cnid}`;
      if (inode.seen !== inode.linkCount || inode.seen === 0) {
        findings.error('hard link inode', where, `${inode.linkCount} links`, inode.seen);
      }
      if (inode.chained) this.#checkChain(number, inode, where);
    }
    if (this.#directoryLinks > 0) {
      findings.warn('hard links', 'directories', 'no directory hard links', `${this.#directoryLinks}, not checked`);
    }
  }

  #checkChain(number: number, inode: Inode, where: string): void {
    const { findings } = this.#context;
    let previous = 0;
    let length = 0;
    for (let cnid = inode.first; cnid !== 0 && length <= inode.seen; length++) {
      const link = this.#links.get(cnid);
      if (!link || link.inode !== number) {
        findings.error('hard link chain', where, 'links to this inode', `CNID ${cnid}`);
        return;
      }
      if (link.previous !== previous) {
        findings.error('hard link chain', `CNID ${cnid}`, `${previous} as the link before`, link.previous);
      }
      previous = cnid;
      cnid = link.next;
    }
    if (length !== inode.seen) findings.error('hard link chain', where, `${inode.seen} links`, length);
  }
}

function show(key: CatalogKey, record: { readonly cnid: number }): string {
  return `CNID ${record.cnid} (${JSON.stringify(key.name)})`;
}
