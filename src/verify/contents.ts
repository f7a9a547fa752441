import { CHUNKLIST, ChunkVerifier, parseChunklist, verifySignature } from '../formats/chunklist.js';
import { type Path, showPath } from '../formats/entry.js';
import { storedPath } from '../formats/hfsplus/names.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import type { Proof } from '../formats/proofs.js';
import { readWhole } from '../formats/whole.js';
import { type Release, releaseOf, releases, releaseTitle } from '../releases.js';
import { type SystemVersion, versionOnMedium } from '../system-version.js';
import { checkBlessing } from './blessing.js';
import { checkPlistOf } from './boot-plist.js';
import { checkKernel } from './kernel.js';
import type { Checks } from './report.js';

/** What the installer and the loader will look for, as far as it could be told. */
export interface Contents {
  readonly release: Partial<SystemVersion>;
  /** BaseSystem.dmg, still to be compared with its chunklist. */
  readonly image?: { readonly path: Path; readonly proof: Proof } | undefined;
}

/** Looks at everything the installer and the loader will look for; what has to be read whole is left to the caller. */
export async function checkContents(volume: HfsVolume, checks: Checks): Promise<Contents> {
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
  await checks.attempt('kernel', () => checkKernelOf(volume, release, checks));
  await checks.attempt('packages', () => checkPackages(volume, release.packages, checks));
  const image = await checks.attempt('BaseSystem', () => findBaseSystem(volume, release, checks));
  await checks.attempt('blessing', () => checkBlessing(volume, release, checks));
  await checks.attempt('boot plist', () => checkPlistOf(volume, checks));
  return { release: system, image };
}

async function checkKernelOf(volume: HfsVolume, release: Release, checks: Checks): Promise<void> {
  const path = release.kernel;
  const kernel = await checkKernel(await volume.file(storedPath(path)));
  if (!kernel.ok) {
    checks.fail('kernel', `${path}, where the boot loader looks: expected a kernel, found ${kernel.found}`);
    return;
  }
  checks.pass('kernel', `${path}: ${kernel.found}, ${kernel.size} bytes; ${await aboutCache(volume, release)}`);
}

/** Chameleon takes the cache, unless the kernel file or Extensions was modified after it. Either way it boots. */
async function aboutCache(volume: HfsVolume, { kernel, cache }: Release): Promise<string> {
  const modified = async (path: string) => (await volume.entry(storedPath(path)))?.dates.modified;
  const made = cache === undefined ? undefined : await modified(cache);
  if (made === undefined) return 'no kernel cache';
  const newer = Math.max((await modified(kernel)) ?? 0, (await modified('/System/Library/Extensions')) ?? 0) > made;
  return newer ? 'its cache is older, so the loader passes it over' : 'the loader prefers its cache';
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
    if (name.endsWith('.pkg') && entry.path.length === folder.path.length + 1) packages++;
    // A flat package is a file; those of 10.6 are folders.
    if (name === 'OSInstall.mpkg' && (entry.kind === 'folder' || (entry.data?.size ?? 0) > 0)) distribution = true;
    bytes += entry.data?.size ?? 0;
  }
  if (!distribution)
    checks.fail('packages', `${path}/OSInstall.mpkg: expected the installer's distribution, found nothing`);
  if (packages === 0) checks.fail('packages', `${path}: expected packages, found none`);
  if (distribution && packages > 0) checks.pass('packages', `${path}: ${packages} packages, ${bytes} bytes`);
}

/** BaseSystem.dmg and what proves it; undefined where there is none or where it is wrong already. */
async function findBaseSystem(volume: HfsVolume, { baseSystem }: Release, checks: Checks): Promise<Contents['image']> {
  if (baseSystem === 'none') return undefined;
  // Media of 10.9.5 that install have them in one place or the other (measured).
  const places = [[], ['System', 'Installation']];
  const at = (await firstWith(volume, places, 'BaseSystem.dmg')) ?? [];
  const image = await volume.file([...at, 'BaseSystem.dmg']);
  const chunklist = await volume.file([...at, 'BaseSystem.chunklist']);
  const path = showPath([...at, 'BaseSystem.dmg']);
  if (baseSystem === 'optional' && !image && !(await firstWith(volume, places, 'BaseSystem.chunklist'))) {
    checks.pass('BaseSystem', 'no BaseSystem.dmg: the installer of this release does without');
    return undefined;
  }
  if (!image || !chunklist) {
    const missing = image ? showPath([...at, 'BaseSystem.chunklist']) : '/BaseSystem.dmg';
    checks.fail('BaseSystem', `${missing}: expected a file, found nothing: the installer will call itself damaged`);
    return undefined;
  }
  const bytes = await readWhole(chunklist, CHUNKLIST);
  const list = parseChunklist(bytes, chunklist.name);
  if (list.totalSize !== image.size) {
    checks.fail('BaseSystem', `${path}: expected ${list.totalSize} bytes, as its chunklist says, found ${image.size}`);
    return undefined;
  }
  const verifier = new ChunkVerifier(list, image.name);
  const signature = verifySignature(list);
  const words = { valid: 'signed by Apple', absent: 'unsigned', unknown: 'signed by another key' };
  if (signature === 'invalid') checks.fail('BaseSystem', `${chunklist.name}: it was changed after it was signed`);
  const proof: Proof = {
    update: (part) => verifier.update(part),
    finish: () => {
      verifier.finish();
      const who = signature === 'invalid' ? 'badly signed' : words[signature];
      return `all ${list.chunks.length} chunks match the chunklist (${who})`;
    },
  };
  return { path: [...at, 'BaseSystem.dmg'], proof };
}

/** The first of these folders that has a file of this name. */
async function firstWith(volume: HfsVolume, places: readonly Path[], name: string): Promise<Path | undefined> {
  for (const place of places) if (await volume.file([...place, name])) return place;
  return undefined;
}
