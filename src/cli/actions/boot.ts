import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { BootOptions } from '../commands/boot.js';

const CARDS = { e1000: 'e1000-82545em', virtio: 'virtio-net-pci', vmxnet3: 'vmxnet3', none: 'none' } as const;

/** `osx-iso boot`: looks at everything, prints the machine or starts it, and says how it ended. */
export async function boot(options: BootOptions, context: Context): Promise<void> {
  const plan = await osx.planBoot(asked(options), {
    signal: context.signal,
    note: (text) => context.remark(text),
  });
  if (options.dryRun) printGuest(plan, options, context);
  else await startGuest(plan, options, context);
}

/** The same for an ISO that is still to be made: what could not be started is refused before that. */
export async function planGuest(
  options: BootOptions,
  iso: { readonly file: string; readonly version: string; readonly uefi: boolean },
  environment: ReturnType<typeof osx.takeFromEnvironment>,
  context: Context,
): Promise<osx.BootPlan> {
  const medium = { ...iso, known: 'manifest', faults: [] } as const;
  return osx.planBoot({ ...asked(options), iso: iso.file, medium, environment }, { signal: context.signal });
}

/** Runs the guest to its end and tells how that was. */
export async function startGuest(plan: osx.BootPlan, options: BootOptions, context: Context): Promise<void> {
  const licence = await osx.licenceNote();
  // Said once on a machine, and then not only to those who want to hear everything.
  if (licence !== undefined && (context.quiet || context.json)) context.print(licence, { type: 'note', text: licence });
  else if (licence !== undefined) context.remark(licence);
  for (const note of plan.notes) context.remark(note);

  const { machine } = plan;
  if (machine.display.kind === 'vnc') context.remark(`The screen: vnc://127.0.0.1:${5900 + machine.display.number}`);
  const scope = new osx.Scope(await osx.openJournal({ optional: true }));
  context.holds(() => scope.pending());
  const end = await osx.boot(plan, {
    signal: context.signal,
    scope,
    note: (text) => context.remark(text),
    ...(context.verbose && { onLine: (line: string) => context.remark(`QEMU: ${line}`) }),
    ...(options.screenshot !== undefined && { screenshot: options.screenshot }),
    ...(options.stopAfter !== undefined && { stopAfter: options.stopAfter }),
  });
  const words = {
    guest: end.status === 0 ? 'The guest shut down.' : `QEMU ended with status ${end.status}.`,
    time: 'The time is over: the guest was stopped.',
    user: 'The guest was stopped.',
  };
  const lines = [words[end.by], ...(end.screenshot === undefined ? [] : [`Its screen: ${end.screenshot}`])];
  context.print(lines.join('\n'), { type: 'guest', ...end });
  if (end.by === 'user') throw new osx.Interrupted();
  if (end.status !== 0) throw new osx.StepError(`QEMU ended with status ${end.status}.`);
}

function asked(options: BootOptions): osx.BootOptions {
  const { disk, smp, net, accel, headless, vnc, qemuArg, ...rest } = options;
  const display = vnc !== undefined ? { kind: 'vnc' as const, number: vnc } : { kind: 'none' as const };
  return {
    ...rest,
    disks: disk,
    accelerator: accel,
    qemuArgs: qemuArg,
    ...(smp !== undefined && { processors: smp }),
    ...(net !== undefined && { network: CARDS[net] }),
    ...((headless || vnc !== undefined) && { display }),
  };
}

/** Prints the machine as it was asked for. */
export function printGuest(plan: osx.BootPlan, { format, smcConfig }: BootOptions, context: Context): void {
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
