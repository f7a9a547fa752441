import { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';
import { wholeNumber } from '../../parse.js';
import { commandLines } from '../../view/terminal.js';
import { type BootOptions, bootOptions, openCoreOptions, typedNames } from '../boot-options.js';
import { wanted } from '../boot-run.js';

/** `osx-iso guest create`, as typed. */
export interface GuestCreateOptions extends Partial<BootOptions> {
  readonly name: string;
  /** "60G" */
  readonly diskSize?: string;
  readonly cpus?: number;
}

/** Of the options of `boot` those that are for one start. */
const ONCE = ['createDisk', 'monitor', 'screenshot', 'stopAfter', 'grace'];

export function registerCreate(guest: Command, start: Start): void {
  const command = guest
    .command('create')
    .summary('make a guest: a folder with its settings and a disk')
    .description(
      'Makes a folder with guest.json, in which everything stands that osx-iso boot NAME needs, and an empty disk. Never replaces anything.',
    )
    .argument('<name>', 'the folder: yosemite')
    .option('--iso <file>', "the installer; it is left out as soon as there is a system on the guest's disk")
    .option('--disk-size <size>', 'what the guest sees of the disk that is made, as 60G', '60G')
    .option('--cpus <n>', 'processors: the same as --smp', wholeNumber(1, 64));
  const machine = bootOptions(new Command()).options.filter((option) => !ONCE.includes(option.attributeName()));
  for (const option of machine) command.addOption(option);
  openCoreOptions(command)
    .option('--force', 'take an ISO that fails its checks')
    .addHelpText(
      'after',
      examples([
        'osx-iso guest create yosemite --iso "Install OS X Yosemite.iso" --chameleon ./boot --osk-file ~/.osk',
        'osx-iso guest create sierra --iso "Install macOS Sierra.iso" --opencore OpenCore-1.0.5-RELEASE.zip --osk-file ~/.osk --memory 4096',
        'osx-iso guest create old --disk mac_hdd.qcow2 --release 10.9 --chameleon ./boot',
      ]),
    )
    .action((name: string, options: Partial<GuestCreateOptions>) =>
      start('guestCreate', guestCreate, { ...options, name, typed: typedNames(command) }),
    );
}

/** `osx-iso guest create`: makes it, and says what to type next. */
export async function guestCreate(osx: typeof Osx, options: GuestCreateOptions, context: Context): Promise<void> {
  const { name, diskSize, cpus, force, typed: names = [], ...rest } = options;
  const given = Object.fromEntries(Object.entries(rest).filter(([option]) => names.includes(option)));
  const typed = wanted(osx, { ...given, ...(cpus !== undefined && { smp: cpus }) });
  const scope = new osx.Scope(await osx.openJournal({ optional: true }));
  context.holds(() => scope.pending());
  const made = await osx.createGuest(
    { name, typed, ...(diskSize !== undefined && { diskSize }), ...(force !== undefined && { force }) },
    { signal: context.signal, scope, note: (text) => context.remark(text) },
  );
  const { guest, path } = made;
  const lines = [
    path,
    ...osx.guestLines(made).map((line) => `  ${line}`),
    '  Next:',
    commandLines(osx.bootCommand(name, guest), context.terminal.columns, '    '),
  ];
  context.print(lines.join('\n'), { type: 'guest', path, guest });
}
