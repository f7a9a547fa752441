import { basename, dirname, join, resolve } from 'node:path';
import { SourceError } from '../errors.js';
import { readEfiProgram } from '../formats/pe.js';
import type { EfiFolder } from '../plist/opencore/index.js';
import { openFolder } from './bundle.js';
import { efiFolderOf } from './efi-files.js';
import { MAIN_FILE } from './open.js';
import { openCoreVersion } from './version.js';

/** A folder EFI around a config.plist, and the version of the OpenCore in it, where that can be told. */
export interface AroundConfig {
  readonly folder: EfiFolder;
  readonly version?: string;
}

/** What lies around EFI/OC/config.plist; undefined for a file that lies elsewhere. SourceError where that folder cannot be read. */
export async function aroundConfig(path: string, signal: AbortSignal): Promise<AroundConfig | undefined> {
  const folder = dirname(resolve(path));
  const isThere = basename(path).toLowerCase() === 'config.plist' && basename(folder).toLowerCase() === 'oc';
  if (!isThere) return undefined;
  const { members } = await openFolder(dirname(folder), { signal });
  const files = members.filter(({ instead }) => instead === undefined);
  const main = files.find((member) => member.path.toLowerCase() === MAIN_FILE.toLowerCase());
  const version = main && versionOf(await main.read(), join(folder, main.path));
  return { folder: await efiFolderOf(files), ...(version !== undefined && { version }) };
}

/** Nothing is refused for it: a version that cannot be told is not known. */
function versionOf(bytes: Uint8Array, name: string): string | undefined {
  try {
    return openCoreVersion(bytes, readEfiProgram(bytes, name)).version;
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}
