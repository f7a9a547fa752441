import { Command, InvalidArgumentError, Option } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso boot`, as typed. Paths are below the current folder. */
export interface BootOptions {
  /** The installer; without one the installed guest is started. */
  readonly iso?: string;
  readonly disk: readonly string[];
  readonly createDisk?: string;
  readonly diskFormat?: string;
  readonly backingOk: readonly string[];
  readonly chameleon?: string;
  readonly append?: string;
  readonly firmware?: 'bios' | 'uefi';
  readonly loader?: string;
  /** OpenCore's release, or a folder EFI with it. */
  readonly opencore?: string;
  /** A folder EFI with any loader. */
  readonly efi?: string;
  readonly kext?: readonly string[];
  readonly config?: string;
  readonly ocSet?: readonly string[];
  readonly nvram?: string;
  readonly oskFile?: string;
  readonly smc: boolean;
  readonly release?: string;
  readonly machine?: 'q35' | 'pc';
  readonly memory?: number;
  readonly smp?: number;
  readonly net?: 'e1000' | 'virtio' | 'vmxnet3' | 'none';
  readonly folder?: string;
  readonly accel: 'auto' | 'kvm' | 'hvf' | 'tcg';
  readonly headless: boolean;
  readonly vnc?: number;
  readonly monitor: boolean;
  readonly serial?: string;
  readonly screenshot?: string;
  readonly stopAfter?: number;
  readonly clock?: string;
  readonly qemu?: string;
  readonly qemuArg: readonly string[];
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly format: 'shell' | 'json' | 'libvirt';
  /** Where libvirt's QEMU finds the SMC's configuration. */
  readonly smcConfig?: string;
}

/** What is not given. */
export const BOOT_DEFAULTS = {
  disk: [],
  backingOk: [],
  smc: true,
  accel: 'auto',
  headless: false,
  monitor: false,
  qemuArg: [],
  force: false,
  dryRun: false,
  format: 'shell',
} as const satisfies Partial<BootOptions>;

export function registerBoot(program: Command, start: Start): void {
  const command = program
    .command('boot')
    .summary('start an installer or an installed guest in QEMU')
    .description('Starts an installer ISO, or the guest that was installed from it, in QEMU.')
    .argument('[iso]', 'the installer; without it the installed guest is started');
  bootOptions(command)
    .option('--opencore <zip|dir>', 'start by UEFI with OpenCore: its release, or a folder EFI that is configured')
    .option('--efi <dir>', 'the same with a folder EFI with any loader, taken as it is')
    .option('--kext <path>', 'with --opencore: a kext for it; may be given again', collect)
    .option('--config <file>', 'with --opencore: this config.plist (default: one made for the release)')
    .option('--oc-set <path=value>', 'with --opencore: a setting of that config; may be given again', collect)
    .option('--force', 'start an ISO that fails its checks')
    .option('--dry-run', 'print the machine and start nothing')
    .addOption(
      new Option('--format <format>', 'with --dry-run: how it is printed')
        .choices(['shell', 'json', 'libvirt'])
        .default('shell'),
    )
    .option('--smc-config <file>', "with libvirt: where QEMU finds the SMC's configuration")
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  osx-iso boot "Install OS X Yosemite.iso" --disk mac_hdd.qcow2 \\',
        '    --create-disk 30G --chameleon ./boot --osk-file ~/.osk',
        '  osx-iso boot "Install OS X Yosemite.iso" --disk mac_hdd.qcow2 \\',
        '    --opencore OpenCore-1.0.5-RELEASE.zip --osk-file ~/.osk',
        '  osx-iso boot --disk mac_hdd.qcow2 --chameleon ./boot --osk-file ~/.osk',
      ].join('\n'),
    )
    .action((iso: string | undefined, options: Partial<BootOptions>) =>
      start((api, context) => api.boot({ ...BOOT_DEFAULTS, ...options, ...(iso !== undefined && { iso }) }, context)),
    );
}

/** The machine's own options, which `build --boot` takes too. */
export function bootOptions(command: Command): Command {
  return command
    .option('--disk <file>', "the guest's disk; may be given again", collect)
    .option('--create-disk <size>', 'make the (first) disk where it is not there: 30G')
    .option('--disk-format <format>', 'what the disks are, where that must be said: raw, qcow2')
    .option('--backing-ok <file>', 'a file that a disk may be made of; may be given again', collect)
    .option('--chameleon <file>', 'the boot loader: the file "boot" of Chameleon or Enoch')
    .option('--append <words>', 'words for Chameleon: "timeout=5"')
    .addOption(new Option('--firmware <kind>', 'bios (with Chameleon) or uefi').choices(['bios', 'uefi']))
    .option('--loader <path>', 'UEFI loader: a disk image, or a folder with EFI/BOOT')
    .option('--nvram <file>', "keep the UEFI firmware's variables here")
    .option('--osk-file <file>', "the SMC's key: 64 characters (or in OSX_ISO_OSK)")
    .option('--no-smc', 'no SMC, for loaders that bring one')
    .option('--release <version>', 'the OS X release: 10.10 (default: what the ISO is)')
    .addOption(new Option('--machine <type>', 'the chipset (default: q35)').choices(['q35', 'pc']))
    .option('--memory <mib>', 'memory in MiB', positive(1 << 20))
    .option('--smp <n>', 'processors', positive(64))
    .addOption(new Option('--net <card>', 'the network card').choices(['e1000', 'virtio', 'vmxnet3', 'none']))
    .option('--folder <dir>', 'a folder the guest sees as a FAT disk (drivers)')
    .addOption(
      new Option('--accel <name>', 'what runs the guest').choices(['auto', 'kvm', 'hvf', 'tcg']).default('auto'),
    )
    .option('--headless', 'no window')
    .option('--vnc <display>', 'the screen by VNC, on 127.0.0.1:5900+N only', whole(99))
    .option('--monitor', "QEMU's monitor on this terminal")
    .option('--serial <file>', 'what the guest writes to its serial port')
    .option('--screenshot <file>', 'a PNG of the screen when the guest is stopped')
    .option('--stop-after <seconds>', 'stop the guest after this time', positive(1 << 24))
    .option('--clock <date>', "start the guest's clock there: 2019-10-08")
    .option('--qemu <program>', 'the QEMU to use (default: qemu-system-x86_64)')
    .option('--qemu-arg <word>', 'one more word for QEMU; may be given again', collect);
}

const NAMES = bootOptions(new Command()).options.map((option) => option.attributeName());

/** Those of the machine's options that were typed. */
export function givenBootOptions(command: Command): string[] {
  const typed = command.options.filter(
    (option) =>
      NAMES.includes(option.attributeName()) && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  return typed.map(({ long, flags }) => long ?? flags);
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function positive(most: number): (text: string) => number {
  return (text) => {
    const number = whole(most)(text);
    if (number === 0) throw new InvalidArgumentError(`Expected a number from 1 to ${most}.`);
    return number;
  };
}

function whole(most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number <= most)) throw new InvalidArgumentError(`Expected a number up to ${most}.`);
    return number;
  };
}
