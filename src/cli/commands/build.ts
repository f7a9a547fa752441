import { basename, isAbsolute, relative } from 'node:path';
import { type Command, Option } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';
import { collect } from '../parse.js';
import { showBytes } from '../view/format.js';
import { commandLines, paragraph } from '../view/terminal.js';
import { BOOT_DEFAULTS, type BootOptions, bootOptions, givenBootOptions } from './boot-options.js';
import { printGuest } from './boot-print.js';
import { planGuest, startGuest } from './boot-run.js';

/** `osx-iso build`, as typed. Paths are as given: relative ones are below the current folder. */
export interface BuildOptions {
  /** The .app, or InstallESD.dmg, or a folder, dmg or pkg that holds it; a bare app name is looked for; a release's name, a URL. */
  readonly app?: string;
  /** Of a release that is looked up: this build. */
  readonly buildNumber?: string;
  /** Keep what is read from a server here, and complete it. */
  readonly save?: string;
  /** The ISO; default: {name}.iso in the current folder. {name} (see `installerTitle`), {version}, {build} are filled in. */
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
    .option('--build-number <build>', 'of a release: this build, as 17G66 (default: the newest)')
    .option('--save <dir>', 'keep what is read from a server in this folder, and complete it at the end')
    .option(
      '-o, --output <file>',
      "the ISO (default: {name}.iso, here); {name} is filled in with Apple's name of the installer, as Install OS X Yosemite, whatever form it has; {version}, {build} too",
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
    .option('--set <key=value>', 'a key of that plist: Timeout=2; again for more', collect)
    .option('--unset <key>', 'a key of it to leave out: Timeout; again for more', collect)
    .option('--allow-unknown', 'write keys that are not known')
    .option('--extra <dir>', 'kexts, smbios.plist, themes: copied to /Extra on the ISO')
    .option(
      '--opencore <zip|dir>',
      "make it start by UEFI, too: OpenCore's release, or a folder EFI that is configured",
    )
    .option('--efi <dir>', 'the same with a folder EFI with any loader, taken as it is')
    .option('--kext <path>', 'with --opencore: a kext for it; again for more', collect)
    .option('--config <file>', 'with --opencore: this config.plist (default: one made for the release)')
    .option(
      '--oc-set <path=value>',
      'with --opencore: a setting of that config: Misc/Boot/Timeout=5; again for more',
      collect,
    )
    .option('--esp-size <size>', 'with --opencore, --efi: of their partition, as 40M (default: 40M)')
    .option('--checksum', 'write FILE.iso.sha256, for sha256sum -c')
    .option('--identify', 'also look it up among the published checksums (reads it twice)')
    .option('--require-signature', "refuse an installer that is not signed by Apple's key")
    .option('--work-dir <dir>', 'where scratch files go (default: beside the ISO)')
    .option('--force', 'replace the ISO that is there')
    .option('--keep-work', 'keep the scratch files')
    .option('--dry-run', 'print the plan and do nothing')
    .option('--boot', 'start the ISO in QEMU when it is made');
  bootOptions(command.optionsGroup('With --boot:'))
    .addHelpText(
      'after',
      examples([
        'osx-iso build yosemite',
        'osx-iso build "Install OS X Yosemite.app"',
        'osx-iso build yosemite -o "{name} {build}.iso" --checksum',
      ]),
    )
    .action(
      (installer: string | undefined, given: Omit<BuildOptions, 'boot'> & Partial<BootOptions> & { boot?: true }) => {
        const { boot, ...options } = { ...given, ...(installer !== undefined && { app: installer }) };
        if (installer !== undefined && given.app !== undefined) {
          command.error("error: the installer is given twice: as it stands, and with '--app'");
        }
        const [stray] = givenBootOptions(command);
        if (!boot && stray !== undefined) command.error(`error: option '${stray}' needs --boot`);
        const guest = boot && { boot: { ...BOOT_DEFAULTS, ...options } };
        return start('build', build, { ...SWITCHES, ...options, ...guest });
      },
    );
}

/** `osx-iso build`: plans, and builds unless only the plan is wanted. */
export async function build(osx: typeof Osx, typed: BuildOptions, context: Context): Promise<void> {
  const { espSize, ...rest } = typed;
  const options = { ...rest, ...(espSize !== undefined && { espSize: osx.parseSize(espSize, '--esp-size') }) };
  // Before anything is started: nobody inherits it.
  const environment = osx.takeFromEnvironment();
  const plan = await osx.planBuild({
    ...options,
    signal: context.signal,
    ...(context.choose && { choose: context.choose }),
    onRetry: (message) => context.remark(`${message} Trying again.`),
  });
  for (const note of [...plan.installer.notes, ...plan.output.notes, ...(plan.esp?.notes ?? [])]) context.remark(note);
  const guest = options.boot && (await guestOf(osx, options.boot, plan, environment, context));
  if (options.dryRun) {
    try {
      printPlan(plan, context, plan.engine === 'hdiutil' ? await osx.hdiutilScript(plan) : []);
      if (guest) printGuest(osx, guest, options.boot!, context);
    } finally {
      await osx.closePlan(plan);
    }
    return;
  }
  const run = osx.build(plan);
  context.holds(() => run.pending());
  for await (const event of run) context.emit(event);
  const { iso, made, manifest, manifestPath, kept } = await run.result;
  const { source, facts } = manifest;
  const said = (text: string) => paragraph(text, context.terminal.columns, '  ');
  const lines = [
    `${iso}`,
    `  ${source.release}, ${showBytes(manifest.iso.size)}, ${facts.checks.filter(({ severity }) => severity === undefined).length} checks passed`,
    `  sha256 ${manifest.iso.sha256}`,
    said(`Described in ${basename(manifestPath)}. Attach it to QEMU as a disk (ide-hd), not as a CD.`),
    ...(manifest.boot.ways ?? []).map(
      ({ firmware, loader, command }) => `  By ${firmware.toUpperCase()}, with ${loader}: ${command}`,
    ),
    ...(source.remote ?? []).map(fetched),
    ...source.notes.filter((note) => !plan.installer.notes.includes(note)).map(said),
  ];
  const next = nextParts(osx, iso, manifest);
  if (!guest) lines.push('  Next, a guest for it:', commandLines(next, context.terminal.columns, '    '));
  context.print(lines.join('\n'), {
    type: 'build',
    next: next.join(' '),
    iso,
    manifest: manifestPath,
    made,
    ...manifest.iso,
    source,
  });
  if (kept && 'error' in kept) throw kept.error;
  for (const { path } of kept?.files ?? []) context.remark(`Kept: ${path}`);
  if (guest) await startGuest(osx, guest, options.boot!, context);
}

/** What reading a file over a network has cost. */
function fetched({ url, bytes, requests, retries }: NonNullable<Osx.Manifest['source']['remote']>[number]): string {
  const again = retries === 0 ? '' : `, ${retries} of them again after a failure`;
  return `  Read ${showBytes(bytes)} in ${requests.toLocaleString('en-US')} requests${again}: ${url}`;
}

/** What to type next. */
function nextParts(osx: typeof Osx, iso: string, { source, iso: made }: Osx.Manifest): Osx.CommandParts {
  const here = relative(process.cwd(), iso);
  const path = here.startsWith('..') || isAbsolute(here) ? iso : here;
  return osx.createCommand(path, source.version, { ownLoader: made.esp !== undefined });
}

/** What could not be started is refused before anything is built. */
async function guestOf(
  osx: typeof Osx,
  options: BootOptions,
  plan: Osx.BuildPlan,
  environment: ReturnType<typeof Osx.takeFromEnvironment>,
  context: Context,
): Promise<Osx.BootPlan> {
  try {
    const { version } = plan.installer;
    // The loader is on the ISO itself: what it is made of is no business of the guest's.
    const { opencore: _, efi: _efi, kext: _kext, config: _config, ocSet: _set, ...machine } = options;
    const iso = { file: plan.output.iso, version, uefi: plan.esp !== undefined };
    return await planGuest(osx, machine, iso, environment, context);
  } catch (error) {
    await osx.closePlan(plan);
    throw error;
  }
}

/** Columns of a page that no terminal is as wide as. */
const PAGE = 80;

/** A step of a plan: its number and its sentence, and below them what the recipe says. */
function stepLines(columns: number): (step: Osx.PlannedStep) => string[] {
  return ({ index, says, verb, args }) => {
    const number = `${index + 1}.`.padStart(3);
    const indent = ' '.repeat(number.length + 1);
    return [
      '',
      paragraph(says, columns, indent).replace(indent, `${number} `),
      paragraph([verb, ...args].join('  '), columns, `${indent}  `),
    ];
  };
}

/** A line of a script, wrapped where it is a comment: commands stay as they can be copied. */
function comment(line: string, columns: number): string {
  return line.startsWith('# ') ? paragraph(line.slice(2), columns, '# ') : line;
}

function printPlan(plan: Osx.BuildPlan, context: Context, script: readonly string[]): void {
  const { installer, output, steps, problems } = plan;
  // A page to be read, in a file, too.
  const columns = context.terminal.columns ?? PAGE;
  const said = (text: string) => paragraph(text, columns, '  ');
  const scratch =
    plan.scratch === undefined ? 'no scratch space is needed' : `as much again for scratch files in ${plan.scratch}`;
  const lines = [
    `${installer.path}`,
    `  ${plan.release}, ${showBytes(installer.sizes.esd)}`,
    `would become ${output.iso}`,
    said(`a raw disk with ${plan.mapTitle}`),
    said(
      `at most ${showBytes(plan.spaceNeeded)}; ${showBytes(plan.spaceFree)} are free; ${scratch} (${plan.engine} engine)`,
    ),
    ...(script.length > 0 ? ['', ...script.map((line) => comment(line, columns))] : steps.flatMap(stepLines(columns))),
    ...problems.flatMap(({ message, hint = '' }) => ['', `In the way: ${message}`, ...hint.split('\n')]),
  ];
  context.print(lines.join('\n'), {
    type: 'plan',
    source: installer.path,
    version: installer.version,
    build: installer.build,
    output: output.iso,
    engine: plan.engine,
    map: plan.map,
    spaceNeeded: plan.spaceNeeded,
    spaceFree: plan.spaceFree,
    steps,
    problems,
    ...(script.length > 0 && { script }),
  });
}
