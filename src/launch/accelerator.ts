import { HostError } from '../errors.js';
import type { Host } from './host.js';
import type { Accelerator } from './machine.js';
import { KVM_GROUP } from './needs/kvm.js';

/** What runs the guest's code, and what the user should know about that. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  readonly note?: string;
}

const SLOW = 'the guest runs by TCG, very slowly. osx-iso doctor tells what is missing.';

/** KVM on Linux, hvf on an Intel Mac, TCG anywhere else. HostError where what is asked for cannot be. */
export function chooseAccelerator(
  wanted: Accelerator | 'auto',
  {
    platform,
    arch,
    kvm,
    accelerators,
  }: Pick<Host, 'platform' | 'arch' | 'kvm'> & {
    readonly accelerators: ReadonlySet<string>;
  },
): AcceleratorChoice {
  if (wanted === 'tcg') return { accelerator: 'tcg' };
  const hasKvm = platform === 'linux' && kvm === 'usable' && accelerators.has('kvm');
  const hasHvf = platform === 'darwin' && arch === 'x64' && accelerators.has('hvf');
  if (wanted === 'kvm' && !hasKvm) {
    const [reason, fix] =
      kvm === 'forbidden'
        ? ['/dev/kvm is not permitted', KVM_GROUP]
        : ['there is no KVM here', 'osx-iso doctor tells why.'];
    throw new HostError(`--accel kvm: ${reason}.`, { hint: `${fix} Or --accel tcg, which is slow.` });
  }
  if (wanted === 'hvf' && !hasHvf) {
    throw new HostError('--accel hvf: only on an Intel Mac, by a QEMU that has it.', {
      hint: '--accel tcg works, slowly.',
    });
  }
  if (hasKvm) return { accelerator: 'kvm' };
  if (hasHvf) return { accelerator: 'hvf' };
  if (platform === 'linux' && kvm === 'forbidden') {
    return { accelerator: 'tcg', note: `/dev/kvm is not permitted: the guest runs by TCG, very slowly. ${KVM_GROUP}` };
  }
  const reason = platform === 'linux' ? 'no /dev/kvm: ' : '';
  return { accelerator: 'tcg', note: `${reason}${SLOW}` };
}
