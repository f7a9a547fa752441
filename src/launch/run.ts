import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeSocketFolder } from '../core/own-folder.js';
import { Scope } from '../core/scope.js';
import { StepError } from '../errors.js';
import { ActError, act } from '../host/act.js';
import { redactText } from '../host/quote.js';
import type { Capabilities } from './capabilities.js';
import { type Complaint, explainLine } from './complaints.js';
import { canTakePng } from './differences.js';
import { askToShutDown, quit, soon } from './ending.js';
import { type Accelerator, INSTALLER, type Machine } from './machine.js';
import { forget, handOver } from './osk.js';
import { profileOf } from './profiles.js';
import { qemuArgs } from './qemu.js';
import { Qmp } from './qmp.js';
import type { Secret } from './secret.js';

export interface RunOptions {
  /** Stops the guest: its screen is kept where that was asked for, it is asked to shut down, and after a time QEMU ends. */
  readonly signal: AbortSignal;
  /** Ends that time. */
  readonly urgent?: AbortSignal;
  /** Seconds that the guest has to shut down; 0: it is not asked. Default: a minute, for an installer 10 s. */
  readonly grace?: number;
  readonly osk?: Secret;
  /** Where it is written down what this takes, so that `clean` can give it back after kill -9. */
  readonly scope?: Scope;
  /** A PNG of the screen, taken when the guest is stopped. */
  readonly screenshot?: string;
  /** Seconds after which the guest is stopped. */
  readonly stopAfter?: number;
  /** The guest's restart ends its run. */
  readonly untilRestart?: boolean;
  /** Called as soon as QEMU listens; again where the guest is started a second time by TCG. */
  onRunning?(running: {
    readonly qmp: string;
    readonly qemu: number;
    readonly accelerator: Accelerator;
    /** Of a machine whose display is 'web'. */
    readonly vnc?: { readonly socket: string };
  }): unknown;
  /** Something the user should see. */
  note(text: string): void;
  /** Each line QEMU says on stderr. */
  onLine?(line: string): void;
}

/** How a guest's run ended. */
export interface GuestEnd {
  /** 'guest': it shut down, or QEMU ended by itself. 'time': stopAfter was over. 'user': the signal aborted. */
  readonly by: 'guest' | 'time' | 'user';
  /** The guest turned itself off, asked or not; else QEMU was ended, as if the plug were pulled. */
  readonly off: boolean;
  /** With `untilRestart`: it did not shut down, it wants to start again. */
  readonly restarts?: true;
  /** QEMU's exit status. */
  readonly status: number;
  readonly seconds: number;
  readonly accelerator: Accelerator;
  /** The picture that was taken. */
  readonly screenshot?: string;
}

/** Seconds a guest has to shut down; an installer, which does not listen, and has nothing to lose. */
const GRACE = 60;
const INSTALLER_GRACE = 10;
/** Milliseconds in which a QEMU that is well makes a picture. */
const PICTURE = 800;
/** Milliseconds from SIGINT to SIGKILL, for one that does neither. */
const LAST = 300;
/** Milliseconds: a guest that KVM gave up on so early has not written anything worth keeping. */
const EARLY = 120_000;
/** So many resets within a minute are no restart of an installer. */
const RESETS = 4;
const MINUTE = 60_000;

/**
 * Runs the machine to its end. A guest that KVM gives up on at once is started again by TCG. StepError where QEMU does not start,
 * with what its words mean.
 */
export async function runMachine(machine: Machine, capabilities: Capabilities, options: RunOptions): Promise<GuestEnd> {
  const { failed, ...end } = await runOnce(machine, capabilities, options);
  if (!failed) return end;
  const words = `${machine.accelerator.toUpperCase()} gave up on the guest (internal error)`;
  if (machine.accelerator === 'tcg' || end.seconds * 1000 > EARLY) {
    throw new StepError(`${words} after ${Math.round(end.seconds)} s.`, { hint: 'Try --accel tcg, which is slow.' });
  }
  options.note(`${words}: started again by TCG, which is slow.`);
  const { failed: failedAgain, ...again } = await runOnce({ ...machine, accelerator: 'tcg' }, capabilities, options);
  if (failedAgain) throw new StepError('The guest stopped with an internal error under TCG, too.');
  return again;
}

