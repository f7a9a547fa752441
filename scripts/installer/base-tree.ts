import { fromBytes } from '../../src/formats/bytes.js';
import type { Path } from '../../src/formats/entry.js';
import { buildPlist } from '../../src/plist/plist.js';
import { makeBootEfi } from './boot-efi.js';
import { bulk, type Planned } from './bundles.js';
import { compressed, fitsInline } from './compressed.js';
import { type Contents, withHead } from './content.js';
import { EntryList, type MadeEntry } from './entries.js';
import { kernelCache } from './lzss.js';
import { addOddFiles, denyDelete } from './odd-files.js';
import type { Faults } from './options.js';
import { Random, seedFor } from './random.js';
import type { Release } from './releases.js';
import { type KernelSettings, kernelOf } from './settings.js';

/** What the real volume has: bytes of file data and files, of a BaseSystem that is 1.3 GB unpacked. */
const BYTES = 1_235_000_000;
const FILES = 34_000;
const LEAST_FILES = 300;
/** Shares of BYTES that the few very large files of a real one have. */
const LARGE: readonly { readonly path: Path; readonly share: number }[] = [
  { path: ['System', 'Library', 'dyld', 'dyld_shared_cache_x86_64'], share: 0.22 },
  { path: ['System', 'Library', 'dyld', 'dyld_shared_cache_i386'], share: 0.13 },
];
const PRELINKED_SHARE = 0.016;
const MOST_COMPRESSED = 80_000;
/** They stay in memory while the volume is made. */
const COMPRESSED_PER_MILLE = 25;
const LINKED_PER_MILLE = 12;
/** Dangling: /System/Installation is another volume's when the system runs. Measured on 10.9.5. */
const LINK_TO_PACKAGES = '/System/Installation/PackagesLink';
/** What must stay setuid for an installer to work. Measured on 10.9.5. */
const SETUID: readonly { readonly path: Path; readonly mode: number }[] = [
  { path: ['bin', 'ps'], mode: 0o4755 },
  { path: ['bin', 'rcp'], mode: 0o4555 },
  { path: ['usr', 'bin', 'login'], mode: 0o4555 },
  { path: ['usr', 'libexec', 'authopen'], mode: 0o4555 },
  { path: ['usr', 'sbin', 'traceroute'], mode: 0o4555 },
  { path: ['System', 'Library', 'PrivateFrameworks', 'Install.framework', 'Resources', 'runner'], mode: 0o6755 },
];
/** Of a thousand files so many have an access control list: 1,139 of 10.9.5's. */
const SECURED_PER_MILLE = 33;
export const CORE_SERVICES: Path = ['System', 'Library', 'CoreServices'];
export const BOOT_EFI: Path = [...CORE_SERVICES, 'boot.efi'];

export interface BaseOptions extends KernelSettings {
  readonly seed: number;
  readonly contents: Contents;
  readonly faults: Faults;
}

/** Everything on BaseSystem's volume, parents before their children. */
export async function baseTree(options: BaseOptions): Promise<MadeEntry[]> {
  const { contents, scale } = options;
  const list = new EntryList(seedFor(options.seed, 'base'));
  addSkeleton(list);
  addSystem(list, options);
  await addOddFiles(list, contents, { compressed: !options.release.version.startsWith('10.9.') });
  const budget = BYTES * scale;
  for (const { path, share } of LARGE)
    list.file(path, contents.file(path.join('/'), Math.floor(budget * share), 'code'));
  const prelinked = Math.floor(budget * PRELINKED_SHARE);
  const cache = prelinkedPath(options);
  // A loader that takes the cache starts the same kernel.
  const kernel = withHead(kernelOf(options), contents.file('prelinked', prelinked, 'code'));
  // Its folder is there in 10.10, and empty.
  list.folder(['System', 'Library', 'PrelinkedKernels']);
  list.file(cache, cache.at(-1) === 'prelinkedkernel' ? kernel : await kernelCache(kernel));
  const spent = list.entries.reduce((sum, entry) => sum + (entry.data?.size ?? 0) + (entry.resource?.size ?? 0), 0);
  const there = list.entries.filter((entry) => entry.kind !== 'folder').length;
  const files = Math.max(LEAST_FILES, Math.round(FILES * scale)) - there;
  await addBulk(list, bulk(seedFor(options.seed, 'bulk'), files), Math.max(0, budget - spent), options);
  return list.entries;
}

function prelinkedPath({ release, faults }: BaseOptions): Path {
  const system = ['System', 'Library'];
  switch (faults.prelinked) {
    case 'prelinkedkernel':
      return [...system, 'PrelinkedKernels', 'prelinkedkernel'];
    case 'kernelcache':
      return [...system, 'Caches', 'com.apple.kext.caches', 'Startup', 'kernelcache'];
    default:
      return release.prelinked;
  }
}

