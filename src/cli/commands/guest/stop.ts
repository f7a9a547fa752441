import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';

/** `osx-iso guest stop`, as typed. */
export interface StopOptions {
  readonly guest: string;
  /** Do not wait for the guest. */
  readonly now: boolean;
}

export function registerStop(guest: Command, start: Start): void {
  guest
    .command('stop')
    .summary('shut a guest down')
    .description(
      'Shuts down a guest that another terminal, or boot --detach, looks after, and waits until it is off. What Ctrl-C does there: its power button, the time that --grace gives, then by force. The exit status is 0 where the guest turned itself off, or did not run; 1 where it had to be ended by force.',
    )
    .argument('<guest>', "the guest's folder")
    .option('--now', 'end it at once, as if the plug were pulled')
    .addHelpText('after', examples(['osx-iso guest stop yosemite', 'osx-iso guest stop yosemite --now']))
    .action((name: string, options: Partial<StopOptions>) =>
      start('guestStop', stop, { now: false, ...options, guest: name }),
    );
}

/** `osx-iso guest stop` */
export async function stop(osx: typeof Osx, { guest, now }: StopOptions, context: Context): Promise<void> {
  const folder = await osx.runFolder(guest);
  if (!now) context.remark(`Waiting until ${guest} is off (Ctrl-C: it goes on without this command).`);
  const end = await osx.stopGuest(folder, { now, signal: context.signal, name: guest });
  const words = {
    off: 'The guest shut down.',
    forced: 'The guest was ended by force.',
    unknown: 'The guest has ended.',
    'did-not-run': 'The guest did not run.',
  };
  context.print(words[end.how], { type: 'stopped', guest, ...end });
  if (end.how === 'forced' && !now) throw new osx.StepError(`${guest}: the guest did not shut down by itself.`);
}