/** failed: with an internal error, which only another accelerator may help against. */
type Ended = GuestEnd & { readonly failed: boolean };

async function runOnce(machine: Machine, capabilities: Capabilities, options: RunOptions): Promise<Ended> {
  const { signal, osk, scope = new Scope() } = options;
  signal.throwIfAborted();
  const hush = (text: string) => redactText(text, osk ? [osk.reveal()] : []);
  // Only the owner can enter it: QMP could tell the key.
  const folder = await makeSocketFolder(scope, "remove the folder of QEMU's socket");
  const socket = join(folder.path, 'qmp');
  const control = join(folder.path, 'control');
  const vnc = join(folder.path, 'vnc');
  const kill = new AbortController();
  const started = Date.now();
  let config: FileHandle | undefined;
  let qmp: Qmp | undefined;
  try {
    if (osk && machine.smc) config = await handOver(osk, scope);
    let pid = 0;
    const { untilRestart: noReboot = false } = options;
    const runtime = { qmp: socket, control, vnc, noReboot, ...(config && { smcConfig: '/dev/fd/3' }) };
    const said: Complaint[] = [];
    const done = act(capabilities.program, qemuArgs(machine, capabilities, runtime), {
      signal: kill.signal,
      grace: LAST,
      descriptors: config ? [config.fd] : [],
      terminal: machine.monitor,
      redact: osk ? [osk.reveal()] : [],
      onStart: (started) => {
        pid = started;
      },
      onLine: (line, stream) => {
        if (stream === 'stderr') options.onLine?.(hush(line));
        const complaint = explainLine(line);
        if (complaint && !said.includes(complaint)) said.push(complaint);
      },
    }).then(
      () => ({ status: 0, error: undefined as unknown }),
      (error: unknown) => ({ status: error instanceof ActError ? error.status : undefined, error }),
    );
    const gone = new AbortController();
    void done.then(() => gone.abort());

    const events = new Events();
    try {
      qmp = await Qmp.connect(socket, AbortSignal.any([gone.signal, signal]));
      if (config) await forget(config);
      config = undefined;
      events.listen(qmp, options.note);
    } catch {
      // QEMU has ended, or the user has: both are seen below.
    }
    const shown = machine.display.kind === 'web' ? { vnc: { socket: vnc } } : {};
    if (qmp) await options.onRunning?.({ qmp: control, qemu: pid, accelerator: machine.accelerator, ...shown });
    const timer = options.stopAfter === undefined ? undefined : alarm(options.stopAfter * 1000);
    const how = await Promise.race([
      done.then(() => 'guest' as const),
      aborted(signal).then(() => 'user' as const),
      events.failed.then(() => 'internal-error' as const),
      ...(timer ? [timer.rings.then(() => 'time' as const)] : []),
    ]);
    timer?.stop();

    let screenshot: string | undefined;
    if (how !== 'guest' && qmp && how !== 'internal-error') screenshot = await takePicture(qmp, capabilities, options);
    const asked = how === 'user' && qmp !== undefined && (await askToShutDown(qmp, asking(machine, options, done)));
    const off = how === 'guest' || asked;
    if (!off) await quit(qmp, done, kill);
    const { status, error } = await done;
    // What QEMU said last.
    if (noReboot && qmp) await soon(qmp.closed, PICTURE).catch(() => {});
    const seconds = (Date.now() - started) / 1000;
    if (how === 'guest' && error !== undefined && (!qmp || status === undefined))
      throw explained(error, said, qmp && seconds);
    if (how === 'guest' && options.screenshot !== undefined)
      options.note('The guest ended by itself: there was no screen left to take a picture of.');
    return {
      by: how === 'internal-error' ? 'guest' : how,
      failed: how === 'internal-error',
      off,
      ...(noReboot && how === 'guest' && events.restarts && { restarts: true }),
      status: off ? (status ?? 0) : 0,
      seconds,
      accelerator: machine.accelerator,
      ...(screenshot !== undefined && { screenshot }),
    };
  } finally {
    qmp?.close();
    kill.abort();
    if (config) await forget(config);
    await folder.spend();
  }
}

