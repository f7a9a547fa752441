import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';

/** `osx-iso guest set`, as typed. */
export interface GuestSetOptions {
  readonly name: string;
  /** KEY=VALUE */
  readonly fields: readonly string[];
  readonly force: boolean;
}

export function registerGuestSet(guest: Command, start: Start): void {
  guest
    .command('set')
    .summary("change a guest's settings")
    .description(
      'Changes fields of guest.json, each checked before anything is written. KEY is the name of a field there, VALUE a number, a text, a path from here, or JSON; KEY= takes the field away. Of mac and uuid "new" makes another one.',
    )
    .argument('<guest>', "the guest's folder")
    .argument('<key=value...>', 'memory=8192 ssh.port=2222 loader.append=timeout=3')
    .option('--force', 'another network card or chipset, although the system was installed with these')
    .addHelpText(
      'after',
      examples([
        'osx-iso guest set yosemite memory=8192 processors=4',
        `osx-iso guest set yosemite 'loader={"kind": "chameleon", "file": "/opt/boot"}'`,
        'osx-iso guest set yosemite installed=true iso=',
        'osx-iso guest set copy-of-yosemite mac=new uuid=new',
      ]),
    )
    .action((name: string, fields: string[], options: { force?: boolean }) =>
      start('guestSet', guestSet, { name, fields, force: false, ...options }),
    );
}

/** `osx-iso guest set` */
export async function guestSet(
  osx: typeof Osx,
  { name, fields, force }: GuestSetOptions,
  context: Context,
): Promise<void> {
  const folder = await osx.expectGuest(name);
  const guest = osx.withFields(folder, fields, { force });
  const { path } = await osx.writeGuest(folder, guest, await osx.openJournal({ optional: true }));
  if ((await osx.runningPid(path)) !== undefined)
    context.remark('The guest runs: what was changed counts from its next start on.');
  context.print([path, ...osx.guestLines({ ...folder, guest }).map((line) => `  ${line}`)].join('\n'), {
    type: 'guest',
    path,
    guest,
  });
}
