import { Scope } from '../core/scope.js';
import { StepError } from '../errors.js';
import { createDisk } from '../launch/disks.js';
import { makeNvram } from '../launch/loaders.js';
import type { Machine } from '../launch/machine.js';
import { type GuestEnd, RESET_LOOP, type RunOptions, runMachine } from '../launch/run.js';
import { claimRun, type Running } from '../launch/run-state.js';
import type { BootPlan } from './boot.js';
import { ownFiles } from './opencore.js';

/** How a guest is run. */
export interface BootRun extends Omit<RunOptions, 'osk'> {
  /** The guest's folder: run.json stands in it as long as the guest runs. */
  readonly folder?: string;
  /**
   * The guest restarts, and is off until this says what it goes on with; undefined: its run is over. Absent: it restarts as a
   * computer does.
   */
  onRestart?(): Promise<BootPlan | undefined>;
  /** The page with the guest's screen is there: what opens it, for a machine whose display is 'web'. */
  onWeb?(screen: { readonly url: string; readonly port: number }): unknown;
}

/** Starts a guest and waits for its end. InUseError where the guest of that folder runs already. */
export async function boot(plan: BootPlan, options: BootRun): Promise<GuestEnd> {
  if (options.folder === undefined) return startShown(plan, options);
  const { scope = new Scope(), folder } = options;
  const own = await claimRun(folder, scope, { ports: plan.ports, ...vncOf(plan.machine) });
  try {
    return await startShown(plan, {
      ...options,
      scope,
      async onWeb(screen) {
        await own.tell({ web: { url: screen.url } });
        await options.onWeb?.(screen);
      },
      async onRunning(running) {
        await own.tell(running);
        await options.onRunning?.(running);
      },
    });
  } finally {
    await own.spend();
  }
}

/** The page is there before the guest, and as long as it: who looks sees the guest start, and is told that it is off. */
async function startShown(plan: BootPlan, options: BootRun): Promise<GuestEnd> {
  const { display } = plan.machine;
  if (display.kind !== 'web') return start(plan, options);
  // Loaded on use: hardly any command serves anything.
  const { serveScreen } = await import('../web/server.js');
  const screen = await serveScreen(display);
  try {
    await options.onWeb?.(screen);
    return await start(plan, {
      ...options,
      async onRunning(running) {
        if (running.vnc) screen.show(running.vnc.socket);
        await options.onRunning?.(running);
      },
    });
  } finally {
    await screen.close();
  }
}

/** So many restarts, each within so many seconds, are no installer's. */
const RESTARTS = 4;
const SOON = 15;

/** Start after start, where somebody wants to be asked in between. */
async function start(first: BootPlan, options: BootRun): Promise<GuestEnd> {
  const { onRestart } = options;
  if (!onRestart) return startOnce(first, options);
  let plan = first;
  for (let early = 0; ; ) {
    const end = await startOnce(plan, { ...options, untilRestart: true });
    if (end.restarts !== true) return end;
    early = end.seconds < SOON ? early + 1 : 0;
    if (early >= RESTARTS) throw new StepError(RESET_LOOP);
    const next = await onRestart();
    if (!next) return end;
    options.signal.throwIfAborted();
    plan = next;
  }
}

async function startOnce(plan: BootPlan, options: Omit<RunOptions, 'osk'>): Promise<GuestEnd> {
  const { signal, scope } = options;
  if (plan.create) {
    await createDisk(plan.create.file, plan.create.size, { signal, ...(scope && { scope }) });
    options.note(`Made ${plan.create.file}.`);
  }
  if (plan.nvram) await makeNvram(plan.nvram, scope);
  const given = { ...options, ...(plan.osk && { osk: plan.osk.secret }) };
  if (!plan.esp) return runMachine(plan.machine, plan.capabilities, given);
  const own = await ownFiles(plan.machine, plan.esp, { signal, scope: scope ?? new Scope() });
  try {
    return await runMachine(own.machine, plan.capabilities, given);
  } finally {
    await own.spend();
  }
}

function vncOf({ display }: Machine): Pick<Running, 'vnc'> {
  return display.kind === 'vnc' ? { vnc: { port: 5900 + display.number } } : {};
}
