import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from '../errors.js';
import type { Qmp } from './qmp.js';

/** Milliseconds that QEMU has to end after it has said that it will. */
const GRACE = 3000;
/** Milliseconds in which a QEMU that is well answers. */
const ANSWER = 600;

/** How a guest is asked to shut down. */
export interface Asking {
  /** Seconds it has for that; 0: it is not asked. */
  readonly grace: number;
  /** Ends the waiting. */
  readonly urgent: AbortSignal;
  /** It does not listen to the ACPI power button. */
  readonly ignoresPowerButton: boolean;
  /** Resolves when QEMU has ended. */
  readonly done: Promise<unknown>;
  note(text: string): void;
}

/**
 * Control, Option, Command and the power key: on Apple's keyboards that shuts a Mac down at once, without a question (Apple's own list
 * of shortcuts; that QEMU's keyboard has the key in the same place is inferred from its table of HID usages).
 */
const CHORD = ['ctrl', 'alt', 'meta_l', 'power'];
/** Seconds after which a guest that has not answered the power button is given the keys. */
const CHORD_AFTER = 10;
/** Seconds left at which it is said how many. */
const SAID = [5, 3, 2, 1];

/**
 * Presses the guest's power button, and the keys that shut a Mac down where it does not listen to that. True when the guest turned
 * itself off in time; false where QEMU is to be ended by force.
 */
export async function askToShutDown(qmp: Qmp, asking: Asking): Promise<boolean> {
  const { grace, urgent, done, ignoresPowerButton, note } = asking;
  if (grace === 0 || urgent.aborted) return false;
  try {
    await soon(qmp.command('system_powerdown'), ANSWER);
  } catch {
    // It hangs, or has ended.
    return false;
  }
  note(`The guest was asked to shut down. ${byForce(grace)}`);
  const off = done.then(() => true as const);
  const chordAt = ignoresPowerButton ? 0 : Math.min(CHORD_AFTER, Math.floor(grace / 2));
  const started = Date.now();
  for (let gone = 0; gone < grace; gone++) {
    if (gone === chordAt) await soon(pressChord(qmp), ANSWER).catch(() => {});
    const left = grace - gone;
    if (gone > 0 && (left % 10 === 0 || SAID.includes(left))) note(byForce(left));
    const tick = new AbortController();
    const next = sleep(Math.max(0, started + (gone + 1) * 1000 - Date.now()), false as const, { signal: tick.signal });
    const ended = await Promise.race([off, next, stopped(urgent)]).finally(() => tick.abort());
    if (ended === true || ended === 'urgent') return ended === true;
  }
  note('The guest did not shut down: ended by force.');
  return false;
}

function byForce(seconds: number): string {
  return `By force in ${seconds} s; Ctrl-C again: at once.`;
}

async function pressChord(qmp: Qmp): Promise<void> {
  const keys = CHORD.map((data) => ({ type: 'qcode', data }));
  await qmp.command('send-key', { keys });
}

function stopped(signal: AbortSignal): Promise<'urgent'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('urgent');
    else signal.addEventListener('abort', () => resolve('urgent'), { once: true });
  });
}

/** Ends QEMU as if the plug were pulled. */
export async function quit(qmp: Qmp | undefined, done: Promise<unknown>, kill: AbortController): Promise<void> {
  // Without an answer it is gone, or hangs.
  const agreed = qmp && (await soon(Promise.race([qmp.command('quit'), done]), ANSWER).catch(() => 'no')) !== 'no';
  if (agreed) await Promise.race([done, sleep(GRACE, undefined, { ref: false })]);
  kill.abort();
  await done;
}

/** StepError where QEMU does not answer in time, milliseconds. */
export async function soon<T>(answer: Promise<T>, patience: number): Promise<T> {
  const late = sleep(patience, undefined, { ref: false }).then(() => {
    throw new StepError('QEMU does not answer.');
  });
  return Promise.race([answer, late]);
}
