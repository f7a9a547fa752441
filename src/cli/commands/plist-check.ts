import type { Command } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso plist check`, as typed. */
export interface PlistCheckOptions {
  readonly file: string;
  /** Write a corrected file. */
  readonly fix: boolean;
  /** Where the corrected file goes; default: in the place of the one that was checked, which stays as .bak. */
  readonly output?: string;
}

export function registerPlistCheck(plist: Command, start: Start): void {
  plist
    .command('check')
    .summary('say what the boot loader makes of a plist')
    .description(
      'Reads a plist as the boot loader does and says what it will see, what it will ignore, and why. Status 5 where the\nloader does something else than the file says.',
    )
    .argument('<file>', 'a plist')
    .option('--fix', 'write a corrected file (the old one stays beside it as .bak)')
    .addHelpText('after', '\nExample:\n  osx-iso plist check /Volumes/Guest/Extra/org.chameleon.Boot.plist')
    .action((file: string, options: { fix?: boolean }, command: Command) => {
      // The group has -o, too, and commander gives it to whichever comes first.
      const { output } = command.optsWithGlobals<{ output?: string }>();
      const given = { file, fix: options.fix ?? false, ...(output !== undefined && { output }) };
      return start((api, context) => api.plistCheck(given, context));
    });
}
