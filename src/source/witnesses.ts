import type { ByteSource } from '../formats/bytes.js';
import { readWhole, type Whole } from '../formats/whole.js';
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

/** A witness that cannot be read says nothing. */
async function stringIn(file: ByteSource, ...keys: string[]): Promise<string | undefined> {
  try {
    return plistString(parsePlist(await readWhole(file, WITNESS), file.name), ...keys);
  } catch {
    return undefined;
  }
}
