import { type Command, InvalidArgumentError } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso opencore check`, as typed. */
export interface OpenCoreCheckOptions {
  readonly file: string;
  /** A disk that is to be started. */
  readonly iso?: string;
  /** Write a corrected file. */
  readonly fix: boolean;
  /** Where the corrected file goes; default: in the place of the one that was checked, which stays as .bak. */
  readonly output?: string;
  /** OpenCore's, "1.0.5". */
  readonly for?: string;
}

export function registerOpenCoreCheck(opencore: Command, start: Start): void {
  opencore
    .command('check')
    .summary('say what OpenCore makes of a config.plist')
    .description(
      'Reads a config.plist as OpenCore does and says what it leaves out, what it takes otherwise, and what keeps it from starting a disk. In a folder EFI/OC the drivers and kexts beside it are looked at, too. Status 5 where OpenCore does something else than the file says.',
    )
    .argument('<file>', 'EFI/OC/config.plist')
    .argument('[iso]', 'a disk it is to start: is it what these drivers read?')
    .option('--for <version>', "OpenCore's version, as 1.0.5 (default: that of the OpenCore beside it)", version)
    .option('--fix', 'write a corrected file (the old one stays beside it as .bak)')
    .option('-o, --output <file>', 'with --fix: write it to this file')
    .addHelpText('after', '\nExample:\n  osx-iso opencore check /Volumes/EFI/EFI/OC/config.plist yosemite.iso')
    .action(
      (
        file: string,
        iso: string | undefined,
        options: Omit<OpenCoreCheckOptions, 'file' | 'iso' | 'fix'> & { fix?: boolean },
      ) =>
        start((api, context) =>
          api.openCoreCheck(
            { ...options, file, fix: options.fix ?? false, ...(iso !== undefined && { iso }) },
            context,
          ),
        ),
    );
}

function version(text: string): string {
  if (!/^\d{1,2}(\.\d{1,2}){2}$/.test(text)) throw new InvalidArgumentError('It is a version of OpenCore, as 1.0.5.');
  return text;
}
