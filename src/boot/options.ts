import { UsageError } from '../errors.js';
import { type Accelerator, type Chipset, type Display, MOST_DISKS } from '../launch/machine.js';
import type { NetworkModel } from '../launch/profiles.js';
import type { Forward } from '../launch/run-state.js';
import type { Secret } from '../launch/secret.js';
import type { BootMedium } from './medium.js';

/** What a user asks of a guest. Paths are below the current folder. */
export interface BootOptions {
  /** What QEMU, the screen's page and other programs call the guest. */
  readonly name?: string;
  /** The installer; without one the installed guest is started. */
  readonly iso?: string;
  /** What is known about it already, where it is still to be made. */
  readonly medium?: BootMedium;
  /** The key, where the environment was asked for it already. */
  readonly environment?: Secret | undefined;
  readonly disks: readonly string[];
  /** "30G": the first disk is made where it is not there. */
  readonly createDisk?: string;
  /** Of all disks that none is said of. */
  readonly diskFormat?: string;
  /** Of each disk, where it is said. */
  readonly diskFormats?: readonly (string | undefined)[];
  /** Other files that the disks, and the loader's image, may be made of. */
  readonly backingOk?: readonly string[];
  readonly chameleon?: string;
  /** Words for Chameleon: "timeout=5". */
  readonly append?: string;
  readonly firmware?: 'bios' | 'uefi';
  /** UEFI: a disk image, or a folder that holds EFI/BOOT. */
  readonly loader?: string;
  /** UEFI: OpenCore's release as zip or folder, or a folder EFI with it that is configured. */
  readonly opencore?: string;
  /** UEFI: a folder EFI with any loader. */
  readonly efi?: string;
  /** With a release of OpenCore: kexts for it, PATH=VALUE in its config, a config instead. */
  readonly kext?: readonly string[];
  readonly config?: string;
  readonly ocSet?: readonly string[];
  /** UEFI: keeps the firmware's variables. */
  readonly nvram?: string;
  readonly oskFile?: string;
  /** False: no SMC at all, for loaders that bring their own. */
  readonly smc: boolean;
  readonly release?: string;
  readonly machine?: Chipset;
  /** MiB. */
  readonly memory?: number;
  readonly processors?: number;
  readonly network?: NetworkModel | 'none';
  /** A port of 127.0.0.1 that leads to the guest's ssh; default: one that is free. */
  readonly sshPort?: number;
  /** More such ports. */
  readonly forwards?: readonly Forward[];
  /** The network card's address. */
  readonly mac?: string;
  /** SMBIOS system UUID. */
  readonly uuid?: string;
  /** A folder the guest sees as a FAT disk. */
  readonly folder?: string;
  readonly accelerator: Accelerator | 'auto';
  readonly display?: Display;
  readonly monitor: boolean;
  readonly serial?: string;
  /** A PNG of the screen that will be made: a file that is not there yet. */
  readonly screenshot?: string;
  readonly clock?: string;
  readonly qemu?: string;
  readonly qemuArgs: readonly string[];
  /** Start an ISO that fails its checks. */
  readonly force: boolean;
  /** Nothing is made or started: what is not there yet counts as there. */
  readonly dryRun: boolean;
}

/** What starts Chameleon after so many seconds (measured); its plist's Timeout has no effect where QEMU starts it. */
export const CHAMELEON_WAITS = 'timeout=5';
export const NVRAM = '--nvram needs --firmware uefi.';
/** MiB: Chameleon wants more than 450 MB (code). */
const LEAST_MEMORY = 512;
/** Options that bring a loader for UEFI. */
const UEFI_LOADERS = ['loader', 'opencore', 'efi'] as const;
const OPENCORE_ONLY = ['kext', 'config', 'ocSet'] as const;

/** UsageError for options that contradict each other, or ask for nothing. */
export function expectSense(options: BootOptions): void {
  const { iso, disks, createDisk: size, chameleon, firmware, nvram, clock } = options;
  const loaders = UEFI_LOADERS.filter((name) => options[name] !== undefined);
  const [loader, second] = loaders;
  if (iso === undefined && disks.length === 0) {
    throw new UsageError(
      'There is nothing to start.',
      'Give an installer ISO (osx-iso build makes one), or an installed guest with --disk FILE.',
    );
  }
  if (size !== undefined && disks.length === 0) throw new UsageError('--create-disk needs --disk FILE: which disk.');
  if (disks.length > MOST_DISKS) throw new UsageError(`A guest has ${MOST_DISKS} disks at most.`);
  if (chameleon !== undefined && (firmware === 'uefi' || loader !== undefined)) {
    const given = loader === undefined ? '--firmware uefi is' : `--${loader} is`;
    throw new UsageError(`--chameleon is for the BIOS, ${given} for UEFI: give one of them.`);
  }
  if (second !== undefined) throw new UsageError(`--${loader} and --${second}: give one of them.`);
  if (firmware === 'bios' && loader !== undefined) throw new UsageError(`--${loader} needs --firmware uefi.`);
  const mayBeUefi = firmware !== 'bios' && chameleon === undefined;
  const isUefi = firmware === 'uefi' || loader !== undefined || (iso !== undefined && mayBeUefi);
  if (nvram !== undefined && !isUefi) throw new UsageError(NVRAM);
  const stray = options.opencore === undefined && OPENCORE_ONLY.find((name) => (options[name]?.length ?? 0) > 0);
  if (stray) throw new UsageError(`--${stray === 'ocSet' ? 'oc-set' : stray} is for --opencore.`);
  const port = options.sshPort !== undefined ? '--ssh-port' : (options.forwards?.length ?? 0) > 0 && '--forward';
  if (port && options.network === 'none') throw new UsageError(`${port} needs a network: --net none has none.`);
  if (options.memory !== undefined && options.memory < LEAST_MEMORY) {
    throw new UsageError(
      `--memory ${options.memory}: expected MiB, ${LEAST_MEMORY} or more: the loader itself needs 450.`,
      'Leave it out: the release knows how much it wants.',
    );
  }
  const isDate = clock === undefined || /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?$/.test(clock);
  if (clock !== undefined && (!isDate || Number.isNaN(Date.parse(clock)))) {
    throw new UsageError(`--clock ${clock}: expected a date like 2019-10-08.`);
  }
}
