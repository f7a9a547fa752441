import { type Command, InvalidArgumentError } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso plist check`, as typed. */
export interface PlistCheckOptions {
  readonly file: string;
  /** Write a corrected file. */
  readonly fix: boolean;
  /** Where the corrected file goes; default: in the place of the one that was checked, which stays as .bak. */
  readonly output?: string;
  /** The release it is for, "10.10". */
  readonly release?: string;
}

export function registerPlistCheck(plist: Command, start: Start): void {
  plist
    .command('check')
    .summary('say what the boot loader makes of a plist')
    .description(
      'Reads a plist as the boot loader does and says what it will see, what it will ignore, and why. Status 5 where the loader does something else than the file says.',
    )
    .argument('<file>', 'a plist')
    .option('--release <version>', 'the release it is for, as 10.10: says whether the loader finds the kernel', version)
    .option('--fix', 'write a corrected file (the old one stays beside it as .bak)')
    .addHelpText('after', '\nExample:\n  osx-iso plist check /Volumes/Guest/Extra/org.chameleon.Boot.plist')
    .action((file: string, options: { fix?: boolean; release?: string }, command: Command) => {
      // The group has -o, too, and commander gives it to whichever comes first.
      const { output } = command.optsWithGlobals<{ output?: string }>();
      const release = options.release === undefined ? {} : { release: options.release };
      const given = { file, fix: options.fix ?? false, ...(output !== undefined && { output }), ...release };
      return start((api, context) => api.plistCheck(given, context));
    });
}

function version(text: string): string {
  if (!/^\d{2}(\.\d{1,2}){0,2}$/.test(text)) throw new InvalidArgumentError('It is a version, as 10.10 or 10.10.5.');
  return text;
}
