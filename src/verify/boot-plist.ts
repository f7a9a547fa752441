import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { defaultLoader } from '../known/loaders.js';
import { BOOT_PLIST_FOLDER, BOOT_PLIST_LIMIT, BOOT_PLIST_NAME } from '../plist/chameleon/boot-plist.js';
import { checkBootPlist } from '../plist/chameleon/check.js';
import type { Checks } from './report.js';

/** Chameleon's plist, where the medium has one, must say to the loader what it means. */
export async function checkPlistOf(volume: HfsVolume, version: string, checks: Checks): Promise<void> {
  const path = [BOOT_PLIST_FOLDER, BOOT_PLIST_NAME];
  const file = await volume.file(path);
  // Other loaders need none. Measured with Enoch r2839, started by -kernel: it can do without, but somebody has to press a key.
  const chameleon = defaultLoader(version) === 'chameleon';
  if (!file) {
    const text = `no /${path.join('/')}: Chameleon waits at its prompt for ever; boot --append timeout=5 makes it go on`;
    if (chameleon) checks.find('warning', 'boot plist', text);
    return;
  }
  const bytes = await file.read(0, Math.min(file.size, 16 * BOOT_PLIST_LIMIT));
  // Whether the kernel that it names is there, the check of the kernel sees on the volume itself.
  const { caseSensitive } = volume;
  const { ok, findings, sees } = checkBootPlist(bytes, `/${path.join('/')}`, { caseSensitive });
  // Who starts a later release usually does not look at it.
  const severityHere = chameleon ? 'error' : 'warning';
  for (const { severity, line, message } of findings) {
    if (severity === 'error') checks.find(severityHere, 'boot plist', `/${path.join('/')}, line ${line}: ${message}`);
  }
  const keys = Object.keys(sees).length;
  if (ok) checks.pass('boot plist', `/${path.join('/')}: the loader sees ${keys} ${keys === 1 ? 'key' : 'keys'}`);
}
