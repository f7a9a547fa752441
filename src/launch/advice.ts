import { diagnose } from './doctor.js';
import type { Host } from './host.js';
import type { Machine } from './machine.js';
import type { Profile } from './profiles.js';

/** Rows of the doctor that make a guest fail in ways nobody understands: a silent restart, a wait without an end. */
const TOLD = ['processor', 'interrupts', 'MONITOR/MWAIT', 'MSR 0x199'];

/** What speaks against a machine that could be started all the same: one sentence each. */
export function adviceOn(machine: Machine, profile: Profile, host: Host): string[] {
  const { name } = profile;
  const { sockets, cores, threads } = machine.smp;
  const processors = sockets * cores * threads;
  const advice = [...profile.notes];
  if (machine.accelerator === 'kvm') {
    const problems = diagnose(host, profile).filter((row) => row.state === 'problem' && TOLD.includes(row.name));
    advice.push(...problems.map(({ found, fix }) => `${found}.${fix === undefined ? '' : ` ${fix}`}`));
  }
  if (machine.memory < profile.memory) advice.push(`${name} wants ${profile.memory} MiB of memory or more.`);
  if (processors < profile.processors) {
    advice.push(`${name} wants ${profile.processors} processors or more: --smp ${profile.processors}.`);
  }
  if (2 ** Math.round(Math.log2(processors)) !== processors) {
    advice.push(`OS X wants 1, 2, 4 or 8 processors, not ${processors}.`);
  }
  if (machine.network === 'virtio-net-pci' && !['10.7', '10.8', '10.9'].includes(profile.release)) {
    advice.push(`virtio-net's driver is for 10.7 to 10.9; ${name} would have no network.`);
  }
  if (machine.network.startsWith('e1000') && profile.network === 'vmxnet3') {
    advice.push(`${name} has no driver for e1000: --net vmxnet3.`);
  }
  if (!profile.xhci && machine.extra.some((word) => /\bxhci\b/.test(word))) {
    advice.push(`${name} has no driver for XHCI: what hangs on it is not seen.`);
  }
  if (machine.clock !== undefined && machine.network !== 'none') {
    advice.push("With a network the guest sets its clock itself: --net none keeps --clock's date.");
  }
  return advice;
}
