import { isThread } from '../catalog.js';
import type { CatalogKey } from '../catalog-key.js';
import {
  CatalogFlag,
  decodeCatalogRecord,
  FILE_RECORD_SIZE,
  type FileRecord,
  FOLDER_RECORD_SIZE,
  type FolderRecord,
  UF_COMPRESSED,
} from '../catalog-record.js';
import { decompose } from '../decompose.js';
import { ForkType } from '../extent-record.js';
import { Cnid } from '../header.js';
import type { Where } from '../where.js';
import { type CheckContext, checkFork, checkUnusedExtents, XattrBit } from './context.js';
import { LinksCheck } from './links-check.js';
import { SymlinksCheck } from './symlinks-check.js';

/** Where a file record's forks are, 80 bytes each; their extents begin 16 bytes on. */
const FILE_DATA_FORK_AT = 88;
const FILE_RESOURCE_FORK_AT = 168;
/** Flags with a meaning in a file or folder record. */
const KNOWN_FLAGS = 0xff;
const sizeOf = { folder: FOLDER_RECORD_SIZE, file: FILE_RECORD_SIZE };
/** File type bits of a file's mode: pipe, character and block device, file, symbolic link, socket. */
const FILE_TYPES = new Set([0o010000, 0o020000, 0o060000, 0o100000, 0o120000, 0o140000]);

/**
 * Takes the records of the catalog in order and keeps a few numbers of each (a full volume has 100,000 of them), so that
 * hierarchy-check.ts can compare threads, valences and counts afterwards.
 */
export class CatalogCheck {
  readonly context: CheckContext;
  readonly links: LinksCheck;
  readonly symlinks: SymlinksCheck;
  /** One row for each folder or file record. */
  readonly cnids: number[] = [];
  readonly parents: number[] = [];
  readonly nameHashes: number[] = [];
  readonly flags: number[] = [];
  /** Valence of folders, -1 for files. */
  readonly valences: number[] = [];
  readonly folderCounts: number[] = [];
  /** Row by CNID. */
  readonly rows = new Map<number, number>();
  /** By CNID: [parent, hash of the name, 1 for folders]. */
  readonly threads = new Map<number, readonly [number, number, number]>();
  /** By the CNID of the folder: all children, folders among them. */
  readonly children = new Map<number, number>();
  readonly childFolders = new Map<number, number>();
  /** Text encodings of all records. */
  readonly encodings = new Set<number>();
  files = 0;
  folders = 0;

  constructor(context: CheckContext) {
    this.context = context;
    this.links = new LinksCheck(context);
    this.symlinks = new SymlinksCheck(context);
  }

  visit(key: CatalogKey, bytes: Uint8Array, where: Where): void {
    const { findings } = this.context;
    const record = decodeCatalogRecord(bytes, where);
    if (isThread(record)) {
      if (key.name !== '')
        findings.error(where.structure, `thread of CNID ${key.parentID}`, 'an empty name in its key', key.name);
      this.threads.set(key.parentID, [record.parentID, hashName(record.name), record.kind === 'folder-thread' ? 1 : 0]);
      return;
    }
    const folder = record.kind === 'folder';
    findings.equal(where.structure, `size of the record of CNID ${record.cnid}`, sizeOf[record.kind], bytes.length);
    if (this.rows.has(record.cnid))
      findings.error(where.structure, show(key, record.cnid), 'a CNID used once', record.cnid);
    this.rows.set(record.cnid, this.cnids.length);
    this.cnids.push(record.cnid);
    this.parents.push(key.parentID);
    this.nameHashes.push(hashName(key.name));
    this.flags.push(record.flags);
    this.valences.push(folder ? record.valence : -1);
    this.folderCounts.push(folder ? record.folderCount : 0);
    this.children.set(key.parentID, (this.children.get(key.parentID) ?? 0) + 1);
    if (folder) {
      this.folders++;
      this.childFolders.set(key.parentID, (this.childFolders.get(key.parentID) ?? 0) + 1);
    } else {
      this.files++;
    }
    this.encodings.add(record.textEncoding);
    this.#checkCommon(key, record, where);
    if (record.kind === 'file') {
      this.#checkFile(key, record, where);
      for (const [fork, at] of [['data', FILE_DATA_FORK_AT] as const, ['resource', FILE_RESOURCE_FORK_AT] as const]) {
        checkUnusedExtents(findings, bytes, at + 16, () => `${show(key, record.cnid)}, ${fork} fork`);
      }
    }
    this.links.visit(key, record, where);
  }

