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

/**
 * Runs the guest to its end and tells how that was. Done where the guest turned itself off, asked to or not: its disks are as it left
 * them, and a script may go on. Interrupted (130) where it was ended by force after Ctrl-C; StepError where QEMU failed.
 */
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
    note: (text) => {
      context.remark(text);
      context.tell({ type: 'guest:note', text, at: Date.now() });
    },
    onWeb: (screen) => tellScreen(osx, screen, context),
    onRunning: ({ qemu: pid, qmp, accelerator }) =>
      context.tell({ type: 'guest:start', pid, accelerator, qmp, ports, at: Date.now() }),
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
  context.print(lines.join('\n'), { type: 'boot', ...end });
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
  const { disk, smp, net, accel, qemuArg, forward, ...rest } = options;
  const display = wantedDisplay(options);
  return {
    ...rest,
    ...(disk && { disks: disk }),
    ...(accel && { accelerator: accel }),
    ...(qemuArg && { qemuArgs: qemuArg }),
    ...(smp !== undefined && { processors: smp }),
    ...(net !== undefined && { network: CARDS[net] }),
    ...(forward && { forwards: forward.map(osx.parseForward) }),
    ...(display && { display }),
  };
}

function wantedDisplay({ headless, vnc, web }: Partial<BootOptions>): Osx.BootOptions['display'] {
  if (web !== undefined) return { kind: 'web', ...(web !== true && { port: web }) };
  if (vnc !== undefined) return { kind: 'vnc', number: vnc };
  return headless ? { kind: 'none' } : undefined;
}

/** The address stands alone on its line: it is copied, or opened by a double click. */
function tellScreen(
  osx: typeof Osx,
  { url, port }: { readonly url: string; readonly port: number },
  context: Context,
): void {
  context.remark("The guest's screen, for a browser; whoever has this address sees it and types there:");
  context.print(url, { type: 'screen', url, port });
  const tunnel = osx.sshTunnel(port);
  if (!tunnel) return;
  const [program, ...words] = tunnel;
  context.remark('You came by ssh: type this on the computer you came from, and open the address there.');
  context.remark(osx.commandLine(program!, words));
}
