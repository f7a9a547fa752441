import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';

/** `osx-iso guest type`, as typed. */
export interface TypeOptions {
  readonly guest: string;
  readonly text: string;
  /** Return at the end. */
  readonly enter: boolean;
}

export function registerType(guest: Command, start: Start): void {
  guest
    .command('type')
    .summary("type on a running guest's keyboard")
    .description(
      'Types a text on the keyboard of a running guest, key by key, as a US keyboard has them. A line break in it is Return. Characters that such a keyboard does not have are named, and then nothing is typed.',
    )
    .argument('<guest>', "the guest's folder")
    .argument('<text>', 'what is typed')
    .option('--enter', 'press Return at the end')
    .addHelpText('after', examples(['osx-iso guest type yosemite "diskutil list" --enter']))
    .action((name: string, text: string, options: Partial<TypeOptions>) =>
      start('guestType', type, { enter: false, ...options, guest: name, text }),
    );
}

/** `osx-iso guest type` */
export async function type(osx: typeof Osx, { guest, text, enter }: TypeOptions, context: Context): Promise<void> {
  const strokes = osx.expectTypable(enter ? `${text}\n` : text);
  const run = await osx.expectRunning(await osx.runFolder(guest), guest);
  const typed = await osx.typeText(run, strokes, context.signal);
  const all = strokes.length;
  context.print(`Typed ${typed === all ? '' : `${typed} of `}${all} character${all === 1 ? '' : 's'}.`, {
    type: 'typed',
    guest,
    typed,
    of: all,
  });
  if (typed < all) throw new osx.Interrupted();
}
