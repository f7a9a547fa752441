import { type Command, Option } from 'commander';
import type { Start } from '../session.js';
import { BOOT_DEFAULTS, type BootOptions, bootOptions, givenBootOptions } from './boot.js';
import { collect } from './plist.js';

/** `osx-iso build`, as typed. Paths are as given: relative ones are below the current folder. */
export interface BuildOptions {
  /** The .app, or InstallESD.dmg, or a folder, dmg or pkg that holds it; a bare app name is looked for; a release's name, a URL. */
  readonly app?: string;
  /** Of a release that is looked up: this build. */
  readonly buildNumber?: string;
  /** Keep what is read from a server here, and complete it. */
  readonly save?: string;
  /** The ISO; default: the app's name with .iso in the current folder. {name}, {version}, {build} are filled in. */
  readonly output?: string;
  /** Default: hdiutil on a Mac, native elsewhere. */
  readonly engine?: 'hdiutil' | 'native';
  /** 'package': from the installer's own package; 'host': of the Mac this runs on. Anything else is the path of a kernel. */
  readonly kernel: string;
  /** The ISO's partition map; default: a new Apple one. */
  readonly map?: 'apm' | 'gpt' | 'keep';
  /** Write FILE.iso.sha256 too. */
  readonly checksum: boolean;
  /** Look the installer up among the published checksums. */
  readonly identify: boolean;
  /** Refuse an installer whose signature cannot be checked or is not Apple's. */
  readonly requireSignature: boolean;
  /** Where scratch files go; default: beside the ISO. */
  readonly workDir?: string;
  /** Replace the ISO that is there. */
  readonly force: boolean;
  /** Keep the scratch files. */
  readonly keepWork: boolean;
  /** Print the plan and do nothing. */
  readonly dryRun: boolean;
  /** Chameleon's plist: a file, or 'none'; default: the release's template. */
  readonly plist?: string;
  /** KEY=VALUE in it. */
  readonly set: readonly string[];
  readonly unset: readonly string[];
  readonly allowUnknown: boolean;
  /** A folder of things for /Extra. */
  readonly extra?: string;
  /** OpenCore's release, or a folder EFI with it: the ISO starts by UEFI, too. */
  readonly opencore?: string;
  /** A folder EFI with any loader, as it is. */
  readonly efi?: string;
  readonly kext?: readonly string[];
  readonly config?: string;
  readonly ocSet?: readonly string[];
  /** Of the system partition: "40M". */
  readonly espSize?: string;
  /** Start the ISO when it is made, in this guest. */
  readonly boot?: BootOptions;
}

/** Switches that are not given are off. */
const SWITCHES = {
  set: [],
  unset: [],
  allowUnknown: false,
  checksum: false,
  requireSignature: false,
  force: false,
  keepWork: false,
  dryRun: false,
};

export function registerBuild(program: Command, start: Start): void {
  const command = program
    .command('build')
    .summary('make a bootable installer ISO')
    .description('Makes a bootable ISO from an OS X installer, checks it, and writes down what is in it.')
    .argument('[installer]', 'the same as --app')
    .option(
      '--app <path|name|url>',
      'the installer: "Install OS X Yosemite.app", InstallESD.dmg, InstallMacOSX.dmg or .pkg; a release that Apple offers (yosemite, 10.12); a URL (default: asks which)',
    )
    .option('--build-number <build>', 'of a release: this build, not the newest: 17G66')
    .option('--save <dir>', 'keep what is read from a server in this folder, and complete it at the end')
    .option(
      '-o, --output <file>',
      "the ISO (default: the app's name with .iso, here); {name}, {version} and {build} are filled in",
    )
    .addOption(
      new Option('--engine <name>', 'what makes the image (default: hdiutil on a Mac, native elsewhere)').choices([
        'hdiutil',
        'native',
      ]),
    )
    .option(
      '--kernel <package|host|file>',
      "where the kernel comes from: the installer's package, the Mac this runs on, or a file",
      'package',
    )
    .addOption(
      new Option(
        '--map <name>',
        "the ISO's partition map; keep: the base image's own (default: apm, a new Apple one)",
      ).choices(['apm', 'gpt', 'keep']),
    )
    .option('--plist <file|none>', "Chameleon's plist on the ISO (default: the release's template)")
    .option('--set <key=value>', 'a key of that plist; again for more', collect)
    .option('--unset <key>', 'leave a key of it out; again for more', collect)
    .option('--allow-unknown', 'write keys that are not known')
    .option('--extra <dir>', 'kexts, smbios.plist, themes: copied to /Extra on the ISO')
    .option(
      '--opencore <zip|dir>',
      "make it start by UEFI, too: OpenCore's release, or a folder EFI that is configured",
    )
    .option('--efi <dir>', 'the same with a folder EFI with any loader, taken as it is')
    .option('--kext <path>', 'with --opencore: a kext for it; again for more', collect)
    .option('--config <file>', 'with --opencore: this config.plist (default: one made for the release)')
    .option('--oc-set <path=value>', 'with --opencore: a setting of that config; again for more', collect)
    .option('--esp-size <size>', 'of the system partition (default: 40M)')
    .option('--checksum', 'write FILE.iso.sha256, for sha256sum -c')
    .option('--identify', 'also look it up among the published checksums (reads it twice)')
    .option('--require-signature', "refuse an installer that is not signed by Apple's key")
    .option('--work-dir <dir>', 'where scratch files go (default: beside the ISO)')
    .option('--force', 'replace the ISO that is there')
    .option('--keep-work', 'keep the scratch files')
    .option('--dry-run', 'print the plan and do nothing')
    .option('--boot', 'start the ISO in QEMU when it is made');
  bootOptions(command.optionsGroup('With --boot:'))
    .addHelpText('after', '\nExamples:\n  osx-iso build yosemite\n  osx-iso build "Install OS X Yosemite.app"')
    .action(
      (installer: string | undefined, given: Omit<BuildOptions, 'boot'> & Partial<BootOptions> & { boot?: true }) => {
        const { boot, ...options } = { ...given, ...(installer !== undefined && { app: installer }) };
        if (installer !== undefined && given.app !== undefined) {
          command.error("error: the installer is given twice: as it stands, and with '--app'");
        }
        const [stray] = givenBootOptions(command);
        if (!boot && stray !== undefined) command.error(`error: option '${stray}' needs --boot`);
        const guest = boot && { boot: { ...BOOT_DEFAULTS, ...options } };
        return start((api, context) => api.build({ ...SWITCHES, ...options, ...guest }, context));
      },
    );
}
