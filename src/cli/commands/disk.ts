import type { Command } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso disk create`, as typed. */
export interface DiskCreateOptions {
  readonly file: string;
  /** "30G" */
  readonly size: string;
}

export function registerDisk(program: Command, start: Start): void {
  const disk = program.command('disk').summary('make a disk for a guest').description('Disks for guests.');
  disk
    .command('create')
    .summary('make an empty disk')
    .description('Makes an empty qcow2 disk, which takes only the space that is written to. Never replaces a file.')
    .argument('<file>', 'the disk: mac_hdd.qcow2')
    .option('--size <size>', 'what the guest sees', '30G')
    .action((file: string, options: { size: string }) =>
      start((api, context) => api.diskCreate({ file, ...options }, context)),
    );
}
