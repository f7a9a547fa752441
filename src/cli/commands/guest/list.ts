import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';

/** `osx-iso guest list`, as typed. */
export interface GuestListOptions {
  readonly place?: string;
}

export function registerGuestList(guest: Command, start: Start): void {
  guest
    .command('list')
    .summary('list the guests here')
    .description(
      'Lists the guests of a folder: the folder itself, and those in it. Deeper ones are listed by naming their folder.',
    )
    .argument('[folder]', 'where to look (default: here)')
    .addHelpText('after', examples(['osx-iso guest list', 'osx-iso guest list /srv/guests']))
    .action((place: string | undefined) => start('guestList', guestList, place === undefined ? {} : { place }));
}

/** `osx-iso guest list`: a line a guest. */
export async function guestList(osx: typeof Osx, { place }: GuestListOptions, context: Context): Promise<void> {
  const listed = await osx.listGuests(place);
  if (listed.length === 0) context.remark(`There are no guests ${place === undefined ? 'here' : `in ${place}`}.`);
  const rows = listed.map(({ name, folder, fault, pid }) => ({
    name,
    release: folder ? osx.guestTitle(folder.guest) : '?',
    state:
      pid === undefined
        ? folder
          ? osx.guestState(folder.guest)
          : (fault ?? '').split('\n')[0]!
        : `runs, process ${pid}`,
  }));
  const width = (field: 'name' | 'release') => Math.max(...rows.map((row) => row[field].length));
  const lines = rows.map(
    ({ name, release, state }) => `${name.padEnd(width('name'))}  ${release.padEnd(width('release'))}  ${state}`,
  );
  const data = listed.map(({ name, folder, fault, pid }) => ({
    name,
    ...(folder && { path: folder.path, guest: folder.guest }),
    ...(fault !== undefined && { fault }),
    ...(pid !== undefined && { pid }),
  }));
  if (lines.length > 0 || context.json) context.print(lines.join('\n'), { type: 'guests', guests: data });
}
