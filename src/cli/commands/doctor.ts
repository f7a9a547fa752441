import type { Command } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso doctor`, as typed. */
export interface DoctorOptions {
  readonly release?: string;
  readonly qemu?: string;
}

export function registerDoctor(program: Command, start: Start): void {
  program
    .command('doctor')
    .summary('is this computer ready to run OS X?')
    .description(
      'Looks at everything a guest needs of this computer, and says what to type where something is missing. It changes nothing.',
    )
    .option('--release <version>', 'for which OS X release (default: 10.10)')
    .option('--qemu <program>', 'the QEMU to look at (default: qemu-system-x86_64)')
    .action((options: DoctorOptions) => start((api, context) => api.doctor(options, context)));
}
