import { onPath, probeHost } from '../launch/host-probe.js';
import { noKey } from '../launch/needs/key.js';
import { forbiddenKvm } from '../launch/needs/kvm.js';
import { noLoader } from '../launch/needs/loader.js';
import type { Missing } from '../launch/needs/missing.js';
import { noQemu, noQemuImg, noSmc } from '../launch/needs/qemu.js';
import type { Profile } from '../launch/profiles.js';
import type { TypedOptions } from './typed.js';

/** What is known of a guest that is to be made. */
export interface Ahead {
  readonly profile: Profile;
  /** Its installer starts by UEFI, alone. */
  readonly uefi: boolean;
  /** The environment has the SMC's key. */
  readonly hasKey: boolean;
  readonly missing: Missing;
  readonly signal: AbortSignal;
}

/**
 * What else keeps a guest from being made, and, where something does, what its first start would lack: loader, key, QEMU. By itself
 * that is no reason: a guest may be made first, and on another computer.
 */
export async function lookAhead(typed: TypedOptions, ahead: Ahead): Promise<void> {
  const { profile, uefi, hasKey, missing, signal } = ahead;
  const canMakeDisk = (typed.disks?.length ?? 0) > 0 || (await onPath('qemu-img'));
  if (canMakeDisk && !missing.some) return;
  const host = await probeHost(typed.qemu, signal);
  if (!canMakeDisk) missing.add(noQemuImg(host));
  if (!host.qemu) missing.besides(noQemu(typed.qemu, host));
  const { iso, firmware, chameleon, opencore, efi, loader } = typed;
  const starter = chameleon ?? opencore ?? efi ?? loader;
  if (iso !== undefined && starter === undefined && firmware !== 'uefi' && !uefi) missing.besides(noLoader(profile));
  if (typed.smc !== false) {
    missing.besides(noSmc(host));
    if (typed.oskFile === undefined && !hasKey && host.apple === undefined) missing.besides(noKey());
  }
  if ((typed.accelerator ?? 'auto') === 'auto') missing.besides(forbiddenKvm(host));
}
