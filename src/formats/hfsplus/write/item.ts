import type { ByteSource } from '../../bytes.js';
import { CatalogFlag, type FileRecord, type FolderRecord } from '../catalog-record.js';

/** A fork whose bytes get new blocks. One object stands for one fork: the layout is a map from it to its blocks. */
export interface NewFork {
  readonly source: ByteSource;
}

/** An extended attribute to be written: its value where it fits into the record, else a fork of its own. */
export interface NewXattr {
  readonly name: string;
  readonly value: Uint8Array | NewFork;
}

/** What an item of a volume holds when it is not as the base volume has it. */
export interface NewForks {
  readonly data: NewFork | undefined;
  readonly resource: NewFork | undefined;
}

interface CommonItem {
  readonly parentID: number;
  readonly name: string;
  /** All extended attributes anew; undefined: those of the base volume stay. */
  xattrs: readonly NewXattr[] | undefined;
}

/** A folder as it will be on the volume. */
export interface FolderItem extends CommonItem {
  readonly kind: 'folder';
  record: FolderRecord;
  /** Its dates are as they were put and stay so when something is added to it. */
  datesPut: boolean;
}

/** A file, link or device as it will be on the volume. */
export interface FileItem extends CommonItem {
  readonly kind: 'file';
  /** Its two forks count only where `forks` is undefined. */
  record: FileRecord;
  /** Both forks anew; undefined: those of the base volume stay. */
  forks: NewForks | undefined;
}

export type Item = FolderItem | FileItem;

/** Counts something that came into the folder (+1) or left it (-1). */
export function count(folder: FolderItem, by: number, isFolder: boolean): void {
  const { valence, folderCount, flags } = folder.record;
  const counted = isFolder && (flags & CatalogFlag.hasFolderCount) !== 0;
  folder.record = { ...folder.record, valence: valence + by, folderCount: folderCount + (counted ? by : 0) };
}
