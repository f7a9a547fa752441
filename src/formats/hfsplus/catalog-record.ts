import { decodeForkData, encodeForkData, FORK_DATA_SIZE, type ForkData } from './fork-data.js';
import { decodeUniStr, encodeUniStr, MAX_NAME_UNITS } from './unicode-name.js';
import { fault, need, viewOf, type Where } from './where.js';

export const FOLDER_RECORD_SIZE = 88;
export const FILE_RECORD_SIZE = 248;

/** The first two bytes of a catalog record. */
export const CatalogRecordType = { folder: 1, file: 2, folderThread: 3, fileThread: 4 } as const;

/** Bits of `flags` in folder and file records (hfs_format.h), as masks. */
export const CatalogFlag = {
  locked: 0x0001,
  threadExists: 0x0002,
  hasAttributes: 0x0004,
  hasSecurity: 0x0008,
  hasFolderCount: 0x0010,
  hasLinkChain: 0x0020,
  hasChildLink: 0x0040,
  hasDateAdded: 0x0080,
} as const;

/** Owner flag (BSD UF_COMPRESSED) of files whose content is in com.apple.decmpfs. */
export const UF_COMPRESSED = 0x20;

/** HFSPlusBSDInfo, 16 bytes. The same shape as Entry.bsd. */
export interface BsdInfo {
  readonly uid: number;
  readonly gid: number;
  readonly adminFlags: number;
  readonly ownerFlags: number;
  readonly mode: number;
  /** Link count (inodes), inode number (links) or device number. */
  readonly special: number;
}

/** Seconds since 1904-01-01 GMT. The same shape as Entry.dates. */
export interface CatalogDates {
  readonly created: number;
  readonly modified: number;
  readonly changed: number;
  readonly accessed: number;
  readonly backedUp: number;
}

interface CommonRecord {
  readonly flags: number;
  readonly cnid: number;
  readonly dates: CatalogDates;
  readonly bsd: BsdInfo;
  /** DInfo + DXInfo or FInfo + FXInfo, 32 bytes verbatim. */
  readonly finderInfo: Uint8Array;
  readonly textEncoding: number;
}

/** HFSPlusCatalogFolder, 88 bytes. */
export interface FolderRecord extends CommonRecord {
  readonly kind: 'folder';
  readonly valence: number;
  /** Number of folders in it where flag hasFolderCount is set. */
  readonly folderCount: number;
}

/** HFSPlusCatalogFile, 248 bytes. */
export interface FileRecord extends CommonRecord {
  readonly kind: 'file';
  /** reserved1: on hard-link inodes the CNID of the first link. */
  readonly firstLink: number;
  readonly reserved2: number;
  readonly data: ForkData;
  readonly resource: ForkData;
}

/** HFSPlusCatalogThread: from a CNID to its parent and name. */
export interface ThreadRecord {
  readonly kind: 'folder-thread' | 'file-thread';
  readonly reserved: number;
  readonly parentID: number;
  readonly name: string;
}

export type CatalogRecord = FolderRecord | FileRecord | ThreadRecord;