  #checkCommon(key: CatalogKey, record: FolderRecord | FileRecord, where: Where): void {
    const { findings, header, xattrs } = this.context;
    const at = () => show(key, record.cnid);
    const { cnid, flags } = record;
    if (cnid !== Cnid.root && (cnid < Cnid.firstUser || cnid >= header.nextCatalogID)) {
      // Once CNIDs have wrapped around, nextCatalogID says nothing.
      const wrapped = (header.attributes & 0x1000) !== 0 && cnid >= Cnid.firstUser;
      if (!wrapped) findings.error(where.structure, at(), `a CNID from 16 to below ${header.nextCatalogID}`, cnid);
    }
    if (key.name === '') findings.error(where.structure, at(), 'a name', 'none');
    else if (key.name.includes(':'))
      findings.warn(where.structure, at(), 'a name without U+003A', JSON.stringify(key.name));
    else if (decompose(key.name) !== key.name) {
      findings.warn(where.structure, at(), 'a decomposed name', JSON.stringify(key.name));
    }
    if ((flags & ~KNOWN_FLAGS) !== 0)
      findings.warn(where.structure, at(), 'flags below 0x100', `0x${flags.toString(16)}`);
    const bits = xattrs.get(cnid) ?? 0;
    if (bits !== 0) xattrs.set(cnid, bits | XattrBit.matched);
    expectFlag(CatalogFlag.hasAttributes, 'HasAttributes', (bits & XattrBit.any) !== 0);
    expectFlag(CatalogFlag.hasSecurity, 'HasSecurity', (bits & XattrBit.security) !== 0);
    // Systems before OS X left the mode 0.
    const type = record.bsd.mode & 0o170000;
    if (record.bsd.mode !== 0 && !(record.kind === 'folder' ? type === 0o040000 : FILE_TYPES.has(type))) {
      findings.error(where.structure, at(), `the mode of a ${record.kind}`, `0${record.bsd.mode.toString(8)}`);
    }
    if (record.kind === 'folder' && (flags & (CatalogFlag.locked | CatalogFlag.threadExists)) !== 0) {
      findings.error(where.structure, at(), 'no flags 1 and 2 on a folder', flags);
    }

    function expectFlag(flag: number, name: string, wanted: boolean): void {
      if (((flags & flag) !== 0) === wanted) return;
      const yes = `flag ${name} set`;
      const no = `flag ${name} clear`;
      findings.error(where.structure, at(), `${wanted ? yes : no}, as its attributes are`, wanted ? no : yes);
    }
  }

  #checkFile(key: CatalogKey, record: FileRecord, where: Where): void {
    const { findings, xattrs } = this.context;
    const at = () => show(key, record.cnid);
    if ((record.flags & CatalogFlag.threadExists) === 0)
      findings.error(where.structure, at(), 'flag ThreadExists', 'none');
    if ((record.flags & CatalogFlag.hasFolderCount) !== 0) {
      findings.error(where.structure, at(), 'no flag HasFolderCount on a file', 'the flag');
    }
    checkFork(this.context, record.cnid, ForkType.data, record.data, () => `${at()}, data fork`);
    checkFork(this.context, record.cnid, ForkType.resource, record.resource, () => `${at()}, resource fork`);
    if ((record.bsd.ownerFlags & UF_COMPRESSED) !== 0) {
      const bits = xattrs.get(record.cnid) ?? 0;
      if ((bits & XattrBit.decmpfs) === 0)
        findings.error(where.structure, at(), 'com.apple.decmpfs on a compressed file', 'none');
      if (record.data.totalBlocks > 0)
        findings.error(where.structure, at(), 'no data fork on a compressed file', 'blocks');
    }
    this.symlinks.visit(key, record, where);
  }
}

/** A record for people: its CNID, parent and name. */
export function show(key: CatalogKey, cnid: number): string {
  return `CNID ${cnid} (${JSON.stringify(key.name)} in ${key.parentID})`;
}

/** 53 bits of a name: enough to tell whether a thread has the name of its record. */
export function hashName(name: string): number {
  let a = 0x811c9dc5;
  let b = name.length;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = (Math.imul(b, 31) + unit) | 0;
  }
  return (a >>> 0) * 0x20_0000 + ((b ^ (b >>> 11)) & 0x1f_ffff);
}
