import { join } from 'node:path';
import { fromBytes } from '../../src/formats/bytes.js';
import { buildPlist } from '../../src/plist/plist.js';
import { uuidSeed } from './base.js';
import type { Contents } from './content.js';
import { writeDmg } from './dmg.js';
import { EntryList } from './entries.js';
import { seedFor } from './random.js';
import type { Settings } from './settings.js';

const ASSETS = 'com_apple_MobileAsset_MacSoftwareUpdate';

/** Writes SharedSupport.dmg, which is all that installers from 11 on have: assets, no InstallESD.dmg. */
export async function makeSharedSupport(folder: string, settings: Settings, contents: Contents): Promise<void> {
  const { release, seed, scale } = settings;
  const list = new EntryList(seedFor(seed, 'shared support'));
  const assets = buildPlist({ Assets: [{ OSVersion: release.version, Build: release.build }] });
  list.file([ASSETS, `${ASSETS}.xml`], fromBytes(Buffer.from(assets), `${ASSETS}.xml`));
  list.file([ASSETS, 'assets.zip'], contents.file('assets', Math.round(50_000 + 9e9 * scale), 'noise'));
  await writeDmg(join(folder, 'SharedSupport.dmg'), {
    volume: { name: release.esdVolume, entries: list.entries, uuidSeed: uuidSeed(seed, 'shared support') },
    map: 'gpt',
    seed: seedFor(seed, 'SharedSupport.dmg'),
    report: () => {},
  });
}
