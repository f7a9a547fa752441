import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import type { Path } from '../../src/formats/entry.js';
import { buildPlist } from '../../src/plist/plist.js';
import { CORE_SERVICES, systemVersion } from './base-tree.js';
import { makeBootEfi } from './boot-efi.js';
import { type Contents, withHead } from './content.js';
import type { EntryList } from './entries.js';
import { kernelCache } from './lzss.js';
import { kernelOf, type Settings } from './settings.js';

/** Bytes of a kernel cache of 10.7. */
const CACHE_BYTES = 23_992_189;

/** The folder and the file that firmware starts from. */
export interface Blessed {
  readonly folder: Path;
  readonly file: Path;
}

/** What makes the InstallESD of 10.7 and 10.8 start by itself: kernel and cache, hidden, in the root, and boot.efi. */
export async function addBootFiles(
  list: EntryList,
  settings: Settings,
  contents: Contents,
  kernel: ByteSource | undefined,
): Promise<Blessed> {
  const { release, releaseName, nonce, scale, faults } = settings;
  const hidden = Buffer.alloc(32);
  hidden.writeUInt16BE(0x4000, 8);
  if (kernel) list.file(['mach_kernel'], kernel, { mode: 0o644, finderInfo: hidden });
  const cache = contents.file('esd kernelcache', Math.max(64, Math.floor(CACHE_BYTES * scale)), 'code');
  list.file(['kernelcache'], await kernelCache(withHead(kernelOf(settings), cache)), { finderInfo: hidden });
  // Measured on 10.7.5; unknown for 10.8, so both are made.
  const place = faults.bootFiles ?? (releaseName === '10.7' ? 'root' : 'core-services');
  const inRoot = place === 'root';
  const folder = inRoot ? [] : CORE_SERVICES;
  list.folder(folder);
  const file = [...folder, 'boot.efi'];
  list.file(file, fromBytes(makeBootEfi({ nonce }), 'boot.efi'));
  if (faults.systemVersion !== 'missing') {
    list.text([...CORE_SERVICES, 'SystemVersion.plist'], systemVersion(release));
  }
  const flags = buildPlist({ 'Kernel Cache': '\\kernelcache', 'Kernel Flags': 'root-dmg=file:///BaseSystem.dmg' });
  list.text(['Library', 'Preferences', 'SystemConfiguration', 'com.apple.Boot.plist'], flags);
  return { folder, file };
}
