import type { Command } from 'commander';
import type { Start } from '../session.js';
import { collect } from './plist.js';

/** `osx-iso opencore config`, as typed. Without an output it goes to stdout. */
export interface OpenCoreConfigOptions {
  /** Of OS X: "10.10". */
  readonly release: string;
  readonly template?: string;
  /** PATH=VALUE */
  readonly set: readonly string[];
  readonly kext: readonly string[];
  readonly output?: string;
}

const EXAMPLES = `
Examples:
  osx-iso opencore config --release 10.10
  osx-iso opencore config --release 10.13 --set Misc/Boot/Timeout=10`;

export function registerOpenCoreConfig(opencore: Command, start: Start): void {
  opencore
    .command('config')
    .summary("make OpenCore's config.plist for a release of OS X")
    .description(
      'Makes EFI/OC/config.plist from a template, with what the release needs, on stdout or in a file. Values have the types that OpenCore wants; a key it does not know is refused.',
    )
    .requiredOption('--release <version>', 'the system it starts: 10.6 to 10.15')
    .option('--template <name>', 'what to start from: default, verbose')
    .option('--set <path=value>', 'a value, as Misc/Boot/Timeout=5; again for more', collect)
    .option('--kext <path>', 'a kext that is injected, or a folder or zip that holds some; again for more', collect)
    .option('-o, --output <file>', 'write to this file, which must not be there')
    .addHelpText('after', EXAMPLES)
    .action((options: Omit<OpenCoreConfigOptions, 'set' | 'kext'> & Partial<OpenCoreConfigOptions>) =>
      start((api, context) =>
        api.openCoreConfig({ ...options, set: options.set ?? [], kext: options.kext ?? [] }, context),
      ),
    );
}
