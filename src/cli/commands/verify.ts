import type { Command } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';
import { row } from '../view/terminal.js';

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
    .addHelpText('after', examples(['osx-iso verify "Install OS X Yosemite.iso"']))
    .action((file: string, { quick }: { quick?: boolean }) =>
      start('verify', verify, { file, ...(quick && { quick }) }),
    );
}

/** `osx-iso verify`: prints every check; ends with a VerifyError when one failed. */
export async function verify(osx: typeof Osx, options: VerifyOptions, context: Context): Promise<void> {
  const report = await osx.verifyFile(options.file, {
    signal: context.signal,
    packages: options.quick ? 'quick' : 'prove',
  });
  const width = Math.max(...report.checks.map((check) => check.name.length));
  const { paint, columns } = context.terminal;
  const lines = report.checks.map(({ ok, severity, name, text }) => {
    const mark = ok
      ? severity === 'warning'
        ? paint('yellow', 'warn')
        : paint('green', 'ok  ')
      : paint('red', 'FAIL');
    return row(`${mark}  ${name.padEnd(width)}  `, text, columns);
  });
  context.print(lines.join('\n'), { type: 'verify', ...report });
  const failed = report.checks.filter((check) => !check.ok).length;
  if (failed > 0) throw new osx.VerifyError(`${options.file}: ${failed} of ${report.checks.length} checks failed.`);
}
