import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteSource } from '../../src/formats/bytes.js';
import { uuidSeed } from './base.js';
import { BOOT_EFI, baseTree, CORE_SERVICES } from './base-tree.js';
import { Contents } from './content.js';
import { type Report, writeDmg } from './dmg.js';
import { EntryList, type MadeEntry } from './entries.js';
import { kernelFor } from './esd.js';
import { addPackages } from './esd-tree.js';
import { makePackages } from './make-packages.js';
import { seedFor } from './random.js';
import type { Settings } from './settings.js';
import type { Spool } from './spool.js';

/** Of the ISO 9660 volume for Boot Camp in front of the real DVD's, in blocks of 2048 bytes. */
const BOOT_CAMP = 505_105;
const LEAST_BOOT_CAMP = 64;
const PACKAGES = ['System', 'Installation', 'Packages'];

/** Writes the image of a retail DVD: a system that starts from it, the kernel in its root, the packages in a real folder. */
export async function writeDvd(
  directory: string,
  settings: Settings,
  spool: Spool,
  report: Report,
): Promise<{ path: string; entries: readonly MadeEntry[]; kernel: ByteSource | undefined }> {
  const { release, seed, faults } = settings;
  const contents = new Contents(seed);
  const kernel = kernelFor(settings);
  const system = await baseTree({ ...settings, contents, faults: { ...faults, packagesLink: 'missing' } });
  const packages = await makePackages({
    ...settings,
    contents,
    kernel,
    spool,
    report: (name) => report({ what: name, done: 0, total: 1 }),
  });
  const more = new EntryList(seedFor(seed, 'dvd'));
  addPackages(more, PACKAGES, release, packages.files);
  if (kernel) more.file(release.kernelPath, kernel, { mode: 0o644 });
  const there = new Set(system.map(({ path }) => path.join('/')));
  const entries = [...system, ...more.entries.filter(({ path }) => !there.has(path.join('/')))];
  const path = join(directory, release.app);
  const making = `${path}.making`;
  try {
    await writeDmg(making, {
      volume: {
        name: release.baseVolume,
        entries,
        blessed: { folder: CORE_SERVICES, file: BOOT_EFI },
        uuidSeed: uuidSeed(seed, 'base'),
      },
      map: faults.baseMap ?? release.baseMap,
      pastEnd: faults.pastEnd ?? true,
      bootCamp: Math.max(LEAST_BOOT_CAMP, Math.round(BOOT_CAMP * settings.scale)),
      seed: seedFor(seed, 'dvd'),
      report,
    });
    await rename(making, path);
  } catch (error) {
    await rm(making, { force: true });
    throw error;
  }
  return { path, entries, kernel };
}
