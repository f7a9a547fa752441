import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { VolumeAttribute } from '../formats/hfsplus/header.js';
import { HfsVolume } from '../formats/hfsplus/volume.js';
import { hfsPartitions, readPartitionMap } from '../formats/partition-map/index.js';
import { readSystemVersion } from '../known/system-version.js';
import { BOOT_PLIST_FOLDER, BOOT_PLIST_NAME } from '../plist/chameleon/boot-plist.js';
import { NEW_KERNEL, OLD_KERNEL } from '../plist/chameleon/kernel-key.js';
import { releaseOf } from '../releases.js';
import { checkKernel } from '../verify/kernel.js';
import type { GuestSystem } from './guest.js';

/** What a guest's disk holds, seen from outside. */
export type DiskState =
  /** A system that can be started. */
  | { readonly kind: 'system'; readonly volume: string; readonly system: GuestSystem; readonly hasPlist: boolean }
  /** A volume on which no system is, or not all of one. */
  | { readonly kind: 'no-system'; readonly volume: string; readonly why: string }
  /** It may hold one, but was not unmounted. */
  | { readonly kind: 'unclean'; readonly volume: string }
  | { readonly kind: 'several'; readonly volumes: readonly string[] }
  /** Nothing was ever written to it. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'no-volume'; readonly why: string }
  | { readonly kind: 'unreadable'; readonly why: string };

const CORE_SERVICES = ['System', 'Library', 'CoreServices'];
/** Words of the volume header's finderInfo with a blessed folder's CNID: for firmware, and for OS X (TN1150). */
const BLESSED = [0, 5];
/** Bytes at the start of a disk in which any map or volume shows. */
const START = 64 << 10;

/**
 * Says whether a disk holds a system, by our own reader: SystemVersion.plist, a kernel where the release's loader looks for one, and
 * CoreServices blessed. Writes nothing and replays no journal: what is on a volume that was not unmounted is not gone by. A faulty
 * disk is an answer, not an error.
 */
export async function diskState(disk: ByteSource): Promise<DiskState> {
  try {
    const map = await readPartitionMap(disk);
    const { found, reasons } = await hfsPartitions(map, disk);
    const [only, second] = found;
    if (!only) {
      const head = await disk.read(0, Math.min(START, disk.size));
      return head.every((byte) => byte === 0) ? { kind: 'empty' } : { kind: 'no-volume', why: reasons.join('; ') };
    }
    const volume = await HfsVolume.open(only.source);
    if (!second) return await volumeState(volume);
    const others = await Promise.all(found.slice(1).map(({ source }) => HfsVolume.open(source)));
    return { kind: 'several', volumes: [volume, ...others].map(({ name }) => name) };
  } catch (error) {
    if (error instanceof SourceError) return { kind: 'unreadable', why: error.message };
    throw error;
  }
}

async function volumeState(volume: HfsVolume): Promise<DiskState> {
  const { name, header } = volume;
  const { unmounted, bootVolumeInconsistent } = VolumeAttribute;
  if ((header.attributes & unmounted) === 0 || (header.attributes & bootVolumeInconsistent) !== 0)
    return { kind: 'unclean', volume: name };
  const missing = (why: string) => ({ kind: 'no-system', volume: name, why }) as const;
  if (!(await volume.entry([...CORE_SERVICES, 'SystemVersion.plist']))) return missing('no system is on it');
  const system = await readSystemVersion(volume);
  if (!(await hasKernel(volume, system.version))) return missing(`the kernel of ${system.version} is not on it`);
  const folder = await volume.lookup(CORE_SERVICES);
  const words = new DataView(header.finderInfo.buffer, header.finderInfo.byteOffset, header.finderInfo.byteLength);
  const blessed = BLESSED.map((word) => words.getUint32(word * 4));
  if (!folder || !blessed.includes(folder.record.cnid)) return missing('its system is not blessed');
  const plist = await volume.entry([BOOT_PLIST_FOLDER, BOOT_PLIST_NAME]);
  return { kind: 'system', volume: name, system, hasPlist: plist?.kind === 'file' };
}

/** A kernel or a kernel cache, by its first bytes. */
async function hasKernel(volume: HfsVolume, version: string): Promise<boolean> {
  const release = releaseOf(version);
  const places = release ? [release.kernel, release.cache ?? release.kernel] : [NEW_KERNEL, OLD_KERNEL];
  for (const place of places) {
    const { ok } = await checkKernel(await volume.file(place.slice(1).split('/')));
    if (ok) return true;
  }
  return false;
}
