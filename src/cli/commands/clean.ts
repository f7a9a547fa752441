import type { Command } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso clean`, as typed. */
export interface CleanOptions {
  /** Show what would be done. */
  readonly dryRun: boolean;
}

export function registerClean(program: Command, start: Start): void {
  program
    .command('clean')
    .summary('give back what a run that was killed has left')
    .description(
      'Detaches the images and removes the unfinished files of builds that were killed, by what they wrote down. Images of others and builds that still run are left alone.',
    )
    .option('--dry-run', 'show what would be done, and do nothing')
    .action((options: Partial<CleanOptions>) =>
      start((api, context) => api.clean({ dryRun: options.dryRun ?? false }, context)),
    );
}
