import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type * as Osx from '../../index.js';
import type { Context } from '../context.js';
import type { BootOptions } from './boot-options.js';

const CARDS = { e1000: 'e1000-82545em', virtio: 'virtio-net-pci', vmxnet3: 'vmxnet3', none: 'none' } as const;

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
  guest?: Pick<Osx.GuestFolder, 'name' | 'path'> & Pick<Osx.BootRun, 'onRestart'>,
): Promise<Osx.GuestEnd> {
  const licence = await osx.licenceNote();
  // Said once on a machine, and then not only to those who want to hear everything.
  if (licence !== undefined && (context.quiet || context.json)) context.print(licence, { type: 'note', text: licence });
  else if (licence !== undefined) context.remark(licence);
  for (const note of plan.notes) context.remark(note);

  const { machine, ports } = plan;
  if (ports.ssh !== undefined) {
    const ssh = guest ? osx.commandLine('osx-iso', ['guest', 'ssh', guest.name]) : `ssh -p ${ports.ssh} USER@127.0.0.1`;
    context.remark(`The guest's ssh: ${ssh}`);
  }
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
    ...(guest && { folder: guest.path }),
    ...(guest?.onRestart && { onRestart: guest.onRestart }),
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
  return end;
}

/** Everything that boot is asked. */
export function asked(osx: typeof Osx, options: BootOptions): Osx.BootOptions {
  const { accel: accelerator, smc, monitor, force, dryRun, disk: disks, qemuArg: qemuArgs } = options;
  return { ...wanted(osx, options), accelerator, smc, monitor, force, dryRun, disks, qemuArgs };
}

/** What is there of the options, in the library's words. */
export function wanted(osx: typeof Osx, options: Partial<BootOptions>): Osx.TypedOptions {
  const { disk, smp, net, accel, headless, vnc, qemuArg, forward, ...rest } = options;
  const display = vnc !== undefined ? { kind: 'vnc' as const, number: vnc } : { kind: 'none' as const };
  return {
    ...rest,
    ...(disk && { disks: disk }),
    ...(accel && { accelerator: accel }),
    ...(qemuArg && { qemuArgs: qemuArg }),
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
