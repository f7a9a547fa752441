import type { Command } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';
import { paragraph, row } from '../view/terminal.js';

/** `osx-iso doctor`, as typed. */
export interface DoctorOptions {
  readonly release?: string;
  readonly qemu?: string;
}

export function registerDoctor(program: Command, start: Start): void {
  program
    .command('doctor')
    .summary('is this computer ready to run OS X?')
    .description(
      'Looks at everything a guest needs of this computer, and says what to type where something is missing. It changes nothing.',
    )
    .option('--release <version>', 'the OS X it is to run (default: 10.10)')
    .option('--qemu <program>', 'the QEMU to look at (default: qemu-system-x86_64)')
    .addHelpText('after', examples(['osx-iso doctor', 'osx-iso doctor --release 10.13']))
    .action((options: DoctorOptions) => start('doctor', doctor, options));
}

const COLORS = { ok: 'green', warning: 'yellow', problem: 'red' } as const;
const MARKS = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

/** What a row says to type stands below its name. */
const BELOW = ' '.repeat(MARKS.ok.length + 2);

/** `osx-iso doctor`: prints every row; ends with a HostError where something is missing. */
export async function doctor(osx: typeof Osx, { release, qemu }: DoctorOptions, context: Context): Promise<void> {
  // QEMU is asked what it can do: it has no business with the key.
  const environment = osx.takeFromEnvironment();
  const profile = osx.profileOf(release ?? osx.DEFAULT_RELEASE);
  if (!profile) {
    const known = osx.profiles.map((known) => known.release).join(', ');
    throw new osx.UsageError(`--release ${release}: expected one of ${known}.`);
  }
  const host = await osx.probeHost(qemu, context.signal);
  const findings = osx.diagnose({ ...host, ...(environment && { key: 'OSX_ISO_OSK is set' }) }, profile);
  const width = Math.max(...findings.map(({ name }) => name.length));
  const { paint, columns } = context.terminal;
  const lines = [`For ${profile.name} (${profile.release}):`];
  for (const { state, name, found, fix } of findings) {
    lines.push(row(`${paint(COLORS[state], MARKS[state])}  ${name.padEnd(width)}  `, found, columns));
    if (fix !== undefined)
      // Sentences are broken at words, what is indented is there to be copied.
      for (const line of fix.split('\n'))
        lines.push(line.startsWith(' ') ? BELOW + line : paragraph(line, columns, BELOW));
  }
  context.print(lines.join('\n'), { type: 'doctor', release: profile.release, findings });
  const problems = findings.filter(({ state }) => state === 'problem').map(({ name }) => name);
  if (problems.length > 0) {
    throw new osx.HostError(`This computer is not ready for ${profile.name}: ${problems.join(', ')}.`);
  }
}
