import type { Accelerator, Chipset, Display } from '../launch/machine.js';
import type { NetworkModel } from '../launch/profiles.js';
import type { Forward } from '../launch/run-state.js';

/** The file that makes a folder a guest's. */
export const GUEST_FILE = 'guest.json';

/**
 * A guest as it stands in guest.json: what is not there is as `boot` has it by default. Paths are absolute, or below the guest's own
 * folder: a folder that is moved takes what lies in it along, and finds the rest where it was.
 */
export interface Guest {
  readonly schema: 1;
  /** The first two parts of ProductVersion, "10.10": the profile that the machine is made by. */
  readonly release: string;
  /** The disk holds a system: the installer stays out, network card and chipset stay what they are. */
  readonly installed: boolean;
  /** The system that was found on it. */
  readonly system?: GuestSystem;
  /** The installer's ISO. */
  readonly iso?: string;
  readonly disks: readonly GuestDisk[];
  readonly loader?: GuestLoader;
  /** UEFI: the file of the firmware's variables. */
  readonly nvram?: string;
  /** False: no SMC, for loaders that bring one of their own. */
  readonly smc?: boolean;
  /** The file with the SMC's key. The key itself is never in here. */
  readonly keyFile?: string;
  readonly chipset: Chipset;
  /** MiB. */
  readonly memory?: number;
  readonly processors?: number;
  readonly network: NetworkModel | 'none';
  /** The network card's address: locally administered, QEMU's own prefix. */
  readonly mac: string;
  /** SMBIOS system UUID, lower case. */
  readonly uuid: string;
  /** Where the host reaches the guest's ssh: a port of 127.0.0.1. */
  readonly ssh?: { readonly port: number };
  readonly forwards?: readonly Forward[];
  readonly accelerator?: Accelerator | 'auto';
  readonly display?: Display;
  /** Files that the disks may be made of. */
  readonly backing?: readonly string[];
  /** A folder that the guest sees as a FAT disk. */
  readonly folder?: string;
  /** A file that receives the first serial port. */
  readonly serial?: string;
  /** Where the guest's clock starts: "2019-10-08". */
  readonly clock?: string;
  /** The QEMU to use: a name that is looked for, or a path. */
  readonly qemu?: string;
  /** Words for QEMU that nothing else stands for. */
  readonly qemuArgs?: readonly string[];
}

export interface GuestSystem {
  /** "10.10.5" */
  readonly version: string;
  /** "14F27" */
  readonly build: string;
}

export interface GuestDisk {
  readonly file: string;
  /** QEMU's name for it, where it must be said. */
  readonly format?: string;
  /** Made together with the guest: `guest delete` removes it, if it lies in the guest's folder. */
  readonly made?: boolean;
}

/** What starts the system. */
export type GuestLoader =
  /** QEMU starts Chameleon's file "boot". */
  | { readonly kind: 'chameleon'; readonly file: string; readonly append?: string }
  /** UEFI starts OpenCore: its release, with kexts, a config or settings of it. */
  | {
      readonly kind: 'opencore';
      readonly file: string;
      readonly kexts?: readonly string[];
      readonly config?: string;
      /** PATH=VALUE */
      readonly set?: readonly string[];
    }
  /** UEFI starts a folder EFI, taken as it is. */
  | { readonly kind: 'efi'; readonly file: string }
  /** UEFI starts a disk image, or a folder that holds EFI/BOOT. */
  | { readonly kind: 'image'; readonly file: string }
  /** UEFI starts the loader that is on the installer's ISO, which stays attached. */
  | { readonly kind: 'iso' }
  /** Nothing is given: the firmware starts what it finds on the disks. */
  | { readonly kind: 'none'; readonly firmware: 'bios' | 'uefi' };
