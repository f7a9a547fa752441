import type { Command } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso verify`, as typed. */
export interface VerifyOptions {
  /** The ISO; a manifest beside it is compared too. */
  readonly file: string;
  /** The packages are not read. */
  readonly quick?: boolean;
}

export function registerVerify(program: Command, start: Start): void {
  program
    .command('verify')
    .summary('prove that an ISO is whole and can boot')
    .description('Opens a finished ISO again and proves that it is whole and has all it needs to boot.')
    .argument('<file>', 'the ISO')
    .option('--quick', 'leave out the packages, which are most of what there is to read')
    .action((file: string, { quick }: { quick?: boolean }) =>
      start((api, context) => api.verify({ file, ...(quick && { quick }) }, context)),
    );
}
