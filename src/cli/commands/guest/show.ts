import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';

/** `osx-iso guest show`, as typed. */
export interface GuestShowOptions {
  readonly name: string;
}

export function registerGuestShow(guest: Command, start: Start): void {
  guest
    .command('show')
    .summary("show a guest's settings")
    .description('Shows what stands in guest.json, and whether the guest runs.')
    .argument('<guest>', "the guest's folder")
    .addHelpText('after', examples(['osx-iso guest show yosemite']))
    .action((name: string) => start('guestShow', guestShow, { name }));
}

/** `osx-iso guest show` */
export async function guestShow(osx: typeof Osx, { name }: GuestShowOptions, context: Context): Promise<void> {
  const folder = await osx.expectGuest(name);
  const pid = await osx.runningPid(folder.path);
  const lines = [folder.path, ...osx.guestLines(folder).map((line) => `  ${line}`)];
  if (pid !== undefined) lines.push(`  It runs, process ${pid}.`);
  context.print(lines.join('\n'), {
    type: 'guest',
    path: folder.path,
    guest: folder.guest,
    ...(pid !== undefined && { pid }),
  });
}
