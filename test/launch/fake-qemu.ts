import type { Capabilities, Version } from '../../src/launch/capabilities.js';

const all = [
  'isa-applesmc',
  'usb-kbd',
  'usb-mouse',
  'usb-tablet',
  'usb-storage',
  'e1000-82545em',
  'virtio-net-pci',
  'virtio-net',
];

/** What a QEMU of this version says it can do, as its change logs have it. */
export function fakeQemu(text: string, more: Partial<Capabilities> = {}): Capabilities {
  const [major = 0, minor = 0, micro = 0] = text.split('.').map(Number);
  const since = (a: number, b: number) => major > a || (major === a && minor >= b);
  const version: Version = [major, minor, micro];
  return {
    program: 'qemu-system-x86_64',
    version,
    devices: new Set([...all, 'ide-hd', 'ahci', 'vmxnet3', ...(since(6, 0) ? [] : ['ide-drive'])]),
    accelerators: new Set(['kvm', 'tcg']),
    machineProperties: new Set(['accel', 'vmport', ...(since(7, 0) ? ['smbios-entry-point-type'] : [])]),
    userNetwork: true,
    ...more,
  };
}

/** Versions at which something that matters here changed. */
export const VERSIONS = ['2.6.0', '5.0.0', '6.0.0', '6.1.0', '7.2.22', '8.1.0', '9.0.0', '10.0.0'];
