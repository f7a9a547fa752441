import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { OpenCoreCheckOptions } from '../commands/opencore-check.js';

/** `osx-iso opencore check`: prints every finding; ends with a VerifyError where OpenCore does something else. */
export async function openCoreCheck(options: OpenCoreCheckOptions, context: Context): Promise<void> {
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
    context.print(lines.join('\n'), { type: 'result', file, ...fixed });
    refuse(fixed.path, fixed.left.findings, 'Correct these by hand.');
    return;
  }
  const report = await osx.checkConfigFile(file, by);
  const looked = report.folder ? ', and of the folder it lies in' : '';
  const lines = report.findings.map((finding) => `${file}:${osx.findingLine(finding)}`);
  if (lines.length === 0) lines.push(`${file}: OpenCore takes all of it as it is meant${looked}.`);
  context.print(lines.join('\n'), { type: 'result', file, ...report });
  const mends = report.findings.some(({ severity, fix: does }) => severity === 'error' && does !== undefined);
  const hint = mends ? `osx-iso opencore check --fix ${osx.quoteFile(file)} writes a corrected file.` : undefined;
  refuse(file, report.findings, hint);
}

function refuse(file: string, findings: readonly { readonly severity: string }[], hint: string | undefined): void {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  if (errors === 0) return;
  const what = errors === 1 ? 'finding changes' : 'findings change';
  throw new osx.VerifyError(`${file}: ${errors} ${what} what OpenCore does.`, hint);
}
