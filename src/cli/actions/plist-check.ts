import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { PlistCheckOptions } from '../commands/plist-check.js';

/** `osx-iso plist check`: prints every finding and what the loader sees; ends with a VerifyError where that is something else. */
export async function plistCheck({ file, fix, output, release }: PlistCheckOptions, context: Context): Promise<void> {
  if (output !== undefined && !fix) throw new osx.UsageError('-o needs --fix.');
  const report = await osx.checkPlistFile(file, { ...(release !== undefined && { release }) });
  if (fix) {
    const fixed = await osx.fixPlistFile(file, { output, journal: await osx.openJournal({ optional: true }) });
    const lines = fixed.written
      ? [`${fixed.path}: corrected`, ...fixed.changes.map((change) => `  ${change}`)]
      : [`${file}: nothing to correct`];
    if (fixed.backup !== undefined) lines.push(`  what was there is ${fixed.backup}`);
    context.print(lines.join('\n'), { type: 'result', file, findings: report.findings, ...fixed });
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
  context.print(lines.join('\n'), { type: 'result', file, ...report });
  if (report.ok) return;
  const errors = report.findings.filter(({ severity }) => severity === 'error').length;
  throw new osx.VerifyError(
    `${file}: ${errors} ${errors === 1 ? 'finding changes' : 'findings change'} what the loader does.`,
    `osx-iso plist check --fix ${osx.quoteFile(file)} writes a corrected file.`,
  );
}
