import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SourceError } from '../errors.js';
import { hostError } from '../host/faults.js';
import { kindOf } from '../host/open-file.js';
import { readHostFile } from '../host/read-file.js';

/** A file of a bundle. */
export interface Member {
  /** From the top, with slashes. */
  readonly path: string;
  /** Bytes, as they are said to be. */
  readonly size: number;
  /** What it is instead of a file, in words: it can be listed, not read. */
  readonly instead?: string;
  /** SourceError for what is no file, is damaged, or larger than anything here is. */
  read(): Promise<Uint8Array>;
}

/** Where OpenCore, or kexts for it, come from: a zip or a folder. Contents are read when they are wanted. */
export interface Bundle {
  /** As it was given. */
  readonly name: string;
  readonly members: readonly Member[];
  close(): Promise<void>;
}

/** OpenCore's release has some 2,000 files. */
export const MOST_MEMBERS = 10_000;
/** Bytes of one file; OpenCore.efi has less than 1 MB, the largest kexts people add some 16 MB. */
export const LARGEST_MEMBER = 64 << 20;
/** Folders in folders. */
const DEEPEST = 16;

/** A folder's files. Links are not followed: they could lead anywhere. SourceError where it has far more than such a folder has. */
export async function openFolder(path: string, options: { readonly signal: AbortSignal }): Promise<Bundle> {
  const members: Member[] = [];
  const waiting: { host: string; inside: string; depth: number }[] = [{ host: path, inside: '', depth: 0 }];
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    options.signal.throwIfAborted();
    for (const name of (await listed(at.host)).sort()) {
      const host = join(at.host, name);
      const inside = at.inside === '' ? name : `${at.inside}/${name}`;
      const found = await lstat(host);
      if (found.isDirectory()) {
        if (at.depth >= DEEPEST) throw tooMuch(path, `folders in each other`, DEEPEST);
        waiting.push({ host, inside, depth: at.depth + 1 });
        continue;
      }
      if (members.length >= MOST_MEMBERS) throw tooMuch(path, 'files', MOST_MEMBERS);
      members.push(fileMember(host, inside, found.size, found.isFile() ? undefined : kindOf(found)));
    }
  }
  return { name: path, members, close: async () => {} };
}

function fileMember(host: string, path: string, size: number, instead: string | undefined): Member {
  return {
    path,
    size,
    ...(instead !== undefined && { instead }),
    async read() {
      if (instead !== undefined) throw notAFile(host, instead);
      return readHostFile(host, { what: 'file for OpenCore', most: LARGEST_MEMBER }, { noLink: true });
    },
  };
}

async function listed(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw hostError(error, folder, SourceError, { doing: 'read' });
  }
}

/** SourceError for a link, a device and their like where a file is needed. */
export function notAFile(path: string, instead: string): SourceError {
  return new SourceError(`${path}: expected a file, found ${instead}.`, {
    hint: instead === 'a link' ? 'Put the file itself there: links are not followed here.' : undefined,
  });
}

/** SourceError for what no such thing has. */
export function tooMuch(name: string, what: string, most: number): SourceError {
  return new SourceError(`${name}: expected at most ${most.toLocaleString('en-US')} ${what}, found more.`, {
    hint: 'Give the release of OpenCore itself, or the folder that holds EFI.',
  });
}

/** What desktops leave behind, which nothing reads. */
export function isLitter(path: string): boolean {
  const name = basename(path);
  return name === '.DS_Store' || name.startsWith('._') || path.startsWith('__MACOSX/');
}
