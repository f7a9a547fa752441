import { Command, Option } from 'commander';
import { collect, wholeNumber } from '../parse.js';

/** The longest that a timer can run: 2^31 - 1 ms. A later one would ring at once. */
const MOST_SECONDS = 2_147_483;

/** `osx-iso boot`, as typed. Paths are below the current folder. */
export interface BootOptions {
  /** A guest's folder, or the installer; without one the installed guest is started. */
  readonly what?: string;
  /** The installer. */
  readonly iso?: string;
  /** With a guest: keep what was typed; put the plist onto its disk without asking. */
  readonly save?: boolean;
  /** Returns as soon as the guest runs. */
  readonly detach?: boolean;
  readonly yes?: boolean;
  /** The options that were typed, by the names they have here: the others are as the guest has them. */
  readonly typed?: readonly string[];
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
  /** A port of 127.0.0.1 that leads to the guest's ssh. */
  readonly sshPort?: number;
  /** HOST:GUEST */
  readonly forward?: readonly string[];
  readonly folder?: string;
  readonly accel: 'auto' | 'kvm' | 'hvf' | 'tcg';
  readonly headless: boolean;
  readonly vnc?: number;
  /** A port of 127.0.0.1; true: any free one. */
  readonly web?: number | true;
  readonly monitor: boolean;
  readonly serial?: string;
  readonly screenshot?: string;
  readonly stopAfter?: number;
  /** Seconds that the guest has to shut down when it is asked to. */
  readonly grace?: number;
  readonly clock?: string;
  readonly qemu?: string;
  readonly qemuArg: readonly string[];
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly format: 'shell' | 'json' | 'libvirt' | 'proxmox' | 'packer' | 'vagrant';
  /** Where the QEMU that another program starts finds the SMC's configuration. */
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

/** The machine's own options, which `build --boot` takes too. */
export function bootOptions(command: Command): Command {
  return command
    .option('--disk <file>', "the guest's disk; again for more", collect)
    .option('--create-disk <size>', 'make the (first) disk where it is not there, of this size: 30G')
    .option('--disk-format <format>', 'what the disks are: raw, qcow2 (default: what they look like)')
    .option('--backing-ok <file>', 'a file that a disk may be made of; again for more', collect)
    .option('--chameleon <file>', 'the boot loader: the file "boot" of Chameleon or Enoch')
    .option('--append <words>', 'words for Chameleon (default: timeout=5)')
    .addOption(
      new Option(
        '--firmware <kind>',
        'what starts the loader (default: uefi with --opencore, --efi or --loader, or for an ISO that starts so; else bios)',
      ).choices(['bios', 'uefi']),
    )
    .option('--loader <path>', 'UEFI loader: a disk image, or a folder with EFI/BOOT')
    .option(
      '--nvram <file>',
      "keep the UEFI firmware's variables here (default: they are forgotten, but not those of a guest with a folder)",
    )
    .option(
      '--osk-file <file>',
      "the SMC's key: 64 characters (default: what OSX_ISO_OSK holds; on an Apple computer its own)",
    )
    .option('--no-smc', 'no SMC, for loaders that bring one')
    .option('--release <version>', 'the OS X release: 10.10 (default: what the ISO is)')
    .addOption(new Option('--machine <type>', 'the chipset (default: q35)').choices(['q35', 'pc']))
    .option('--memory <mib>', "memory in MiB (default: half of this computer's, 8192 at most)", wholeNumber(1, 1 << 20))
    .option('--smp <n>', "processors, 1 to 64 (default: half of this computer's, 8 at most)", wholeNumber(1, 64))
    .addOption(
      new Option('--net <card>', 'the network card (default: e1000; from 13 on vmxnet3)').choices([
        'e1000',
        'virtio',
        'vmxnet3',
        'none',
      ]),
    )
    .option('--ssh-port <port>', "127.0.0.1's port for the guest's ssh (default: a free one)", wholeNumber(1, 65_535))
    .option('--forward <host:guest>', "a port of 127.0.0.1 for one of the guest's: 8080:80; again for more", collect)
    .option('--folder <dir>', 'a folder the guest sees as a FAT disk (drivers)')
    .addOption(
      new Option('--accel <name>', 'what runs the guest; auto: KVM or HVF where there is one, else TCG, which is slow')
        .choices(['auto', 'kvm', 'hvf', 'tcg'])
        .default('auto'),
    )
    .option('--headless', 'no window')
    .option(
      '--vnc <display>',
      'the screen by VNC, on 127.0.0.1 only: 0 to 99, for the ports from 5900 on',
      wholeNumber(0, 99),
    )
    .addOption(
      new Option(
        '--web [port]',
        'the screen in a browser, on this port of 127.0.0.1 (default: a free one); without a display this is what happens',
      )
        .argParser(wholeNumber(1, 65_535))
        .conflicts(['headless', 'vnc']),
    )
    .option('--monitor', "QEMU's monitor on this terminal")
    .option('--serial <file>', 'write here what the guest writes to its serial port')
    .option('--screenshot <file>', 'write here a PNG of the screen when the guest is stopped')
    .option(
      '--stop-after <seconds>',
      'stop the guest after so many seconds (default: it runs on)',
      wholeNumber(1, MOST_SECONDS),
    )
    .option(
      '--grace <seconds>',
      'after Ctrl-C: seconds to shut down (default: 60; installers 10)',
      wholeNumber(0, 86_400),
    )
    .option('--clock <date>', "start the guest's clock there: 2019-10-08, 2019-10-08T12:00:00 (default: now)")
    .option('--qemu <program>', 'the QEMU to use (default: qemu-system-x86_64)')
    .option('--qemu-arg <word>', 'one more word for QEMU; again for more', collect);
}

/** What starts a guest by UEFI with files that are given. */
export function openCoreOptions(command: Command): Command {
  return command
    .option('--opencore <zip|dir>', 'start by UEFI with OpenCore: its release, or a folder EFI that is configured')
    .option('--efi <dir>', 'the same with a folder EFI with any loader, taken as it is')
    .option('--kext <path>', 'with --opencore: a kext for it; again for more', collect)
    .option('--config <file>', 'with --opencore: this config.plist (default: one made for the release)')
    .option(
      '--oc-set <path=value>',
      'with --opencore: a setting of that config: Misc/Boot/Timeout=5; again for more',
      collect,
    );
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

/** The options that were typed, of all that a command has, by the names they have in code. */
export function typedNames(command: Command): string[] {
  const names = command.options.map((option) => option.attributeName());
  return names.filter((name) => command.getOptionValueSource(name) === 'cli');
}
