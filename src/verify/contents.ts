import { findBaseSystem, imagePath, listPath, proveImage, readChunklist } from '../formats/base-system.js';
import { type Path, showPath } from '../formats/entry.js';
import { storedPath } from '../formats/hfsplus/names.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import type { Proof } from '../formats/proofs.js';
import type { LoaderId } from '../known/loaders.js';
import { type SystemVersion, versionOnMedium } from '../known/system-version.js';
import { type Release, releaseOf, releases, releaseTitle } from '../releases.js';
import { checkBlessing } from './blessing.js';
import { checkPlistOf } from './boot-plist.js';
import { checkKernel } from './kernel.js';
import { type BootChoice, bootChoice, cacheState } from './loaders/boot-choice.js';
import { checkLoaders, type OpenedDisk } from './loaders/index.js';
import type { Checks } from './report.js';

/** What the installer and the loader will look for, as far as it could be told. */
export interface Contents {
  readonly release: Partial<SystemVersion>;
  /** BaseSystem.dmg, still to be compared with its chunklist. */
  readonly image?: { readonly path: Path; readonly proof: Proof } | undefined;
}

/**
 * Looks at everything the installer and the loader will look for; what has to be read whole is left to the caller. `brought`: loaders
 * that are on the disk themselves.
 */
export async function checkContents(
  opened: OpenedDisk,
  checks: Checks,
  brought: readonly LoaderId[] = [],
): Promise<Contents> {
  const { volume } = opened;
  const system = await checks.attempt('release', () => versionOnMedium(volume));
  if (!system) return { release: {} };
  checks.pass('release', releaseTitle(system.version, system.build));
  const release = releaseOf(system.version);
  if (!release) {
    checks.fail(
      'release',
      `expected one of ${releases.map(({ version }) => version).join(', ')}, found ${system.version}`,
    );
    return { release: system };
  }
  const choice = await checks.attempt('kernel', () => bootChoice(volume, release, system.version));
  if (choice) {
    await checks.attempt('kernel', () => checkKernelOf(volume, choice, checks));
    await checks.attempt('boot loaders', () => checkLoaders(opened, release, choice, checks, brought));
  }
  await checks.attempt('packages', () => checkPackages(volume, release.packages, checks));
  const image = await checks.attempt('BaseSystem', () => lookAtBaseSystem(volume, release, checks));
  await checks.attempt('blessing', () => checkBlessing(volume, release, checks));
  await checks.attempt('boot plist', () => checkPlistOf(volume, system.version, checks));
  return { release: system, image };
}

const CACHE_WORDS = {
  none: 'no kernel cache',
  taken: 'the loader prefers its cache',
  old: 'its cache is older, so the loader passes it over',
} as const;

async function checkKernelOf(volume: HfsVolume, choice: BootChoice, checks: Checks): Promise<void> {
  const { kernel: path, key } = choice;
  if (path === undefined) {
    checks.pass('kernel', `the plist's Kernel names another volume: ${key}`);
    return;
  }
  const kernel = await checkKernel(await volume.file(storedPath(path)));
  const cache = await cacheState(volume, choice);
  if (!kernel.ok) {
    const why = key === undefined ? 'where the boot loader looks' : `where Kernel=${key} makes the boot loader look`;
    const text = `${path}, ${why}: expected a kernel, found ${kernel.found}`;
    // Without the key nobody meant to do without a kernel.
    if (cache === 'taken' && key !== undefined) checks.find('warning', 'kernel', `${text}; it starts the kernel cache`);
    else checks.fail('kernel', text);
    return;
  }
  checks.pass('kernel', `${path}: ${kernel.found}, ${kernel.size} bytes; ${CACHE_WORDS[cache]}`);
}

async function checkPackages(volume: HfsVolume, places: readonly string[], checks: Checks): Promise<void> {
  const found = await Promise.all(places.map((place) => volume.entry(storedPath(place))));
  const index = found.findIndex((entry) => entry?.kind === 'folder');
  const folder = found[index];
  if (!folder) {
    const there = found.find((entry) => entry !== undefined);
    checks.fail(
      'packages',
      `${places.join(' or ')}: expected a folder, found ${there ? `a ${there.kind}` : 'nothing'}`,
    );
    return;
  }
  const path = places[index]!;
  let packages = 0;
  let bytes = 0;
  let distribution = false;
  for await (const entry of volume.walk(folder.path)) {
    const name = entry.path.at(-1)!;
    const size = entry.data?.size ?? 0;
    // A flat package is a file; those of 10.6 are folders.
    const isPackage = entry.kind === 'folder' || size > 0;
    if (isPackage && name.endsWith('.pkg') && entry.path.length === folder.path.length + 1) packages++;
    if (isPackage && name === 'OSInstall.mpkg') distribution = true;
    bytes += size;
  }
  if (!distribution)
    checks.fail('packages', `${path}/OSInstall.mpkg: expected the installer's distribution, found nothing`);
  if (packages === 0) checks.fail('packages', `${path}: expected packages, found none`);
  if (distribution && packages > 0) checks.pass('packages', `${path}: ${packages} packages, ${bytes} bytes`);
}

/** BaseSystem.dmg and what proves it; undefined where there is none or where it is wrong already. */
async function lookAtBaseSystem(
  volume: HfsVolume,
  { baseSystem }: Release,
  checks: Checks,
): Promise<Contents['image']> {
  if (baseSystem === 'none') return undefined;
  const found = await findBaseSystem(volume);
  const { image, chunklist } = found;
  const path = showPath(imagePath(found));
  if (baseSystem === 'optional' && !image && !chunklist) {
    checks.pass('BaseSystem', 'no BaseSystem.dmg: the installer of this release does without');
    return undefined;
  }
  if (!image || !chunklist) {
    const missing = image ? showPath(listPath(found)) : '/BaseSystem.dmg';
    checks.fail('BaseSystem', `${missing}: expected a file, found nothing: the installer will call itself damaged`);
    return undefined;
  }
  const { list, signature } = await readChunklist(chunklist);
  if (list.totalSize !== image.size) {
    checks.fail('BaseSystem', `${path}: expected ${list.totalSize} bytes, as its chunklist says, found ${image.size}`);
    return undefined;
  }
  if (signature === 'invalid') checks.fail('BaseSystem', `${chunklist.name}: it was changed after it was signed`);
  return { path: imagePath(found), proof: proveImage(list, signature, image.name) };
}
