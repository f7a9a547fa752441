import { HostError } from '../../errors.js';
import type { Host } from '../host.js';

/** What to type for a processor that may, where the user may not. */
export const KVM_GROUP = 'sudo usermod -aG kvm "$USER", then log in again.';

/** Why KVM does not run the guest on a Linux that could; undefined where it does, or there is none. */
export function forbiddenKvm({ platform, kvm }: Pick<Host, 'platform' | 'kvm'>): HostError | undefined {
  if (platform !== 'linux' || kvm !== 'forbidden') return undefined;
  return new HostError('/dev/kvm is there, but not for you: the guest would run by TCG, very slowly.', {
    hint: KVM_GROUP,
  });
}
