import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../errors.js';
import { hostError } from '../../host/faults.js';
import { Qmp } from '../qmp.js';
import { isAlive, type RunState } from '../run-state.js';
import { expectRunning, runningState } from './expect.js';

/** How a guest that was stopped ended. */
export interface Stopped {
  /** 'off': it turned itself off. 'forced': QEMU was ended, as if the plug were pulled. 'unknown': nobody saw it. */
  readonly how: 'off' | 'forced' | 'unknown' | 'did-not-run';
  readonly pid?: number;
}

export interface StopOptions {
  /** Do not wait for the guest: end QEMU. */
  readonly now: boolean;
  /** Ends the waiting; the guest goes on shutting down. */
  readonly signal: AbortSignal;
  /** What messages call the guest. */
  readonly name: string;
}

/** Milliseconds between two looks. */
const POLL = 100;
/** Milliseconds after which a second signal is no echo of the first for the osx-iso that gets it, with some to spare. */
const NO_ECHO = 700;
/** Milliseconds that QEMU's control socket may take to answer. */
const ANSWER = 1000;

/**
 * Asks the `osx-iso boot` of a guest to end it, by the signal that Ctrl-C and kill(1) send, and waits until it is gone. That process is
 * known by its id and its start: no other ever gets the signal. HostError where it may not be sent.
 */
export async function stopGuest(folder: string, { now, signal, name }: StopOptions): Promise<Stopped> {
  if (!(await runningState(folder))) return { how: 'did-not-run' };
  const state = await expectRunning(folder, name);
  const seen = await watch(state);
  try {
    send(state, 'SIGTERM', name);
    if (now) {
      await sleep(NO_ECHO, undefined, { signal });
      if (await isAlive(state)) send(state, 'SIGINT', name);
    }
    while (await isAlive(state)) await sleep(POLL, undefined, { signal });
    return { how: seen.how(), pid: state.pid };
  } finally {
    seen.close();
  }
}

/** Listens to what QEMU says of its end. */
async function watch({ qmp: socket }: RunState): Promise<{ how(): Stopped['how']; close(): void }> {
  let how: Stopped['how'] = 'unknown';
  const qmp = socket === undefined ? undefined : await Qmp.connect(socket, AbortSignal.timeout(ANSWER)).catch(() => {});
  qmp?.listen(({ event, data }) => {
    if (event === 'SHUTDOWN') how = data?.guest === true ? 'off' : 'forced';
  });
  return { how: () => how, close: () => qmp?.close() };
}

function send({ pid }: RunState, signal: NodeJS.Signals, name: string): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw hostError(error, `${name}, process ${pid}`, HostError);
  }
}
