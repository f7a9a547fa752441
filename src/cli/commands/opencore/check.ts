import { type Command, InvalidArgumentError } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';
import { printable } from '../../view/format.js';

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
    .option('-o, --output <file>', 'with --fix: write it to this file (default: in its place)')
    .addHelpText('after', examples(['osx-iso opencore check /Volumes/EFI/EFI/OC/config.plist yosemite.iso']))
    .action(
      (
        file: string,
        iso: string | undefined,
        options: Omit<OpenCoreCheckOptions, 'file' | 'iso' | 'fix'> & { fix?: boolean },
      ) =>
        start('openCoreCheck', openCoreCheck, {
          ...options,
          file,
          fix: options.fix ?? false,
          ...(iso !== undefined && { iso }),
        }),
    );
}

function version(text: string): string {
  if (!/^\d{1,2}(\.\d{1,2}){2}$/.test(text)) throw new InvalidArgumentError('It is a version of OpenCore, as 1.0.5.');
  return text;
}

/** `osx-iso opencore check`: prints every finding; ends with a VerifyError where OpenCore does something else. */
export async function openCoreCheck(osx: typeof Osx, options: OpenCoreCheckOptions, context: Context): Promise<void> {
  const { file, iso, fix, output } = options;
  if (output !== undefined && !fix) throw new osx.UsageError('-o needs --fix.');
  const by = {
    signal: context.signal,
    ...(iso !== undefined && { iso }),
    ...(options.for !== undefined && { version: options.for }),
  };
  if (fix) {
    const journal = await osx.openJournal({ optional: true });
    const fixed = await osx.fixConfigFile(file, { ...by, journal, ...(output !== undefined && { output }) });
    const lines = [
      fixed.changes.length > 0 ? `${fixed.path}: corrected` : `${file}: nothing to correct`,
      ...fixed.changes.map((change) => `  ${change}`),
      ...(fixed.backup === undefined ? [] : [`  what was there is ${fixed.backup}`]),
      ...fixed.left.findings.map((finding) => `${fixed.path}:${osx.findingLine(finding)}`),
    ];
    context.print(lines.map(printable).join('\n'), { type: 'opencore-check', file, ...fixed });
    refuse(osx, fixed.path, fixed.left.findings, 'Correct these by hand.');
    return;
  }
  const report = await osx.checkConfigFile(file, by);
  const looked = report.folder ? ', and of the folder it lies in' : '';
  const lines = report.findings.map((finding) => `${file}:${osx.findingLine(finding)}`);
  if (lines.length === 0) lines.push(`${file}: OpenCore takes all of it as it is meant${looked}.`);
  context.print(lines.map(printable).join('\n'), { type: 'opencore-check', file, ...report });
  const mends = report.findings.some(({ severity, fix: does }) => severity === 'error' && does !== undefined);
  const hint = mends ? `osx-iso opencore check --fix ${osx.quoteFile(file)} writes a corrected file.` : undefined;
  refuse(osx, file, report.findings, hint);
}

function refuse(
  osx: typeof Osx,
  file: string,
  findings: readonly { readonly severity: string }[],
  hint: string | undefined,
): void {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  if (errors === 0) return;
  const what = errors === 1 ? 'finding changes' : 'findings change';
  throw new osx.VerifyError(`${file}: ${errors} ${what} what OpenCore does.`, hint);
}
