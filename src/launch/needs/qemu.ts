import { HostError } from '../../errors.js';
import { atLeast, QEMU } from '../capabilities.js';
import type { Host } from '../host.js';
import { install } from '../install.js';
import type { Profile } from '../profiles.js';

/** A computer without the program, or with another under its name. */
export function noQemu(program: string | undefined, host: Pick<Host, 'packages'>): HostError {
  if (program !== undefined) {
    return new HostError(`There is no ${program} on this computer that is a QEMU.`, {
      hint: 'Leave --qemu out, or give the path of a qemu-system-x86_64.',
    });
  }
  return new HostError(`There is no ${QEMU} on this computer.`, { hint: install('qemu', host) });
}

/** A computer without the program that makes disks. */
export function noQemuImg(host: Pick<Host, 'packages'>): HostError {
  return new HostError('There is no qemu-img on this computer.', { hint: install('qemuImg', host) });
}

/** A QEMU without Apple's SMC. */
export function noSmc({ qemu }: Pick<Host, 'qemu'>): HostError | undefined {
  if (!qemu || qemu.devices.has('isa-applesmc')) return undefined;
  return new HostError(`${qemu.program} was built without isa-applesmc, as those of RHEL and CentOS are.`, {
    hint: 'Take a QEMU that has it; --no-smc is for loaders that bring an SMC of their own.',
  });
}

/** One that is too old for the release, in words; undefined where it is not. */
export function oldQemu({ qemu }: Pick<Host, 'qemu'>, { name, qemu: [major, minor] }: Profile): string | undefined {
  if (!qemu || atLeast(qemu.version, major, minor)) return undefined;
  return `${name} wants QEMU ${major}.${minor} or newer; this is ${qemu.version.join('.')}.`;
}
