import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../errors.js';
import { withControl } from '../control.js';
import type { RunState } from '../run-state.js';
import { type Stroke, strokesOf } from '../us-keyboard.js';

/** Characters; at this pace three minutes. */
export const MOST_TYPED = 4096;
/** Milliseconds that a key is down, and from one press to the next: a USB keyboard is asked every 8, and keeps 16 presses and releases. */
const HOLD = 15;
const PACE = 40;
/** Presses of one connection, a second: others want to ask QEMU, too. */
const TURN = 25;

/** What would be typed. UsageError for a text that is too long, or that has characters which a US keyboard does not have: it says which. */
export function expectTypable(text: string): readonly Stroke[] {
  const { strokes, missing } = strokesOf(text);
  if (missing.length > 0) {
    const shown = missing.slice(0, 10).map((character) => JSON.stringify(character));
    const more = missing.length > shown.length ? `, and ${missing.length - shown.length} more` : '';
    throw new UsageError(`A US keyboard has no ${shown.join(' ')}${more}: nothing was typed.`);
  }
  if (strokes.length > MOST_TYPED) {
    throw new UsageError(
      `Expected at most ${MOST_TYPED} characters, found ${strokes.length}: nothing was typed.`,
      'Larger texts: osx-iso guest ssh, or a disk.',
    );
  }
  return strokes;
}

/** Types on a running guest's keyboard; gives how many characters that were before the signal came. */
export async function typeText(run: RunState, strokes: readonly Stroke[], signal: AbortSignal): Promise<number> {
  let done = 0;
  while (done < strokes.length && !signal.aborted) {
    await withControl(run, async (qmp) => {
      for (const { qcode, shift } of strokes.slice(done, done + TURN)) {
        if (signal.aborted) return;
        const keys = [...(shift ? ['shift'] : []), qcode].map((data) => ({ type: 'qcode', data }));
        await qmp.command('send-key', { keys, 'hold-time': HOLD });
        done++;
        await sleep(PACE);
      }
    });
  }
  return done;
}
