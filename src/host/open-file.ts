import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FormatError, SourceError } from '../errors.js';
import { readFully } from '../formats/file-handle.js';
import { hostError } from './faults.js';
import { plainPath } from './plain-path.js';

export interface OpenOptions {
  /** What stands before the path in messages: "--osk-file ". */
  readonly label?: string;
  /** For writing, too; what is there stays. */
  readonly write?: boolean;
  /** A disk (block device) will do as well: where an image is meant. */
  readonly disk?: boolean;
  /** Where others can write into the folder: a link in the file's place is refused. */
  readonly noLink?: boolean;
}

/** A file or a disk of the host, looked at by its descriptor. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly kind: 'file' | 'disk';
  /** Bytes. */
  readonly size: number;
  readonly stat: Stats;
}

/**
 * Opens a file that somebody has named, once, and makes sure that it is one: SourceError, in words, for a pipe (opening one waits for
 * a writer), a socket, a device (opening one may do something), a folder, and for everything the system says. The path is looked at
 * first; what counts is what the descriptor says, so that nobody can put something else there in between. Close the handle when done.
 */
export async function openFile(path: string, options: OpenOptions = {}): Promise<OpenFile> {
  const { label = '', write = false, noLink = false } = options;
  const named = `${label}${plainPath(path)}`;
  let handle: FileHandle | undefined;
  try {
    expectFile(await stat(path), named, options);
    // Not blocking: what has become a pipe since would wait for ever, and cannot be interrupted.
    const flags = (write ? constants.O_RDWR : constants.O_RDONLY) | constants.O_NONBLOCK | constants.O_NOCTTY;
    handle = await open(path, noLink ? flags | constants.O_NOFOLLOW : flags);
    const found = await handle.stat();
    const kind = expectFile(found, named, options);
    return { handle, kind, stat: found, size: kind === 'file' ? found.size : await diskSize(handle, found) };
  } catch (error) {
    await handle?.close();
    throw hostError(error, named, SourceError, { doing: write ? 'use' : 'read' });
  }
}

function expectFile(found: Stats, named: string, { disk = false }: OpenOptions): OpenFile['kind'] {
  if (found.isFile()) return 'file';
  if (disk && found.isBlockDevice()) return 'disk';
  const meant = disk ? 'a file or a disk' : 'a file';
  throw new SourceError(`${named}: expected ${meant}, found ${kindOf(found)}.`, {
    hint: found.isFIFO() ? 'Save what comes through it into a file, and give that.' : undefined,
  });
}

/** What something is that is no file. */
export function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  if (found.isCharacterDevice()) return 'a device';
  if (found.isBlockDevice()) return 'a disk';
  if (found.isSymbolicLink()) return 'a link';
  return 'something else';
}

/** Exactly `length` bytes of an open file. FormatError where it has become shorter; node's own errors with the path in them. */
export async function readExactly(
  handle: FileHandle,
  { path, name = basename(path) }: { readonly path: string; readonly name?: string },
  offset: number,
  length: number,
): Promise<Uint8Array> {
  return readFully(handle, name, offset, length).catch((error: Error) => {
    // The system does not say of which file a descriptor is.
    throw error instanceof FormatError ? error : Object.assign(error, { path });
  });
}

/** Bytes of a disk. Linux says it, in sectors of 512 bytes whatever the disk's own are; elsewhere it is found by reading. */
async function diskSize(handle: FileHandle, { rdev }: Stats): Promise<number> {
  const [major, minor] = deviceNumbers(rdev);
  const said = await readFile(`/sys/dev/block/${major}:${minor}/size`, 'latin1').catch(() => '');
  return /^\d+\s*$/.test(said) ? Number(said) * SECTOR : probedSize(handle);
}

const SECTOR = 512;
/** Sectors: 2^53 bytes and a little. */
const MOST_SECTORS = 2 ** 44;

/** The number of a device in two parts, as glibc's gnu_dev_major and gnu_dev_minor take it apart. */
function deviceNumbers(rdev: number): [number, number] {
  const device = BigInt(rdev);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return [Number(major), Number(minor & 0xffff_ffffn)];
}

/** Bytes there are to read, to the last whole sector: some 80 reads of one sector. */
export async function probedSize(handle: FileHandle): Promise<number> {
  const room = Buffer.alloc(SECTOR);
  const isThere = async (sector: number) => {
    const { bytesRead } = await handle.read(room, 0, SECTOR, sector * SECTOR).catch(() => ({ bytesRead: 0 }));
    return bytesRead === SECTOR;
  };
  let end = 1;
  while (end < MOST_SECTORS && (await isThere(end - 1))) end *= 2;
  let start = Math.floor(end / 2);
  // Sectors below `start` are there; that before `end` is not.
  while (end - start > 1) {
    const middle = Math.floor((start + end) / 2);
    if (await isThere(middle - 1)) start = middle;
    else end = middle;
  }
  return start * SECTOR;
}
