import { UsageError } from '../errors.js';
import type { Path } from '../formats/entry.js';

/** Panics older systems on a processor without MONITOR and MWAIT. */
export const POWER_MANAGEMENT = 'AppleIntelCPUPowerManagement';
/** The first Linux whose KVM has MONITOR and MWAIT do nothing instead (commit 87c00572ba05). */
const ENOUGH = [3, 16] as const;
/** The last guest that needs it removed. */
const LAST_GUEST = [10, 7] as const;

/** Where systems keep their kexts. */
export const EXTENSIONS: Path = ['System', 'Library', 'Extensions'];
/** Folders and files that hold copies of kexts, or of what is known of them: a loader would go on using those. */
export const KEXT_CACHES: readonly Path[] = [
  ['System', 'Library', 'Caches', 'com.apple.kext.caches'],
  ['System', 'Library', 'Extensions.mkext'],
];

/** "AppleIntelCPUPowerManagement" or "….kext" as the name of the bundle. UsageError for what is no name. */
export function bundleName(name: string): string {
  const bare = name.replace(/\.kext$/, '');
  if (!/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/.test(bare)) {
    throw new UsageError(`"${name}": expected the name of a kext, as ${POWER_MANAGEMENT}.`);
  }
  return `${bare}.kext`;
}

/** Why there is no need to remove this kext on this host or from this guest; undefined where there may be. */
export function needless(
  bundle: string,
  host: { readonly platform: string; readonly release: string },
  guest?: string,
): string | undefined {
  if (bundle !== `${POWER_MANAGEMENT}.kext`) return undefined;
  const kernel = /^(\d+)\.(\d+)/.exec(host.release);
  if (host.platform === 'linux' && kernel && atLeast([Number(kernel[1]), Number(kernel[2])], ENOUGH)) {
    return `not needed: KVM of Linux ${ENOUGH.join('.')} and later (this is ${host.release}) has MONITOR and MWAIT do nothing`;
  }
  const system = /^(\d+)\.(\d+)/.exec(guest ?? '');
  if (system && !atLeast(LAST_GUEST, [Number(system[1]), Number(system[2])])) {
    return `not needed: the guest is ${guest}, and only ${LAST_GUEST.join('.')} and older stumble over MONITOR and MWAIT`;
  }
  return undefined;
}

function atLeast(found: readonly [number, number], wanted: readonly [number, number]): boolean {
  return found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1]);
}
