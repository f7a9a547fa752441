import { atLeast, type Capabilities } from './capabilities.js';
import type { Chipset } from './machine.js';

/** Something that QEMU's versions want said in different ways. */
export interface Difference {
  readonly what: string;
  /** Since when, and how it is known; for people who add a row. */
  readonly why: string;
  applies(capabilities: Capabilities, chipset: Chipset): boolean;
}

/** Machine properties: `-machine q35,accel=kvm,THIS`. */
export const MACHINE_OPTIONS: readonly (Difference & { readonly option: string })[] = [
  {
    what: 'a 32-bit SMBIOS entry point',
    why: '8.1 and 8.2 make a 64-bit one, which Chameleon does not find: "Unable to find SMBIOS!". A property since 7.0.',
    option: 'smbios-entry-point-type=32',
    applies: ({ machineProperties }) => machineProperties.has('smbios-entry-point-type'),
  },
  {
    what: 'no VMware port',
    why: 'Chameleon and OS X would take the machine for a VMware one. A property since 2.2.',
    option: 'vmport=off',
    applies: ({ machineProperties }) => machineProperties.has('vmport'),
  },
];

/** Whole options. */
export const OPTIONS: readonly (Difference & { readonly option: readonly string[] })[] = [
  {
    what: 'PCI hot plug as OS X knows it',
    why: 'Since 6.1 q35 plugs PCI devices by ACPI, and the guest has no network card.',
    option: ['-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'],
    applies: ({ version }, chipset) => chipset === 'q35' && atLeast(version, 6, 1),
  },
];

/** Devices by the name the installed QEMU has for them; the first that it knows, else the first. */
export const DEVICE_NAMES = {
  /** ide-drive took its kind from the drive; it went with 6.0, ide-hd is there since 0.15. */
  disk: ['ide-hd', 'ide-drive'],
  virtioNet: ['virtio-net-pci', 'virtio-net'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export function deviceName(names: readonly string[], { devices }: Capabilities): string {
  return names.find((name) => devices.has(name)) ?? names[0]!;
}

/** `-drive …,readonly=on` is good everywhere; the short form `readonly` is deprecated since 6.0. */
export const READ_ONLY = 'readonly=on';

/** Pictures of the screen as PNG: since 7.1; before that only PPM. */
export function canTakePng({ version }: Capabilities): boolean {
  return atLeast(version, 7, 1);
}

/** usb-tablet as OS X knows it: since 2.9 (reported; on 10.9 measured by others). */
export function hasGoodTablet({ version, devices }: Capabilities): boolean {
  return atLeast(version, 2, 9) && devices.has('usb-tablet');
}