function asking(machine: Machine, { grace, urgent, note }: RunOptions, done: Promise<unknown>) {
  const installs = machine.disks.some(({ id }) => id === INSTALLER);
  return {
    grace: grace ?? (installs ? INSTALLER_GRACE : GRACE),
    urgent: urgent ?? new AbortController().signal,
    ignoresPowerButton: profileOf(machine.release)?.ignoresPowerButton ?? false,
    done,
    note,
  };
}

/** What QEMU says while the guest runs. */
class Events {
  /** KVM cannot go on. */
  readonly failed: Promise<void>;
  #fail!: () => void;
  /** QEMU has ended for the guest's restart. */
  restarts = false;
  readonly #resets: number[] = [];

  constructor() {
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  listen(qmp: Qmp, note: (text: string) => void): void {
    const ask = () =>
      qmp.command<{ status: string }>('query-status').then(
        ({ status }) => {
          if (status === 'internal-error') this.#fail();
        },
        () => undefined,
      );
    qmp.listen(({ event, data }) => {
      if (event === 'STOP') void ask();
      // "guest-reset", or "host-qmp-system-reset".
      if (event === 'SHUTDOWN') this.restarts = String(data?.reason ?? '').endsWith('reset');
      if (event === 'RESET' && data?.guest === true) {
        this.#resets.push(Date.now());
        if (this.#resets.length === RESETS && this.#resets[RESETS - 1]! - this.#resets[0]! < MINUTE) note(RESET_LOOP);
      }
    });
    // It may have stopped before anybody listened.
    void ask();
  }
}

export const RESET_LOOP =
  'The guest starts again and again. On a kernel older than 4.7 that is a missing ignore_msrs: osx-iso doctor tells.';

async function takePicture(
  qmp: Qmp,
  capabilities: Capabilities,
  { screenshot, note }: RunOptions,
): Promise<string | undefined> {
  if (screenshot === undefined) return undefined;
  if (!canTakePng(capabilities)) {
    note(`QEMU ${capabilities.version.join('.')} makes no PNG files; 7.1 and later do.`);
    return undefined;
  }
  const filename = resolve(screenshot);
  try {
    await soon(qmp.command('screendump', { filename, format: 'png' }), PICTURE);
    return filename;
  } catch (error) {
    note(`No picture was taken: ${(error as Error).message}`);
    return undefined;
  }
}

const WHOLE_LINE = 'The same command with --dry-run prints the whole line that QEMU was started by.';

/** `ran`: seconds, of a QEMU that had started. */
function explained(error: unknown, said: readonly Complaint[], ran?: number): unknown {
  const serious = said.find(({ harmless }) => !harmless);
  if (!(error instanceof ActError)) return error;
  const last = error.lines.at(-1) ?? '';
  if (ran !== undefined) {
    const words = last === '' ? '' : ` Its last words: ${last}`;
    return new StepError(
      `QEMU was ended by ${error.killedBy} after ${Math.round(ran)} s: to the guest that is as if the plug were pulled.${words}`,
      {
        hint: serious?.hint ?? 'Where this computer ran out of memory, dmesg says so, and a smaller --memory helps.',
        cause: error,
      },
    );
  }
  if (!serious) {
    const how = error.killedBy === undefined ? `exit status ${error.status}` : `ended by ${error.killedBy}`;
    return new StepError(`QEMU did not start (${how}). Its words: ${last}`, { hint: WHOLE_LINE, cause: error });
  }
  return new StepError(`QEMU did not start. ${serious.meaning} Its words: ${last}`, {
    hint: serious.hint,
    cause: error,
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function alarm(milliseconds: number): { rings: Promise<void>; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const rings = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return { rings, stop: () => clearTimeout(timer) };
}
