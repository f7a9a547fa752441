import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';

/** `osx-iso guest ssh`, as typed. */
export interface SshOptions {
  readonly guest: string;
  readonly user?: string;
  readonly command: readonly string[];
}

export function registerSsh(guest: Command, start: Start): void {
  guest
    .command('ssh')
    .summary('log in to a guest, or run a command in it')
    .description(
      "Runs this computer's ssh into a guest that runs, with what servers of that time need (RSA keys with SHA-1). The guest's key is kept in its own folder. The exit status is ssh's: the command's own, or 255.",
    )
    .argument('<guest>', "the guest's folder")
    .argument('[command...]', 'behind --: what is run there (default: a shell)')
    .option('--user <name>', 'who logs in (default: as ssh has it)')
    .addHelpText(
      'after',
      examples(['osx-iso guest ssh yosemite --user admin', 'osx-iso guest ssh yosemite -- sw_vers']),
    )
    .action((name: string, command: readonly string[], options: Partial<SshOptions>) =>
      start('guestSsh', ssh, { ...options, guest: name, command }),
    );
}

/** `osx-iso guest ssh` */
export async function ssh(osx: typeof Osx, options: SshOptions, context: Context): Promise<void> {
  const { guest: name, command, user } = options;
  const folder = await osx.runFolder(name);
  const status = await osx.sshInto(folder, {
    name,
    command,
    signal: context.signal,
    ...(user !== undefined && { user }),
  });
  context.exits(status);
}
