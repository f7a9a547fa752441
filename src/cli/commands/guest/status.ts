import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';

/** `osx-iso guest status`, as typed. */
export interface StatusOptions {
  readonly guest: string;
}

export function registerStatus(guest: Command, start: Start): void {
  guest
    .command('status')
    .summary('tell whether a guest runs, and how to reach it')
    .description(
      'Tells whether a guest runs: by which process, for how long, which ports of 127.0.0.1 lead to it, where its screen and its QMP socket are. The exit status is 0 either way; with --json "running" says which.',
    )
    .argument('<guest>', "the guest's folder")
    .addHelpText('after', examples(['osx-iso guest status yosemite --json']))
    .action((name: string) => start('guestStatus', status, { guest: name }));
}

/** `osx-iso guest status` */
export async function status(osx: typeof Osx, { guest }: StatusOptions, context: Context): Promise<void> {
  const found = await osx.guestStatus(await osx.runFolder(guest), context.signal);
  const { run, ...rest } = found;
  context.print(osx.statusLines(guest, found).join('\n'), { type: 'status', guest, ...rest, ...run });
}
