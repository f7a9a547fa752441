import type { ByteSource } from '../../src/formats/bytes.js';
import type { Path } from '../../src/formats/entry.js';
import { buildPlist } from '../../src/plist/plist.js';
import { EntryList } from './entries.js';
import { seedFor } from './random.js';
import type { Release } from './releases.js';

const BLOCK = 4096;
const EXTENTS = 12;

/** Files by name. */
export type Files = ReadonlyMap<string, ByteSource>;

/** What is on InstallESD's volume: the packages in their folder, and the files of its root. */
export function esdTree(seed: number, release: Release, packages: Files, root: Files): EntryList {
  const list = new EntryList(seedFor(seed, 'esd'));
  addPackages(list, ['Packages'], release, packages);
  // 10.7's BaseSystem.dmg has more extents than a catalog record holds.
  const pieces = (size: number) => Math.max(1, Math.ceil(size / BLOCK / EXTENTS));
  for (const [name, source] of root) {
    const scattered = release.version.startsWith('10.7.') && name === 'BaseSystem.dmg';
    list.file([name], source, scattered ? { pieces: pieces(source.size) } : {});
  }
  return list;
}

/** The folder with the packages. */
export function addPackages(list: EntryList, folder: Path, release: Release, packages: Files): void {
  list.folder(folder);
  for (const [name, source] of packages) list.file([...folder, name], source);
  list.text([...folder, 'InstallableMachines.plist'], installableMachines(release));
}

/** The machines this installer takes: models and board ids are facts about hardware. */
function installableMachines(release: Release): string {
  return buildPlist({
    BuildVersion: release.build,
    SupportedBoardIds: ['Mac-27ADBB7B4CEE8E61', 'Mac-031B6874CF7F642A', 'Mac-F60DEB81FF30ACF6'],
    SupportedModels: ['iMac14,2', 'iMac14,1', 'MacPro6,1'],
  });
}

/** The Distribution of OSInstall.mpkg: which packages are installed. A script of ours that allows everything. */
export function distribution(release: Release, packages: readonly string[]): string {
  const ids = packages.map((name) => name.replace(/\.pkg$/, ''));
  const lines = ids.map((id) => `    <line choice="${id}"/>`).join('\n');
  const choices = ids
    .map((id) => `  <choice id="${id}"><pkg-ref id="org.osx-iso.pkg.${id}">file:./${id}.pkg</pkg-ref></choice>`)
    .join('\n');
  return (
    `<?xml version="1.0" encoding="utf-8"?>\n<installer-gui-script minSpecVersion="2">\n` +
    `  <title>${release.product} ${release.version}, a stand-in</title>\n` +
    `  <options customize="never" rootVolumeOnly="false"/>\n` +
    `  <choices-outline>\n${lines}\n  </choices-outline>\n${choices}\n</installer-gui-script>\n`
  );
}
