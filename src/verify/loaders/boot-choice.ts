import { storedPath } from '../../formats/hfsplus/names.js';
import type { HfsVolume } from '../../formats/hfsplus/volume.js';
import { defaultLoader } from '../../known/loaders.js';
import { BOOT_PLIST_FOLDER, BOOT_PLIST_LIMIT, BOOT_PLIST_NAME } from '../../plist/chameleon/boot-plist.js';
import { checkBootPlist } from '../../plist/chameleon/check.js';
import { kernelWanted } from '../../plist/chameleon/kernel-key.js';
import type { Release } from '../../releases.js';

/** Which files the release's default loader takes for kernel and kernel cache. */
export interface BootChoice {
  /** A POSIX path; undefined where the plist names another volume. */
  readonly kernel: string | undefined;
  /** What the plist's `Kernel` says, where that is followed. */
  readonly key?: string;
  /** Where a kernel cache is looked for; undefined where none is. */
  readonly cache: string | undefined;
  /**
   * Files and folders that must not have been modified after the cache. The kernel is looked up by its name as it is written, without
   * its folder: from 10.10 on as /kernel (code: boot.c; measured with Enoch r2839: a newer System/Library/Kernels/kernel is no matter).
   */
  readonly olderThanCache: readonly string[];
}

const EXTENSIONS = '/System/Library/Extensions';
const SYSTEM_PLIST = ['Library', 'Preferences', 'SystemConfiguration', 'com.apple.Boot.plist'];

/**
 * Chameleon: the plist's `Kernel` and `Kernel Cache` decide, then the system's own com.apple.Boot.plist, then the release (code:
 * options.c). A kernel of another name than the usual ones turns the cache off. OpenCore's boot.efi takes the release's.
 */
export async function bootChoice(volume: HfsVolume, release: Release, version: string): Promise<BootChoice> {
  if (defaultLoader(release.version) !== 'chameleon')
    return { kernel: release.kernel, cache: release.cache, olderThanCache: [EXTENSIONS] };
  const chameleon = await settings(volume, [BOOT_PLIST_FOLDER, BOOT_PLIST_NAME]);
  const system = await settings(volume, SYSTEM_PLIST);
  const value = (name: string) => chameleon[name] || system[name] || undefined;
  const key = value('Kernel');
  const { path, unusual } = kernelWanted(version, key);
  const named = value('Kernel Cache')?.replaceAll('\\', '/');
  const off = chameleon['UseKernelCache'] !== undefined && !/^y/i.test(chameleon['UseKernelCache']);
  const cache = off ? undefined : (named ?? (unusual ? undefined : release.cache));
  const written = key ?? (release.kernel.split('/').at(-1) as string);
  const olderThanCache = [written.startsWith('/') ? written : `/${written}`, EXTENSIONS];
  return { kernel: path, cache, olderThanCache, ...(key !== undefined && { key }) };
}

/** What the loader sees in a plist; nothing where there is none. */
async function settings(volume: HfsVolume, path: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const file = await volume.file(path);
  if (!file) return {};
  const bytes = await file.read(0, Math.min(file.size, 16 * BOOT_PLIST_LIMIT));
  return checkBootPlist(bytes, `/${path.join('/')}`).sees;
}

/** Whether the cache is there, and whether the loader takes it or passes it over for something that was modified later. */
export async function cacheState(
  volume: HfsVolume,
  { cache, olderThanCache }: BootChoice,
): Promise<'none' | 'taken' | 'old'> {
  const modified = async (path: string | undefined) =>
    path === undefined ? undefined : (await volume.entry(storedPath(path)))?.dates.modified;
  const made = await modified(cache);
  if (made === undefined) return 'none';
  const dates = await Promise.all(olderThanCache.map(modified));
  return dates.some((date) => (date ?? 0) > made) ? 'old' : 'taken';
}
