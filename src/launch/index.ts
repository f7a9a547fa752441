/** Guests: what a machine is, how it is printed, what a host needs for it. */
export { capabilitiesOf } from './capabilities.js';
export { withControl } from './control.js';
export { openDevPort } from './dev-port.js';
export { createDisk, type DiskInfo, parseSize } from './disks.js';
export { diagnose } from './doctor.js';
export type { Finding as HostFinding } from './finding.js';
export type { Host } from './host.js';
export { probeHost } from './host-probe.js';
export { libvirtXml } from './libvirt.js';
export { licenceNote } from './licence.js';
export type { Machine } from './machine.js';
export { takeFromEnvironment } from './osk.js';
export { DEFAULT_RELEASE, type Profile, profileOf, profiles } from './profiles.js';
export { qemuArgs } from './qemu.js';
export type { GuestEnd } from './run.js';
export { type Forward, isAlive, type Ports, type RunState, readRunState } from './run-state.js';
export { configCommand, SHELL_CONFIG, shellCommand } from './shell.js';
export { dumpKey, type Port, readKey, type SmcValue } from './smc.js';
