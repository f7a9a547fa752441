import { lstat, mkdir, rename, rm, utimes } from 'node:fs/promises';
import { release } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ownName } from '../core/own-folder.js';
import { SourceError, StepError } from '../errors.js';
import { fromBytes } from '../formats/bytes.js';
import { type Path, showPath } from '../formats/entry.js';
import type { StagedVolume } from '../formats/hfsplus/write/index.js';
import type { Whole } from '../formats/whole.js';
import { readHostFile } from '../host/read-file.js';
import { readSystemVersion } from '../known/system-version.js';
import type { GuestChange } from './edit-image.js';
import { explained } from './explained.js';
import { bundleName, EXTENSIONS, KEXT_CACHES, needless } from './kext.js';
import { type MountedChange, type MountedOptions, volumeRoot } from './mounted.js';

/** The host of `needless`. */
const thisHost = () => ({ platform: process.platform as string, release: release() });

/** Why nothing is to be done before any guest is looked at: the host makes it needless. */
export function needlessHere(name: string, host = thisHost()): string | undefined {
  return needless(bundleName(name), host);
}

interface Removal {
  readonly name: string;
  /** Removes it even where there is no need. */
  readonly force?: boolean;
}

/**
 * Removes a kext from a guest's volume, and the caches that hold a copy of it: the system makes those anew. SourceError where the
 * guest has no such kext, StepError where the guest needs it.
 */
export async function stageKextRemoval(volume: StagedVolume, { name, force = false }: Removal): Promise<GuestChange[]> {
  const bundle = bundleName(name);
  const path: Path = [...EXTENSIONS, bundle];
  const kext = await volume.entry(path);
  if (!kext) throw missing(volume.name, path);
  const why = force ? undefined : needless(bundle, { platform: '', release: '' }, await systemOf(volume));
  if (why !== undefined) throw new StepError(`${volume.name}: ${why}.`, { hint: '--force removes it all the same.' });
  const changes: GuestChange[] = [];
  for (const gone of [path, ...KEXT_CACHES]) {
    const count = await removeAll(volume, gone);
    if (count > 0)
      changes.push({ what: 'remove', path: gone, ...(count > 1 && { note: `${count} files and folders` }) });
  }
  return changes;
}

/** The same on a mounted volume. */
export async function removeKextMounted(options: MountedOptions & Removal): Promise<MountedChange[]> {
  const { force = false, dryRun = false, journal } = options;
  const root = await volumeRoot(options);
  const bundle = bundleName(options.name);
  const path = join(root, ...EXTENSIONS, bundle);
  const there = (what: string) => lstat(what).catch(() => undefined);
  if (!(await there(path))) throw missing(options.volume, [...EXTENSIONS, bundle]);
  await refuseLinks(root, EXTENSIONS);
  const why = force ? undefined : needless(bundle, { platform: '', release: '' }, await systemOf(hostVolume(root)));
  if (why !== undefined)
    throw new StepError(`${options.volume}: ${why}.`, { hint: '--force removes it all the same.' });
  const changes: MountedChange[] = [];
  for (const gone of [[...EXTENSIONS, bundle], ...KEXT_CACHES]) {
    const target = join(root, ...gone);
    if (!(await there(target))) continue;
    await refuseLinks(root, gone.slice(0, -1));
    changes.push({ what: 'remove', path: target });
    if (dryRun) continue;
    await explained(target, async () => {
      // First out of the way in one go: half a kext is worse than a whole one.
      const aside = join(dirname(target), `.${ownName()}`);
      const entry = await journal.append({ kind: 'folder', path: aside });
      try {
        await mkdir(aside, { mode: 0o700 });
        await rename(target, join(aside, basename(target)));
      } finally {
        await rm(aside, { recursive: true, force: true });
        await journal.done(entry);
      }
    });
  }
  // Newer than any kernel cache: a loader then takes the kexts themselves.
  const folder = join(root, ...EXTENSIONS);
  changes.push({ what: 'touch', path: folder });
  if (!dryRun) await explained(folder, () => utimes(folder, new Date(), new Date()));
  return changes;
}

/** Children before their parents. Returns how many entries went. */
async function removeAll(volume: StagedVolume, path: Path): Promise<number> {
  if (!(await volume.entry(path))) return 0;
  const paths: Path[] = [];
  for await (const entry of volume.walk(path)) paths.push(entry.path);
  for (const each of paths.sort((a, b) => b.length - a.length)) await volume.remove(each);
  return paths.length;
}

async function systemOf(volume: Parameters<typeof readSystemVersion>[0]): Promise<string | undefined> {
  try {
    return (await readSystemVersion(volume)).version;
  } catch (error) {
    // A volume without a system may hold kexts, too.
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}

/** What is read of a volume whole: SystemVersion.plist. */
const SMALL: Whole = { what: 'property list', most: 1 << 20 };

function hostVolume(root: string) {
  return {
    name: root,
    file: async (path: Path) => {
      const bytes = await readHostFile(join(root, ...path), SMALL, { noLink: true }).catch(() => undefined);
      return bytes && fromBytes(bytes, showPath(path));
    },
  };
}

/** A link among the folders could lead out of the volume. */
async function refuseLinks(root: string, path: Path): Promise<void> {
  for (let i = 1; i <= path.length; i++) {
    const folder = join(root, ...path.slice(0, i));
    if ((await lstat(folder)).isSymbolicLink())
      throw new StepError(`${folder} is a link, which may lead out of the volume.`);
  }
}

function missing(volume: string, path: Path): SourceError {
  return new SourceError(`${volume}: there is no ${showPath(path)}.`, {
    hint: 'Is it removed already, or is this another volume?',
  });
}
