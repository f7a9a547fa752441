import { type Check, ok, problem, rowOf, warning } from './finding.js';
import type { Host } from './host.js';
import { forbiddenKvm } from './needs/kvm.js';
import type { Profile } from './profiles.js';

/** Where to look in the firmware's settings, by the processor's vendor. */
const VIRTUALISATION: Readonly<Record<string, string>> = { GenuineIntel: 'Intel VT-x', AuthenticAMD: 'SVM (AMD-V)' };

function atLeast({ kernel }: Host, major: number, minor: number): boolean {
  return kernel !== undefined && (kernel[0] > major || (kernel[0] === major && kernel[1] >= minor));
}

const named = ({ kernel }: Host) => `kernel ${kernel?.join('.')}`;
const isUpTo = ({ release }: Profile, minor: number) =>
  release.startsWith('10.') && Number(release.slice('10.'.length)) <= minor;

const UPDATE = 'Start this computer with a newer kernel.';

export const LINUX_CHECKS: readonly Check[] = [
  {
    name: 'KVM',
    look(host) {
      const { kvm, cpu } = host;
      if (kvm === 'usable') return ok('/dev/kvm may be used');
      const forbidden = forbiddenKvm(host);
      if (forbidden) return rowOf(forbidden);
      const virtual = cpu.flags.has('vmx') || cpu.flags.has('svm');
      const module = cpu.vendor === 'AuthenticAMD' ? 'kvm_amd' : 'kvm_intel';
      const fix = virtual ? `sudo modprobe ${module}` : 'See the row below.';
      return problem('there is no /dev/kvm: the guest would run by TCG, very slowly', fix);
    },
  },
  {
    name: 'virtualisation',
    look({ cpu, kvm }) {
      // A module that made /dev/kvm has found what it needs, whatever a container shows of the processor.
      if (cpu.flags.has('vmx') || cpu.flags.has('svm') || kvm !== 'absent')
        return ok(cpu.flags.has('svm') ? 'AMD-V' : cpu.flags.has('vmx') ? 'Intel VT-x' : 'KVM is there');
      const what = VIRTUALISATION[cpu.vendor] ?? 'hardware virtualisation';
      const fix = cpu.flags.has('hypervisor')
        ? 'This is a virtual machine: switch on nested virtualisation on its host.'
        : `Switch on ${what} in the firmware's settings of this computer.`;
      return problem(`the processor shows neither vmx nor svm`, fix);
    },
  },
  {
    name: 'nested',
    look({ cpu, kvm }) {
      if (!cpu.flags.has('hypervisor') || kvm !== 'usable') return undefined;
      const fix = 'If the guest stops with an internal error, it is started again with --accel tcg.';
      return warning('this computer is a virtual machine itself: KVM in it may fail', fix);
    },
  },
  {
    name: 'processor',
    look({ cpu, kvm }, { hostFlags, release }) {
      const missing = hostFlags.filter((flag) => !cpu.flags.has(flag));
      if (missing.length > 0) {
        const found = `${cpu.vendor} without ${missing.join(', ')}, which ${release} uses`;
        const fix = 'Use --accel tcg (very slow), or another computer.';
        return kvm === 'usable' ? problem(found, fix) : warning(found, fix);
      }
      const amd = cpu.vendor === 'GenuineIntel' ? '' : '; the guest is told GenuineIntel';
      return ok(`${cpu.vendor}: ${hostFlags.join(', ')}${amd}`);
    },
  },
  {
    name: 'interrupts',
    look(host, profile) {
      if (!host.kernel) return undefined;
      if (atLeast(host, 3, 15)) return ok(`${named(host)}: I/O APIC polarity is ignored (3.15)`);
      const found = `${named(host)} is older than 3.15: "still waiting for root device"`;
      return isUpTo(profile, 9) ? problem(found, UPDATE) : warning(found, UPDATE);
    },
  },
  {
    name: 'MONITOR/MWAIT',
    look(host, { usesMwait, release }) {
      if (!host.kernel || !usesMwait) return undefined;
      if (atLeast(host, 3, 16)) return ok(`${named(host)}: they do nothing, as they should (3.16)`);
      const fix = `${UPDATE} Or remove AppleIntelCPUPowerManagement.kext from the guest.`;
      return problem(`${named(host)} is older than 3.16, and ${release} executes them`, fix);
    },
  },
  {
    name: 'MSR 0x199',
    look(host, { readsPerfCtl, release }) {
      const { ignoreMsrs } = host;
      if (!host.kernel) return undefined;
      if (atLeast(host, 4, 7)) {
        if (!ignoreMsrs?.on) return ok(`${named(host)} answers it (4.7)`);
        return warning(
          `ignore_msrs is on, which ${named(host)} does not need and KVM's maintainers advise against`,
          ignoreMsrs.writable ? 'echo 0 | sudo tee /sys/module/kvm/parameters/ignore_msrs' : READ_ONLY,
        );
      }
      if (ignoreMsrs?.on) return ok(`${named(host)} does not know it, ignore_msrs is on`);
      if (!readsPerfCtl) return ok(`${named(host)} does not know it; ${release} does not ask`);
      const fix = ignoreMsrs && !ignoreMsrs.writable ? READ_ONLY : IGNORE_MSRS;
      return problem(
        `${named(host)} is older than 4.7 and ignore_msrs is off: ${release} restarts again and again`,
        fix,
      );
    },
  },
  {
    name: 'Apple hardware',
    look({ apple }) {
      if (apple !== undefined) return ok(apple);
      return warning("this is not an Apple computer: Apple's licence for OS X does not cover it");
    },
  },
  {
    name: 'OSK',
    look({ apple, smcDriver, root }) {
      if (apple === undefined) return undefined;
      const read = `${root ? '' : 'sudo '}osx-iso smc OSK0 OSK1`;
      if (smcDriver) return warning('the applesmc driver holds the SMC', `sudo modprobe -r applesmc, then ${read}`);
      return ok(`can be read: ${read}`);
    },
  },
];

/** As Debian, Fedora and the others take it; the second line makes it last. */
const IGNORE_MSRS = [
  'echo 1 | sudo tee /sys/module/kvm/parameters/ignore_msrs',
  "echo 'options kvm ignore_msrs=1' | sudo tee /etc/modprobe.d/osx-iso.conf   # for good",
].join('\n');
const READ_ONLY = 'It is read-only here (a container?): set it on the host itself.';
