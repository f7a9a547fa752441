import { DEFAULT_RELEASE, type NetworkModel, type Profile, profileOf } from './profiles.js';
import type { Forward } from './run-state.js';

export type Chipset = 'q35' | 'pc';
export type Accelerator = 'kvm' | 'hvf' | 'tcg';

/** A virtual machine as plain data: nothing in it is asked of a host, and the SMC's key is never in it. */
export interface Machine {
  readonly name: string;
  /** "10.10", the profile it was made by. */
  readonly release: string;
  readonly chipset: Chipset;
  readonly accelerator: Accelerator;
  /** MiB. */
  readonly memory: number;
  readonly cpu: { readonly model: string; readonly vendor: string; readonly flags: readonly string[] };
  readonly smp: { readonly sockets: number; readonly cores: number; readonly threads: number };
  readonly firmware: Firmware;
  /** QEMU's model of Apple's system management controller. */
  readonly smc: boolean;
  /** An SMBIOS base-board record. */
  readonly baseBoard: boolean;
  readonly disks: readonly Disk[];
  readonly usb: Usb;
  readonly network: NetworkModel | 'none';
  /** The network card's address; QEMU's own where it is not said. */
  readonly mac?: string;
  /** TCP ports of 127.0.0.1 that lead into the guest. */
  readonly forwards: readonly Forward[];
  /** SMBIOS system UUID; QEMU's own where it is not said. */
  readonly uuid?: string;
  readonly display: Display;
  /** A host file that receives the first serial port. */
  readonly serial?: string;
  /** QEMU's monitor on the terminal. */
  readonly monitor: boolean;
  /** Where the guest's clock starts, "2019-10-08T00:00:00"; else at the host's local time. */
  readonly clock?: string;
  /** Words for QEMU that nothing else stands for. */
  readonly extra: readonly string[];
}

export type Firmware =
  | {
      readonly kind: 'bios';
      /** Chameleon's second stage, a multiboot file; without one the BIOS starts the first disk. */
      readonly loader?: string;
      /** Words for the loader: "timeout=5". */
      readonly append?: string;
    }
  | {
      readonly kind: 'uefi';
      readonly code: string;
      readonly vars: string;
      /** Changes of the variables are thrown away. */
      readonly varsReadOnly: boolean;
    };

/** A disk as the guest sees it. */
export interface Disk {
  readonly id: string;
  /** Absolute host path: a disk image, or for 'folder' a folder that the guest sees as a FAT disk. */
  readonly file: string;
  readonly format: string;
  /** A folder is on USB, where it can be read-only; everything else on a SATA port. */
  readonly port: number | 'usb';
  /** What the guest writes is thrown away. */
  readonly snapshot: boolean;
  /** UEFI connects only disks that have one; 0 is first. */
  readonly bootIndex?: number;
}

/** What keyboard and pointer hang on. */
export interface Usb {
  /** 'ich9': EHCI with three UHCI companions; 'ehci': EHCI alone; 'piix': the pc's own UHCI. */
  readonly controller: 'ich9' | 'ehci' | 'piix';
  /** A tablet where QEMU's is good enough. */
  readonly pointer: 'tablet' | 'mouse';
}

export type Display =
  | { readonly kind: 'window' }
  | { readonly kind: 'none' }
  | {
      readonly kind: 'vnc' /** 5900 + this is the TCP port, on the loopback interface only. */;
      readonly number: number;
    }
  | {
      /** VNC on a private UNIX socket, which src/web shows to browsers. */
      readonly kind: 'web';
      /** Of 127.0.0.1; else any free one. */
      readonly port?: number;
    };

/** What a user chose; everything left out is as the release's profile has it. */
export interface Choice {
  readonly release?: string;
  readonly name?: string;
  readonly chipset?: Chipset;
  readonly accelerator?: Accelerator;
  readonly memory?: number;
  /** From a manifest: "core2duo,vendor=GenuineIntel". */
  readonly cpu?: string;
  readonly processors?: number;
  readonly firmware?: Firmware;
  readonly smc?: boolean;
  /** The installer's ISO. */
  readonly iso?: string;
  /** The guest's own disks. */
  readonly disks?: readonly { readonly file: string; readonly format: string }[];
  /** A UEFI loader: a disk image, or a folder that holds EFI/BOOT. */
  readonly loaderDisk?: { readonly file: string; readonly format: string };
  /** A folder the guest sees as a FAT disk: the virtio driver. */
  readonly folder?: string;
  readonly network?: NetworkModel | 'none';
  readonly mac?: string;
  readonly forwards?: readonly Forward[];
  readonly uuid?: string;
  readonly display?: Display;
  readonly serial?: string;
  readonly monitor?: boolean;
  readonly clock?: string;
  readonly extra?: readonly string[];
}

