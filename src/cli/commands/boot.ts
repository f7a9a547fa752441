import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { collect } from '../parse.js';
import { BOOT_DEFAULTS, type BootOptions, bootOptions } from './boot-options.js';

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
      start('boot', boot, { ...BOOT_DEFAULTS, ...options, ...(iso !== undefined && { iso }) }),
    );
}

const CARDS = { e1000: 'e1000-82545em', virtio: 'virtio-net-pci', vmxnet3: 'vmxnet3', none: 'none' } as const;

/** `osx-iso boot`: looks at everything, prints the machine or starts it, and says how it ended. */
export async function boot(osx: typeof Osx, options: BootOptions, context: Context): Promise<void> {
  const plan = await osx.planBoot(asked(osx, options), {
    signal: context.signal,
    note: (text) => context.remark(text),
  });
  if (options.dryRun) printGuest(osx, plan, options, context);
  else await startGuest(osx, plan, options, context);
}

/** The same for an ISO that is still to be made: what could not be started is refused before that. */
export async function planGuest(
  osx: typeof Osx,
  options: BootOptions,
  iso: { readonly file: string; readonly version: string; readonly uefi: boolean },
  environment: ReturnType<typeof Osx.takeFromEnvironment>,
  context: Context,
): Promise<Osx.BootPlan> {
  const medium = { ...iso, known: 'manifest', faults: [] } as const;
  return osx.planBoot({ ...asked(osx, options), iso: iso.file, medium, environment }, { signal: context.signal });
}

/** Runs the guest to its end and tells how that was. */
export async function startGuest(
  osx: typeof Osx,
  plan: Osx.BootPlan,
  options: BootOptions,
  context: Context,
): Promise<void> {
  const licence = await osx.licenceNote();
  // Said once on a machine, and then not only to those who want to hear everything.
  if (licence !== undefined && (context.quiet || context.json)) context.print(licence, { type: 'note', text: licence });
  else if (licence !== undefined) context.remark(licence);
  for (const note of plan.notes) context.remark(note);

  const { machine, ports } = plan;
  if (ports.ssh !== undefined) context.remark(`The guest's ssh: ssh -p ${ports.ssh} USER@127.0.0.1`);
  if (machine.display.kind === 'vnc') context.remark(`The screen: vnc://127.0.0.1:${5900 + machine.display.number}`);
  const scope = new osx.Scope(await osx.openJournal({ optional: true }));
  context.holds(() => scope.pending());
  const urgent = new AbortController();
  context.onSecond(() => urgent.abort());
  const end = await osx.boot(plan, {
    signal: context.signal,
    urgent: urgent.signal,
    scope,
    ...(options.grace !== undefined && { grace: options.grace }),
    note: (text) => context.remark(text),
    ...(context.verbose && { onLine: (line: string) => context.remark(`QEMU: ${line}`) }),
    ...(options.screenshot !== undefined && { screenshot: options.screenshot }),
    ...(options.stopAfter !== undefined && { stopAfter: options.stopAfter }),
  });
  const words = {
    guest: end.status === 0 ? 'The guest shut down.' : `QEMU ended with status ${end.status}.`,
    time: 'The time is over: the guest was stopped.',
    user: end.off ? 'The guest shut down, as it was asked to.' : 'The guest was stopped by force.',
  };
  const lines = [words[end.by], ...(end.screenshot === undefined ? [] : [`Its screen: ${end.screenshot}`])];
  context.print(lines.join('\n'), { type: 'guest', ...end });
  if (end.by === 'user' && !end.off) throw new osx.Interrupted();
  if (end.status !== 0) throw new osx.StepError(`QEMU ended with status ${end.status}.`);
}

function asked(osx: typeof Osx, options: BootOptions): Osx.BootOptions {
  const { disk, smp, net, accel, headless, vnc, qemuArg, forward, ...rest } = options;
  const display = vnc !== undefined ? { kind: 'vnc' as const, number: vnc } : { kind: 'none' as const };
  return {
    ...rest,
    disks: disk,
    accelerator: accel,
    qemuArgs: qemuArg,
    ...(smp !== undefined && { processors: smp }),
    ...(net !== undefined && { network: CARDS[net] }),
    ...(forward && { forwards: forward.map(osx.parseForward) }),
    ...((headless || vnc !== undefined) && { display }),
  };
}

/** Prints the machine as it was asked for. */
export function printGuest(
  osx: typeof Osx,
  plan: Osx.BootPlan,
  { format, smcConfig }: BootOptions,
  context: Context,
): void {
  for (const note of plan.notes) context.remark(note);
  const { machine, capabilities, osk } = plan;
  const runtime = osk ? { smcConfig: osx.SHELL_CONFIG } : {};
  const argv = osx.qemuArgs(machine, capabilities, runtime);
  const data = {
    type: 'machine',
    machine,
    program: capabilities.program,
    argv,
    ...(osk && { key: osk.source }),
    ...(plan.create && { create: plan.create }),
  };
  switch (format) {
    case 'shell':
      context.print(osx.shellCommand(capabilities.program, argv, osk?.source), data);
      break;
    case 'json':
      context.print(JSON.stringify(data, null, 2), data);
      break;
    case 'libvirt': {
      const config = resolve(
        smcConfig ?? join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'osx-iso-smc.cfg'),
      );
      if (osk) {
        context.remark(
          `QEMU reads the SMC's key from ${config}, which this makes:\n${osx.configCommand(config, osk.source)}`,
        );
      }
      const xml = osx.libvirtXml(machine, capabilities, config);
      context.print(xml.trimEnd(), { ...data, xml });
      break;
    }
  }
  if (plan.create) {
    context.remark(
      `The disk is made first: ${osx.commandLine('osx-iso', ['disk', 'create', plan.create.file, '--size', String(plan.create.size)])}`,
    );
  }
  if (plan.espCommand) {
    context.remark(`The loader's disk is made first: ${osx.commandLine('osx-iso', plan.espCommand)}`);
  }
  if (plan.nvram) {
    const { from, file } = plan.nvram;
    context.remark(`The firmware's variables are made first: ${osx.commandLine('cp', [from, file])}`);
  }
}