/** Reads a catalog record; `bytes` start after the key. */
export function decodeCatalogRecord(bytes: Uint8Array, where: Where): CatalogRecord {
  need(bytes, 0, 2, 'catalog record type', where);
  const view = viewOf(bytes);
  const type = view.getUint16(0); // 0
  switch (type) {
    case CatalogRecordType.folder:
      need(bytes, 0, FOLDER_RECORD_SIZE, 'folder record', where);
      return {
        kind: 'folder',
        flags: view.getUint16(2),
        valence: view.getUint32(4),
        cnid: view.getUint32(8),
        dates: decodeDates(view), // 12
        bsd: decodeBsd(view), // 32
        finderInfo: new Uint8Array(bytes.subarray(48, 80)), // 48: DInfo, 64: DXInfo
        textEncoding: view.getUint32(80),
        folderCount: view.getUint32(84),
      };
    case CatalogRecordType.file:
      need(bytes, 0, FILE_RECORD_SIZE, 'file record', where);
      return {
        kind: 'file',
        flags: view.getUint16(2),
        firstLink: view.getUint32(4), // 4: reserved1
        cnid: view.getUint32(8),
        dates: decodeDates(view), // 12
        bsd: decodeBsd(view), // 32
        finderInfo: new Uint8Array(bytes.subarray(48, 80)), // 48: FInfo, 64: FXInfo
        textEncoding: view.getUint32(80),
        reserved2: view.getUint32(84),
        data: decodeForkData(bytes, 88, where),
        resource: decodeForkData(bytes, 168, where),
      };
    case CatalogRecordType.folderThread:
    case CatalogRecordType.fileThread:
      need(bytes, 0, 10, 'thread record', where);
      return {
        kind: type === CatalogRecordType.folderThread ? 'folder-thread' : 'file-thread',
        reserved: view.getUint16(2),
        parentID: view.getUint32(4),
        name: decodeUniStr(bytes, 8, MAX_NAME_UNITS, where), // 8: u16 count, units
      };
    default:
      throw fault(where, 0, 'a catalog record type of 1 to 4', type);
  }
}

/** The bytes of a catalog record, to follow its key. */
export function encodeCatalogRecord(record: CatalogRecord): Uint8Array {
  return record.kind === 'folder' || record.kind === 'file' ? encodeFolderOrFile(record) : encodeThread(record);
}

function encodeThread(record: ThreadRecord): Uint8Array {
  const bytes = new Uint8Array(10 + record.name.length * 2);
  const view = viewOf(bytes);
  const { folderThread, fileThread } = CatalogRecordType;
  view.setUint16(0, record.kind === 'folder-thread' ? folderThread : fileThread);
  view.setUint16(2, record.reserved);
  view.setUint32(4, record.parentID);
  encodeUniStr(record.name, bytes, 8);
  return bytes;
}

function encodeFolderOrFile(record: FolderRecord | FileRecord): Uint8Array {
  const folder = record.kind === 'folder';
  const bytes = new Uint8Array(folder ? FOLDER_RECORD_SIZE : FILE_RECORD_SIZE);
  const view = viewOf(bytes);
  view.setUint16(0, folder ? CatalogRecordType.folder : CatalogRecordType.file);
  view.setUint16(2, record.flags);
  view.setUint32(4, record.kind === 'folder' ? record.valence : record.firstLink);
  view.setUint32(8, record.cnid);
  view.setUint32(12, record.dates.created);
  view.setUint32(16, record.dates.modified);
  view.setUint32(20, record.dates.changed);
  view.setUint32(24, record.dates.accessed);
  view.setUint32(28, record.dates.backedUp);
  view.setUint32(32, record.bsd.uid);
  view.setUint32(36, record.bsd.gid);
  view.setUint8(40, record.bsd.adminFlags);
  view.setUint8(41, record.bsd.ownerFlags);
  view.setUint16(42, record.bsd.mode);
  view.setUint32(44, record.bsd.special);
  bytes.set(record.finderInfo.subarray(0, 32), 48);
  view.setUint32(80, record.textEncoding);
  view.setUint32(84, record.kind === 'folder' ? record.folderCount : record.reserved2);
  if (record.kind === 'file') {
    bytes.set(encodeForkData(record.data), 88);
    bytes.set(encodeForkData(record.resource), 88 + FORK_DATA_SIZE);
  }
  return bytes;
}

function decodeDates(view: DataView): CatalogDates {
  return {
    created: view.getUint32(12),
    modified: view.getUint32(16), // contentModDate
    changed: view.getUint32(20), // attributeModDate
    accessed: view.getUint32(24),
    backedUp: view.getUint32(28),
  };
}

function decodeBsd(view: DataView): BsdInfo {
  return {
    uid: view.getUint32(32),
    gid: view.getUint32(36),
    adminFlags: view.getUint8(40),
    ownerFlags: view.getUint8(41),
    mode: view.getUint16(42),
    special: view.getUint32(44),
  };
}
