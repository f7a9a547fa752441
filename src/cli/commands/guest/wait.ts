import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';
import { wholeNumber } from '../../parse.js';

/** `osx-iso guest wait`, as typed. */
export interface WaitOptions {
  readonly guest: string;
  readonly ssh: boolean;
  /** Seconds. */
  readonly timeout: number;
}

const TIMEOUT = 600;

export function registerWait(guest: Command, start: Start): void {
  guest
    .command('wait')
    .summary("wait until a guest's ssh server answers")
    .description(
      'Waits until the ssh server of a guest that runs says who it is. The exit status is 1 where it does not in time, or where the guest ends.',
    )
    .argument('<guest>', "the guest's folder")
    .option('--ssh', 'wait for ssh: the one thing there is to wait for')
    .option('--timeout <seconds>', `how long at most (default: ${TIMEOUT})`, wholeNumber(1, 86_400))
    .addHelpText('after', examples(['osx-iso guest wait yosemite --ssh --timeout 300']))
    .action((name: string, options: Partial<WaitOptions>) =>
      start('guestWait', wait, { ssh: true, timeout: TIMEOUT, ...options, guest: name }),
    );
}

/** `osx-iso guest wait` */
export async function wait(osx: typeof Osx, { guest, timeout }: WaitOptions, context: Context): Promise<void> {
  const banner = await osx.waitForSsh(await osx.runFolder(guest), { timeout, signal: context.signal, name: guest });
  context.print(`${guest} answers: ${banner}`, { type: 'ssh', guest, banner });
}
