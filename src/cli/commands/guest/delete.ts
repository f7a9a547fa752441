import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';
import { showBytes } from '../../view/format.js';

/** `osx-iso guest delete`, as typed. */
export interface GuestDeleteOptions {
  readonly name: string;
  /** Without asking. */
  readonly force: boolean;
}

export function registerGuestDelete(guest: Command, start: Start): void {
  guest
    .command('delete')
    .summary('delete a guest with the disk that was made for it')
    .description(
      'Deletes what was made with the guest: its settings, its disk, its firmware variables. What else is in the folder stays, and so does everything outside. Asks first.',
    )
    .argument('<guest>', "the guest's folder")
    .option('--force', 'without asking')
    .addHelpText('after', examples(['osx-iso guest delete yosemite']))
    .action((name: string, options: { force?: boolean }) =>
      start('guestDelete', guestDelete, { name, force: false, ...options }),
    );
}

/** `osx-iso guest delete` */
export async function guestDelete(
  osx: typeof Osx,
  { name, force }: GuestDeleteOptions,
  context: Context,
): Promise<void> {
  const folder = await osx.expectGuest(name);
  await osx.expectAtRest(folder);
  const { removed, kept } = await osx.planDeletion(folder);
  if (!force) {
    const list = removed.map((file) => `${file.name} (${showBytes(file.size)})`).join(', ');
    const rest = kept.length === 0 ? 'and the folder' : `not ${kept.join(', ')}`;
    context.remark(`${folder.path}: ${list}; ${rest}. What is deleted is gone.`);
    if (!context.choose)
      throw new osx.UsageError('Nobody can be asked here, so nothing was deleted.', '--force deletes it.');
    if ((await context.choose([`Delete ${name}`, 'Keep it'])) !== 0) {
      context.remark('Nothing was deleted.');
      return;
    }
  }
  const scope = new osx.Scope(await osx.openJournal({ optional: true }));
  context.holds(() => scope.pending());
  const done = await osx.deleteGuest(folder, scope);
  const stays = done.kept.length === 0 ? '' : `; it still holds ${done.kept.join(', ')}`;
  context.print(`${folder.path}: deleted${stays}`, { type: 'deleted', path: folder.path, ...done });
}
