import type { Command } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';

/** `osx-iso smc`, as typed. */
export interface SmcOptions {
  readonly keys: readonly string[];
  /** The values' bytes and nothing else, one after the other. */
  readonly raw: boolean;
}

export function registerSmc(program: Command, start: Start): void {
  program
    .command('smc')
    .summary("read keys of this computer's SMC (an Intel Mac with Linux)")
    .description("Reads keys of an Apple computer's system management controller, as SmcDumpKey does. Linux, as root.")
    .argument('<key...>', 'keys of four characters: OSK0 OSK1')
    .option('--raw', "print the values' bytes and nothing else")
    .addHelpText(
      'after',
      examples(['sudo osx-iso smc OSK0 OSK1'], "Where Linux's own driver holds it: sudo modprobe -r applesmc"),
    )
    .action((keys: string[], options: { raw?: boolean }) => start('smc', smc, { keys, raw: false, ...options }));
}

/** `osx-iso smc`: prints keys of this computer's own SMC. */
export async function smc(osx: typeof Osx, { keys, raw }: SmcOptions, context: Context): Promise<void> {
  const port = await osx.openDevPort();
  const values: Osx.SmcValue[] = [];
  try {
    for (const key of keys) {
      context.signal.throwIfAborted();
      values.push(await osx.readKey(port, key));
    }
  } finally {
    await port.close();
  }
  if (raw) {
    await context.write(Buffer.concat(values.map(({ bytes }) => bytes)));
    return;
  }
  // One key is printed as SmcDumpKey has it; of several, each has its name before it.
  const lines = values.map((value) => (keys.length > 1 ? `${value.key}\n${osx.dumpKey(value)}` : osx.dumpKey(value)));
  const data = values.map(({ bytes, ...about }) => ({ ...about, size: bytes.length, hex: hex(bytes) }));
  context.print(lines.join('\n'), { type: 'smc', keys: data });
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
