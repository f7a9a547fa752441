import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPlist } from '../../src/plist/plist.js';
import type { Settings } from './settings.js';

/** Writes InstallInfo.plist, which apps have from 10.12 on beside InstallESD.dmg: what the images are, and their version. */
export async function writeInstallInfo(folder: string, { release, releaseName, faults }: Settings): Promise<void> {
  if (Number(releaseName.split('.')[1]) < 12 || faults.installInfo === 'missing') return;
  const version = faults.installInfo === 'contradicts' ? `${releaseName}.1` : release.version;
  const plist = buildPlist({
    'System Image Info': { id: 'org.osx-iso.dmg.OSInstall', URL: 'InstallESD.dmg', version },
    'Payload Image Info': { id: 'org.osx-iso.dmg.InstallESDDmg', URL: 'InstallESD.dmg', version },
  });
  await writeFile(join(folder, 'InstallInfo.plist'), plist);
}
