import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { VerifyOptions } from '../commands/verify.js';

/** `osx-iso verify`: prints every check; ends with a VerifyError when one failed. */
export async function verify(options: VerifyOptions, context: Context): Promise<void> {
  const report = await osx.verifyFile(options.file, {
    signal: context.signal,
    packages: options.quick ? 'quick' : 'prove',
  });
  const width = Math.max(...report.checks.map((check) => check.name.length));
  const lines = report.checks.map(
    ({ ok, severity, name, text }) =>
      `${ok ? (severity === 'warning' ? 'warn' : 'ok  ') : 'FAIL'}  ${name.padEnd(width)}  ${text}`,
  );
  context.print(lines.join('\n'), report);
  const failed = report.checks.filter((check) => !check.ok).length;
  if (failed > 0) throw new osx.VerifyError(`${options.file}: ${failed} of ${report.checks.length} checks failed.`);
}
