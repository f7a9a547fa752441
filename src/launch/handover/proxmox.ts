import { createHash } from 'node:crypto';
import { UsageError } from '../../errors.js';
import { quoteForSh } from '../../host/quote.js';
import type { Capabilities } from '../capabilities.js';
import type { Disk, Machine } from '../machine.js';
import { diskOptions, machineOptions, pointerOf, qemuParts } from '../qemu.js';
import { hostName } from './host-name.js';

/** A machine of Proxmox VE. */
export interface ProxmoxGuest {
  /** /etc/pve/qemu-server/VMID.conf */
  readonly conf: string;
  /** The same by commands, for sh on the Proxmox host, as root. */
  readonly commands: string;
}

type Setting = readonly [key: string, value: string];

/**
 * The machine for Proxmox VE, whose files must lie at the same paths there. What it has no setting for goes through `args`, which only
 * root may give. The SMC's key is read by QEMU from `smcConfig`, an absolute path. UsageError for names with control characters: a
 * setting is one line.
 */
export function proxmoxGuest(machine: Machine, capabilities: Capabilities, smcConfig: string): ProxmoxGuest {
  const { firmware, smp, network, chipset } = machine;
  const plain = machine.disks.filter(({ file, port }) => port !== 'usb' && isPlain(file));
  const parts = qemuParts(machine, capabilities, { smcConfig });
  const argv = [
    ...[...parts.cpu, ...parts.differences, ...parts.smc, ...parts.baseBoard, ...parts.sata],
    ...machineOptions(machine, capabilities).flatMap((option) => ['-machine', option]),
    // OVMF is Proxmox's own; Chameleon is not.
    ...(firmware.kind === 'bios' ? parts.firmware : []),
    ...machine.disks
      .filter((disk) => !plain.includes(disk))
      .flatMap((disk) => diskOptions(disk, chipset, capabilities)),
    // The keyboard, which OS X has no driver for otherwise.
    ...['-device', 'usb-kbd'],
    ...[...parts.serial, ...parts.extra],
  ];
  const order = [...plain].sort((a, b) => (a.bootIndex ?? 9) - (b.bootIndex ?? 9)).map(({ port }) => `sata${port}`);
  const settings: Setting[] = [
    ['args', argv.map(quoteForPerl).join(' ')],
    ['balloon', '0'],
    ['bios', firmware.kind === 'uefi' ? 'ovmf' : 'seabios'],
    ...(order.length > 0 ? [['boot', `order=${order.join(';')}`] as const] : []),
    ['cores', String(smp.cores * smp.threads)],
    ...(machine.accelerator === 'tcg' ? [['kvm', '0'] as const] : []),
    ...clockOf(machine),
    ['machine', chipset],
    ['memory', String(machine.memory)],
    ['name', hostName(machine.name)],
    ...(network === 'none' ? [] : [['net0', `${cardOf(network)}=${macOf(machine)},bridge=vmbr0`] as const]),
    ['ostype', 'other'],
    ...plain.map((disk): Setting => [`sata${disk.port}`, driveOf(disk)]),
    ...(machine.uuid === undefined ? [] : [['smbios1', `uuid=${machine.uuid}`] as const]),
    ['sockets', String(smp.sockets)],
    ['tablet', pointerOf(machine, capabilities) === 'tablet' ? '1' : '0'],
    ['vga', 'std'],
  ];
  settings.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, value] of settings) expectOneLine(key, value);
  return { conf: conf(settings, firmware.kind), commands: commands(settings, firmware.kind) };
}

const ABOUT = ['From osx-iso. The files must lie at these paths on the Proxmox host, and args are for root alone.'];
const OVMF = 'OVMF keeps its variables on a disk of its own';
const EFI_DISK = 'efitype=4m,pre-enrolled-keys=0';

function conf(settings: readonly Setting[], firmware: 'bios' | 'uefi'): string {
  const about = [...ABOUT, ...(firmware === 'uefi' ? [`${OVMF}: qm set VMID --efidisk0 local-lvm:1,${EFI_DISK}`] : [])];
  return [...about.map((line) => `# ${line}`), ...settings.map(([key, value]) => `${key}: ${value}`), ''].join('\n');
}

function commands(settings: readonly Setting[], firmware: 'bios' | 'uefi'): string {
  const options = settings.map(([key, value]) => `  --${key} ${quoteForSh(value)}`);
  return [
    'vmid=$(pvesh get /cluster/nextid)',
    ['qm create "$vmid"', ...options].join(' \\\n'),
    ...(firmware === 'uefi'
      ? [`# ${OVMF}, on a storage of yours.`, `qm set "$vmid" --efidisk0 local-lvm:1,${EFI_DISK}`]
      : []),
    'qm start "$vmid"',
    '',
  ].join('\n');
}

/** A word as Perl's Text::ParseWords takes it, which splits `args`: a backslash counts between single quotes, too (measured). */
function quoteForPerl(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`;
}

/** A drive's setting is a list of commas and equal signs, and quotes in it are not for us: names with more in them go through args. */
function isPlain(file: string): boolean {
  return /^\/[\p{L}\p{M}\p{N}_.+@:()/-]+(?: [\p{L}\p{M}\p{N}_.+@:()/-]+)*$/u.test(file);
}

function driveOf({ file, format, snapshot }: Disk): string {
  return [file, `format=${format}`, ...(snapshot ? ['snapshot=1'] : [])].join(',');
}

function clockOf({ clock }: Machine): Setting[] {
  if (clock === undefined) return [['localtime', '1']];
  return [['startdate', clock.includes('T') ? clock : `${clock}T00:00:00`]];
}

function cardOf(network: Exclude<Machine['network'], 'none'>): string {
  return network === 'virtio-net-pci' ? 'virtio' : network;
}

/** Proxmox wants one in the file: without one of the machine's own, one of its files' names, so that it stays; locally administered. */
function macOf({ mac, name, disks }: Machine): string {
  if (mac !== undefined) return mac.toUpperCase();
  const digest = createHash('sha256').update([name, ...disks.map(({ file }) => file)].join('\0'));
  const bytes = digest.digest().subarray(0, 6);
  bytes[0] = 0x02;
  return [...bytes]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(':')
    .toUpperCase();
}

function expectOneLine(key: string, value: string): void {
  const found = /\p{Cc}/u.exec(value);
  if (!found) return;
  const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  throw new UsageError(
    `${JSON.stringify(value.slice(0, 200))} cannot be written for Proxmox: "${key}" is one line, without U+${code}.`,
    'Give the file another name, or take --format shell.',
  );
}
