import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { SourceError, UsageError } from '../errors.js';
import type { Whole } from '../formats/whole.js';
import { readHostFile } from '../host/read-file.js';
import { type GivenKext, INFO_PLIST } from '../plist/opencore/index.js';

/** A kext's own list is a few KB. */
const INFO: Whole = { what: "kext's Info.plist", most: 1 << 20 };
/** No kext that a loader injects has as many files. */
const MOST_FILES = 5000;

/**
 * A kext of the host as data. SourceError for what is no folder or cannot be read; links are none of its files. Whether it is a sound
 * kext is for who uses it to say.
 */
export async function readKextFolder(path: string): Promise<GivenKext> {
  const name = basename(resolve(path));
  if (!/\.kext$/i.test(name)) throw new UsageError(`${path}: expected a kext, a folder called NAME.kext.`);
  const files: string[] = [];
  const infos = new Map<string, Uint8Array>();
  for (const entry of await entriesOf(path)) {
    if (!entry.isFile()) continue;
    if (files.length >= MOST_FILES) throw new SourceError(`${path}: expected at most ${MOST_FILES} files, found more.`);
    const file = join(entry.parentPath, entry.name);
    const inside = relative(path, file).split(sep).join('/');
    files.push(inside);
    if (inside === INFO_PLIST || inside.endsWith(`.kext/${INFO_PLIST}`))
      infos.set(inside, await readHostFile(file, INFO));
  }
  return { name, files: files.sort(), infos };
}

async function entriesOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { recursive: true, withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOTDIR' ? 'it is no folder' : code === 'ENOENT' ? 'there is none' : `it cannot be read (${code})`;
    throw new SourceError(`${path}: expected the folder of a kext: ${why}.`, { cause: error });
  }
}
