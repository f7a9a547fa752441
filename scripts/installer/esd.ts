import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { uuidSeed } from './base.js';
import { addBootFiles } from './bootable.js';
import type { Contents } from './content.js';
import { makeDiagnostics } from './diagnostics.js';
import { type Report, writeDmg } from './dmg.js';
import type { MadeEntry } from './entries.js';
import { esdTree } from './esd-tree.js';
import { makePackages } from './make-packages.js';
import { notAKernel } from './package-trees.js';
import { seedFor } from './random.js';
import { kernelOf, type Settings } from './settings.js';
import type { Spool } from './spool.js';

const MOST_EFI_SECTORS = 409_600;
const LEAST_EFI_SECTORS = 2048;
const NONE: ReadonlyMap<string, ByteSource> = new Map();

/** What InstallESD.dmg was made from. */
export interface MadeEsd {
  readonly entries: readonly MadeEntry[];
  /** Of the payload that has the kernel. */
  readonly withKernel: readonly MadeEntry[];
  readonly kernel: ByteSource | undefined;
}

/** Writes InstallESD.dmg into a folder; `files` lie in its root beside the packages. */
export async function makeEsd(
  folder: string,
  settings: Settings,
  contents: Contents,
  files: ReadonlyMap<string, ByteSource>,
  spool: Spool,
  report: Report,
): Promise<MadeEsd> {
  const { release, releaseName, faults, seed, scale } = settings;
  const kernel = kernelFor(settings);
  const packages = await makePackages({
    ...settings,
    contents,
    kernel,
    spool,
    report: (name) => report({ what: name, done: 0, total: 1 }),
  });
  const bootable = release.layout === 'bootable';
  // AppleDiagnostics came with 10.11, and went beside InstallESD.dmg with 10.13.
  const diagnostics = Number(releaseName.split('.')[1]) < 11 ? NONE : await makeDiagnostics(settings, contents);
  const beside = release.baseIn === 'app';
  if (beside)
    for (const [name, image] of diagnostics) {
      await writeFile(join(folder, name), await image.read(0, image.size));
    }
  const root = new Map([...files, ...(beside ? NONE : diagnostics)]);
  const list = esdTree(seed, release, packages.files, root);
  const blessed = bootable ? await addBootFiles(list, settings, contents, kernel) : undefined;
  const { entries } = list;
  const efi = Math.max(LEAST_EFI_SECTORS, Math.floor((MOST_EFI_SECTORS * scale) / 8) * 8);
  await writeDmg(join(folder, 'InstallESD.dmg'), {
    volume: { name: release.esdVolume, entries, uuidSeed: uuidSeed(seed, 'esd'), ...(blessed && { blessed }) },
    map: faults.esdMap ?? release.esdMap,
    pastEnd: faults.pastEnd ?? false,
    efiSectors: efi,
    seed: seedFor(seed, 'InstallESD.dmg'),
    report,
  });
  return { entries, withKernel: packages.withKernel, kernel };
}

/** The kernel that is put in, or what stands in its place. */
export function kernelFor(settings: Settings): ByteSource | undefined {
  switch (settings.faults.kernel) {
    case 'missing':
      return undefined;
    case 'text':
      return notAKernel();
    default:
      return fromBytes(kernelOf(settings), 'kernel');
  }
}