/** The folders and links at the top, as they are in any Mac's root. */
function addSkeleton(list: EntryList): void {
  const invisible = Buffer.alloc(32);
  invisible.writeUInt16BE(0x4000, 8);
  for (const name of ['bin', 'sbin', 'usr', 'private', 'Volumes', 'dev'])
    list.folder([name], { finderInfo: invisible });
  for (const name of ['Applications', 'Library', 'System']) list.folder([name], { gid: name === 'System' ? 0 : 80 });
  list.folder(['private', 'etc']);
  list.folder(['private', 'tmp'], { mode: 0o1777 });
  list.folder(['private', 'var', 'tmp'], { mode: 0o1777 });
  list.folder(['private', 'var', 'db']);
  for (const name of ['etc', 'tmp', 'var']) list.symlink([name], `private/${name}`);
  list.text(['.file'], '', { mode: 0 });
  for (const { path, mode } of SETUID) list.text(path, `${path.at(-1)}: a stand-in\n`, { mode });
  list.text(['private', 'etc', 'hosts'], '127.0.0.1\tlocalhost\n::1\tlocalhost\n');
  list.text(['private', 'etc', 'rc.install'], '#!/bin/sh\n# A stand-in: nothing is installed.\nexit 0\n', {
    mode: 0o555,
  });
}

function addSystem(list: EntryList, { release, nonce, faults }: BaseOptions): void {
  list.folder(CORE_SERVICES);
  list.file(BOOT_EFI, fromBytes(makeBootEfi({ nonce }), 'boot.efi'), { mode: 0o644, locked: true });
  if (faults.systemVersion !== 'missing') {
    list.text([...CORE_SERVICES, 'SystemVersion.plist'], systemVersion(release));
  }
  const supported = buildPlist({ SupportedBoardIds: ['Mac-27ADBB7B4CEE8E61'], SupportedModelProperties: ['iMac14,2'] });
  list.text([...CORE_SERVICES, 'PlatformSupport.plist'], supported);
  const boot = buildPlist({ 'Kernel Flags': '' });
  list.text(['Library', 'Preferences', 'SystemConfiguration', 'com.apple.Boot.plist'], boot);
  const packages = ['System', 'Installation', 'Packages'];
  list.folder(['System', 'Installation', 'CDIS']);
  if (faults.packagesLink === 'folder') list.folder(packages);
  else if (faults.packagesLink !== 'missing') list.symlink(packages, LINK_TO_PACKAGES);
}

/** SystemVersion.plist, from which release and build are known. */
export function systemVersion(release: Release): string {
  return buildPlist({
    ProductBuildVersion: release.build,
    ProductCopyright: 'Made by osx-iso for tests; no part of it is from Apple',
    ProductName: release.product,
    ProductUserVisibleVersion: release.version,
    ProductVersion: release.version,
  });
}

/** Gives the planned files sizes that add up to `budget` bytes; some become compressed, some get further names. */
async function addBulk(list: EntryList, planned: readonly Planned[], budget: number, options: BaseOptions) {
  const dice = new Random(seedFor(options.seed, 'bulk sizes'));
  let weights = 0;
  for (const item of planned) if (item.kind === 'file') weights += item.weight;
  let link = 1000;
  // Measured on 10.9.5: nothing is compressed there.
  const decmpfs = !options.release.version.startsWith('10.9.');
  const secured = [{ name: 'com.apple.system.Security', value: fromBytes(denyDelete(), 'ACL') }];
  for (const item of planned) {
    if (item.kind === 'symlink') {
      list.symlink(item.path, item.target);
      continue;
    }
    const size = Math.round((item.weight / weights) * budget);
    const data = options.contents.file(item.path.join('/'), size, item.texture);
    const mode = item.mode ?? 0o644;
    if (
      decmpfs &&
      item.texture !== 'noise' &&
      size > 0 &&
      size <= MOST_COMPRESSED &&
      dice.chance(COMPRESSED_PER_MILLE)
    ) {
      const plain = await data.read(0, size);
      const name = item.path.at(-1) ?? '';
      const details = compressed(plain, fitsInline(plain) ? 3 : 4, name);
      list.file(item.path, fromBytes(new Uint8Array(0), name), { ...details, mode, plain: data });
    } else if (dice.chance(LINKED_PER_MILLE)) {
      list.file(item.path, data, { mode, link: ++link });
      for (let i = dice.between(1, 3); i > 0; i--) {
        list.hardLink([...item.path.slice(0, -1), `${item.path.at(-1)} (${i})`], item.path);
      }
    } else {
      list.file(item.path, data, { mode, ...(dice.chance(SECURED_PER_MILLE) ? { xattrs: secured } : {}) });
    }
  }
}
