import type { Command } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';
import { printable } from '../view/format.js';

/** `osx-iso clean`, as typed. */
export interface CleanOptions {
  /** Show what would be done. */
  readonly dryRun: boolean;
}

export function registerClean(program: Command, start: Start): void {
  program
    .command('clean')
    .summary('give back what a run that was killed has left')
    .description(
      'Detaches the images and removes the unfinished files of builds that were killed, by what they wrote down. Images of others and builds that still run are left alone.',
    )
    .option('--dry-run', 'show what would be done, and do nothing')
    .addHelpText('after', examples(['osx-iso clean --dry-run', 'osx-iso clean']))
    .action((options: Partial<CleanOptions>) => start('clean', clean, { dryRun: options.dryRun ?? false }));
}

/** `osx-iso clean`: says what is left and what it will do, does it, and fails when something stays. */
export async function clean(osx: typeof Osx, { dryRun }: CleanOptions, context: Context): Promise<void> {
  const plan = await osx.clean({ dryRun: true });
  context.print(linesOf(plan).join('\n'), dryRun ? { type: 'clean', dryRun, ...plan } : undefined);
  const report = dryRun ? plan : await osx.clean({ signal: context.signal });
  if (report.failed.length > 0) {
    if (!dryRun) context.print('', { type: 'clean', dryRun, ...report });
    const left = report.failed.map(
      ({ title, command, reason }) => `  ${printable(`${title}: ${reason}`)}\n      ${printable(command)}`,
    );
    throw new osx.StepError(`Not everything can be given back:\n${left.join('\n')}`);
  }
  if (!dryRun && (context.json || plan.runs.some(({ live }) => !live))) {
    context.print('Done.', { type: 'clean', dryRun, ...report });
  }
}

function linesOf({ runs }: Osx.CleanReport): string[] {
  const lines: string[] = [];
  for (const { pid, live, actions } of runs) {
    if (live) lines.push(`Process ${pid} is still at work: left alone.`);
    else if (actions.length === 0) lines.push(`Process ${pid} is dead and left nothing but its journal.`);
    else
      lines.push(
        `Process ${pid} is dead and left:`,
        ...actions.map(({ title, command }) => `  ${printable(title)}\n      ${printable(command)}`),
      );
  }
  if (runs.length === 0) {
    lines.push('Nothing is left of earlier runs.');
    if (process.geteuid?.() !== 0) lines.push('Runs started with sudo have their own journals: sudo osx-iso clean');
  }
  return lines;
}
