import type * as Osx from '../../index.js';
import type { Context } from '../context.js';
import type { BootOptions } from './boot-options.js';

/** `osx-iso boot GUEST --detach`: the same command in a session of its own; done when the guest runs. */
export async function detachBoot(
  osx: typeof Osx,
  { name, path }: Osx.GuestFolder,
  { monitor, dryRun }: BootOptions,
  context: Context,
): Promise<void> {
  if (dryRun) throw new osx.UsageError('--detach and --dry-run: give one of them.');
  if (monitor) throw new osx.UsageError('--monitor needs this terminal, which --detach leaves.');
  const [script = ''] = process.argv.slice(1);
  const command = [process.execPath, ...process.execArgv, script, ...process.argv.slice(2)] as const;
  const { run, log } = await osx.detachGuest(path, { command, signal: context.signal });
  const found = await osx.guestStatus(path, context.signal);
  const lines = [
    ...osx.statusLines(name, found),
    `  log       ${log}`,
    `To end it: ${osx.commandLine('osx-iso', ['guest', 'stop', name])}`,
  ];
  context.print(lines.join('\n'), { type: 'detached', guest: name, log, ...run });
}
