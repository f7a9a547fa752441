import { type Command, InvalidArgumentError } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';
import { printable } from '../../view/format.js';

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
    .option(
      '--release <version>',
      'the release it is for, as 10.10: says whether the loader finds its kernel (default: that is not judged)',
      version,
    )
    .option('--fix', 'write a corrected file (the old one stays beside it as .bak)')
    .option('-o, --output <file>', 'with --fix: write it to this file (default: in its place)')
    .addHelpText('after', examples(['osx-iso plist check /Volumes/Guest/Extra/org.chameleon.Boot.plist']))
    .action((file: string, options: { fix?: boolean; release?: string }, command: Command) => {
      // The group has -o, too, and commander gives it to whichever comes first.
      const { output } = command.optsWithGlobals<{ output?: string }>();
      const release = options.release === undefined ? {} : { release: options.release };
      const given = { file, fix: options.fix ?? false, ...(output !== undefined && { output }), ...release };
      return start('plistCheck', plistCheck, given);
    });
}

function version(text: string): string {
  if (!/^\d{2}(\.\d{1,2}){0,2}$/.test(text)) throw new InvalidArgumentError('It is a version, as 10.10 or 10.10.5.');
  return text;
}

/** `osx-iso plist check`: prints every finding and what the loader sees; ends with a VerifyError where that is something else. */
export async function plistCheck(
  osx: typeof Osx,
  { file, fix, output, release }: PlistCheckOptions,
  context: Context,
): Promise<void> {
  if (output !== undefined && !fix) throw new osx.UsageError('-o needs --fix.');
  const report = await osx.checkPlistFile(file, { ...(release !== undefined && { release }) });
  if (fix) {
    const fixed = await osx.fixPlistFile(file, { output, journal: await osx.openJournal({ optional: true }) });
    const lines = fixed.written
      ? [`${fixed.path}: corrected`, ...fixed.changes.map((change) => `  ${change}`)]
      : [`${file}: nothing to correct`];
    if (fixed.backup !== undefined) lines.push(`  what was there is ${fixed.backup}`);
    context.print(lines.map(printable).join('\n'), { type: 'plist-check', file, findings: report.findings, ...fixed });
    return;
  }
  const sees = Object.entries(report.sees);
  const width = Math.max(0, ...sees.map(([key]) => key.length));
  const lines = [
    ...report.findings.map((finding) => `${file}:${osx.findingLine(finding)}`),
    ...(report.findings.length > 0 ? [''] : []),
    sees.length > 0 ? 'The loader sees:' : 'The loader sees nothing.',
    ...sees.map(([key, value]) => `  ${key.padEnd(width)}  ${value}`),
  ];
  context.print(lines.map(printable).join('\n'), { type: 'plist-check', file, ...report });
  if (report.ok) return;
  const errors = report.findings.filter(({ severity }) => severity === 'error').length;
  throw new osx.VerifyError(
    `${file}: ${errors} ${errors === 1 ? 'finding changes' : 'findings change'} what the loader does.`,
    `osx-iso plist check --fix ${osx.quoteFile(file)} writes a corrected file.`,
  );
}
