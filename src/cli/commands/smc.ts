import type { Command } from 'commander';
import type { Start } from '../session.js';

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
    .addHelpText('after', '\nExample:\n  sudo modprobe -r applesmc && sudo osx-iso smc OSK0 OSK1')
    .action((keys: string[], options: { raw?: boolean }) =>
      start((api, context) => api.smc({ keys, raw: false, ...options }, context)),
    );
}