/** The id of the installer's disk. */
export const INSTALLER = 'MacDVD';
/** SATA ports: the seed has the installer on the first and the hard disk on the third. */
const ISO_PORT = 0;
const LOADER_PORT = 1;
export const FIRST_DISK_PORT = 2;
/** ICH9 and QEMU's ahci have six. */
export const PORTS = 6;
export const MOST_DISKS = PORTS - FIRST_DISK_PORT;

/** The machine for a choice. Every field is settled here; printers only print. */
export function makeMachine(choice: Choice): Machine {
  const profile = profileOf(choice.release ?? DEFAULT_RELEASE) ?? profileOf(DEFAULT_RELEASE)!;
  const firmware = choice.firmware ?? { kind: 'bios' };
  const chipset = choice.chipset ?? 'q35';
  const accelerator = choice.accelerator ?? 'kvm';
  return {
    name: choice.name ?? 'osx',
    release: profile.release,
    chipset,
    accelerator,
    memory: choice.memory ?? profile.memory,
    cpu: cpuOf(profile, choice.cpu),
    smp: smpOf(choice.processors ?? profile.processors),
    firmware,
    smc: choice.smc ?? true,
    baseBoard: profile.baseBoard,
    disks: disksOf(choice, firmware.kind === 'uefi'),
    usb: usbOf(profile, chipset, accelerator),
    network: choice.network ?? profile.network,
    ...(choice.mac !== undefined && { mac: choice.mac }),
    forwards: choice.forwards ?? [],
    ...(choice.uuid !== undefined && { uuid: choice.uuid }),
    display: choice.display ?? { kind: 'window' },
    ...(choice.serial !== undefined && { serial: choice.serial }),
    monitor: choice.monitor ?? false,
    ...(choice.clock !== undefined && { clock: choice.clock }),
    extra: choice.extra ?? [],
  };
}

function usbOf(profile: Profile, chipset: Chipset, accelerator: Accelerator): Usb {
  const alone = accelerator === 'kvm' && !profile.uhciUnderKvm;
  const controller = alone ? 'ehci' : chipset === 'q35' ? 'ich9' : 'piix';
  // Measured on EHCI only.
  return { controller, pointer: profile.tablet && controller !== 'piix' ? 'tablet' : 'mouse' };
}

function cpuOf(profile: Profile, given: string | undefined): Machine['cpu'] {
  const [model = profile.cpu, ...rest] = given?.split(',') ?? [profile.cpu, ...profile.cpuFlags];
  return {
    model,
    vendor: rest.find((word) => word.startsWith('vendor='))?.slice('vendor='.length) ?? 'GenuineIntel',
    flags: rest.filter((word) => !word.startsWith('vendor=')),
  };
}

/** As the seed has it: 4 are two sockets of two cores, because a core2duo has two. */
function smpOf(processors: number): Machine['smp'] {
  if (processors % 2 === 0 && processors > 2) return { sockets: processors / 2, cores: 2, threads: 1 };
  return { sockets: 1, cores: processors, threads: 1 };
}

function disksOf(choice: Choice, uefi: boolean): Disk[] {
  const disks: Omit<Disk, 'bootIndex'>[] = [];
  const { loaderDisk, iso, folder } = choice;
  if (loaderDisk) {
    const port = loaderDisk.format === 'folder' ? ('usb' as const) : LOADER_PORT;
    disks.push({ id: 'Loader', ...loaderDisk, port, snapshot: port !== 'usb' });
  }
  choice.disks?.forEach(({ file, format }, i) => {
    const id = i === 0 ? 'MacHDD' : `MacHDD${i + 1}`;
    disks.push({ id, file, format, port: FIRST_DISK_PORT + i, snapshot: false });
  });
  // A disk, not a CD: on a CD the loader sees no volume. Not read-only, which a disk cannot be: what is written is thrown away.
  if (iso !== undefined) disks.push({ id: INSTALLER, file: iso, format: 'raw', port: ISO_PORT, snapshot: true });
  if (folder !== undefined)
    disks.push({ id: 'fatdrive', file: folder, format: 'folder', port: 'usb', snapshot: false });
  return disks.map((disk, i) => (uefi && disk.id !== 'fatdrive' ? { ...disk, bootIndex: i } : disk));
}
