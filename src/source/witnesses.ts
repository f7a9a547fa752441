import { FormatError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import type { Path } from '../formats/entry.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { readWhole, type Whole } from '../formats/whole.js';
import { openXar, type Signer } from '../formats/xar/index.js';
import { parsePlist, plistString } from '../plist/plist.js';

/** Real ones have a few KB. */
const WITNESS: Whole = { what: 'property list', most: 1 << 20 };

/** Whether an app's Info.plist has the number of the defective Sierra. The plist may be a binary one. */
export async function isBrokenSierra(info: ByteSource): Promise<boolean> {
  return (await stringIn(info, 'CFBundleShortVersionString')) === '12.6.06';
}

/** The version that InstallInfo.plist gives for the system; undefined where it does not say. */
export async function statedVersion(info: ByteSource): Promise<string | undefined> {
  return (
    (await stringIn(info, 'System Image Info', 'version')) ?? (await stringIn(info, 'Payload Image Info', 'version'))
  );
}

/** The package that the installer checks before all others; on a DVD it lies where the others do. */
const OWN_PACKAGE: readonly Path[] = [
  ['Packages', 'OSInstall.mpkg'],
  ['System', 'Installation', 'Packages', 'OSInstall.mpkg'],
];

/** Who signed the installer's own package. */
export async function signerOnMedium(volume: Pick<HfsVolume, 'file'>): Promise<Signer | undefined> {
  for (const path of OWN_PACKAGE) {
    try {
      const file = await volume.file(path);
      if (file) return (await openXar(file)).signer;
    } catch (error) {
      // Damage is told by whoever reads the package; a server that does not answer is told at once.
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return undefined;
}

/** A witness that cannot be read says nothing. */
async function stringIn(file: ByteSource, ...keys: string[]): Promise<string | undefined> {
  try {
    return plistString(parsePlist(await readWhole(file, WITNESS), file.name), ...keys);
  } catch {
    return undefined;
  }
}
