import { SourceError } from './errors.js';
import type { ByteSource } from './formats/bytes.js';
import { parsePlist, plistGet, plistString } from './plist/plist.js';

/** Which system a volume holds. */
export interface SystemVersion {
  /** "10.10.5" */
  readonly version: string;
  /** "14F27" */
  readonly build: string;
}

const PATH = ['System', 'Library', 'CoreServices', 'SystemVersion.plist'];
/** The real file has some 500 bytes. */
const MAX_SIZE = 1 << 20;

/** Reads SystemVersion.plist. SourceError where the volume has none or it does not say. */
export async function readSystemVersion(volume: {
  readonly name: string;
  file(path: readonly string[]): Promise<ByteSource | undefined>;
}): Promise<SystemVersion> {
  const where = `${volume.name}: /${PATH.join('/')}`;
  const file = await volume.file(PATH);
  if (!file) throw new SourceError(`${where}: expected the version of the system, found no such file.`);
  if (file.size > MAX_SIZE)
    throw new SourceError(`${where}: expected a small property list, found ${file.size} bytes.`);
  const plist = parsePlist(await file.read(0, file.size), file.name);
  const version = plistString(plistGet(plist, 'ProductVersion'));
  const build = plistString(plistGet(plist, 'ProductBuildVersion'));
  if (version === undefined || build === undefined || !/^\d+(\.\d+){0,3}$/.test(version)) {
    throw new SourceError(`${where}: expected ProductVersion and ProductBuildVersion, found ${version ?? 'none'}.`);
  }
  return { version, build };
}
