import { basename, dirname, join, resolve } from 'node:path';
import { SourceError } from '../errors.js';
import { readEfiProgram } from '../formats/pe.js';
import { type EfiFolder, INFO_PLIST } from '../plist/opencore/index.js';
import { openFolder } from './bundle.js';
import { MAIN_FILE } from './open.js';
import { openCoreVersion } from './version.js';

/** A folder EFI around a config.plist, and the version of the OpenCore in it, where that can be told. */
export interface AroundConfig {
  readonly folder: EfiFolder;
  readonly version?: string;
}

/** Bytes of a kext's property list. */
const MOST_INFO = 1 << 20;

/** What lies around EFI/OC/config.plist; undefined for a file that lies elsewhere. SourceError where that folder cannot be read. */
export async function aroundConfig(path: string, signal: AbortSignal): Promise<AroundConfig | undefined> {
  const folder = dirname(resolve(path));
  const isThere = basename(path).toLowerCase() === 'config.plist' && basename(folder).toLowerCase() === 'oc';
  if (!isThere) return undefined;
  const { members } = await openFolder(dirname(folder), { signal });
  const infos = new Map<string, Uint8Array>();
  let version: string | undefined;
  for (const member of members) {
    if (member.instead !== undefined) continue;
    if (/^OC\/Kexts\//i.test(member.path) && member.path.endsWith(`.kext/${INFO_PLIST}`) && member.size <= MOST_INFO) {
      infos.set(member.path, await member.read());
    }
    if (member.path.toLowerCase() === MAIN_FILE.toLowerCase()) {
      version = versionOf(await member.read(), join(folder, member.path));
    }
  }
  const files = members.filter(({ instead }) => instead === undefined).map((member) => member.path);
  return { folder: { files, infos }, ...(version !== undefined && { version }) };
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
