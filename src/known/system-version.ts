import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { openDisk, openVolume } from '../formats/disk.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { readWhole, type Whole } from '../formats/whole.js';
import { parsePlist, plistGet, plistString } from '../plist/plist.js';

/** Which system a volume holds. */
export interface SystemVersion {
  /** "10.10.5" */
  readonly version: string;
  /** "14F27" */
  readonly build: string;
}

const PATH = ['System', 'Library', 'CoreServices', 'SystemVersion.plist'];
/** The real one has some 500 bytes. */
const SYSTEM_VERSION: Whole = { what: 'property list of the system version', most: 1 << 20 };

/** Reads SystemVersion.plist. SourceError where the volume has none or it does not say. */
export async function readSystemVersion(volume: {
  readonly name: string;
  file(path: readonly string[]): Promise<ByteSource | undefined>;
}): Promise<SystemVersion> {
  const where = `${volume.name}: /${PATH.join('/')}`;
  const file = await volume.file(PATH);
  if (!file) throw new SourceError(`${where}: expected the version of the system, found no such file.`);
  const plist = parsePlist(await readWhole(file, SYSTEM_VERSION), file.name);
  const version = plistString(plistGet(plist, 'ProductVersion'));
  const build = plistString(plistGet(plist, 'ProductBuildVersion'));
  if (version === undefined || build === undefined || !/^\d+(\.\d+){0,3}$/.test(version)) {
    throw new SourceError(`${where}: expected ProductVersion and ProductBuildVersion, found ${version ?? 'none'}.`);
  }
  return { version, build };
}

/**
 * The version of a finished medium, or of InstallESD's volume. The bootable ones of 10.7 and 10.8 have SystemVersion.plist in their
 * own root; should one not, the Base System on it counts. SourceError where neither says.
 */
export async function versionOnMedium(volume: HfsVolume): Promise<SystemVersion> {
  const bootable = (await volume.entry(['Packages']))?.kind === 'folder';
  if (!bootable || (await volume.entry(PATH))) return readSystemVersion(volume);
  const image = await volume.file(['BaseSystem.dmg']);
  if (!image) return readSystemVersion(volume);
  const base = await openVolume(await openDisk(image));
  return readSystemVersion(base.volume);
}
