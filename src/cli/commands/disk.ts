import type { Command } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';
import { showBytes } from '../view/format.js';

/** `osx-iso disk create`, as typed. */
export interface DiskCreateOptions {
  readonly file: string;
  /** "30G" */
  readonly size: string;
}

export function registerDisk(program: Command, start: Start): void {
  const disk = program
    .command('disk')
    .summary('make a disk for a guest')
    .description('Disks for guests.')
    .addHelpText('after', examples(['osx-iso disk create mac_hdd.qcow2 --size 60G']));
  disk
    .command('create')
    .summary('make an empty disk')
    .description('Makes an empty qcow2 disk, which takes only the space that is written to. Never replaces a file.')
    .argument('<file>', 'the disk: mac_hdd.qcow2')
    .option('--size <size>', 'what the guest sees, as 30G', '30G')
    .addHelpText('after', examples(['osx-iso disk create mac_hdd.qcow2 --size 60G']))
    .action((file: string, options: { size: string }) => start('diskCreate', diskCreate, { file, ...options }));
}

/** `osx-iso disk create`: an empty disk for a guest. */
export async function diskCreate(osx: typeof Osx, { file, size }: DiskCreateOptions, context: Context): Promise<void> {
  const scope = new osx.Scope(await osx.openJournal({ optional: true }));
  context.holds(() => scope.pending());
  const disk = await osx.createDisk(file, osx.parseSize(size), { signal: context.signal, scope });
  context.print(`${disk.file}\n  ${disk.format}, ${showBytes(disk.size)}; it grows as the guest writes`, {
    type: 'disk',
    ...disk,
  });
}
