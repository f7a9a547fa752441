import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';
import { collect } from '../../parse.js';

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

const EXAMPLES = [
  'osx-iso opencore config --release 10.10',
  'osx-iso opencore config --release 10.13 --set Misc/Boot/Timeout=10',
] as const;

export function registerOpenCoreConfig(opencore: Command, start: Start): void {
  opencore
    .command('config')
    .summary("make OpenCore's config.plist for a release of OS X")
    .description(
      'Makes EFI/OC/config.plist from a template, with what the release needs, on stdout or in a file. Values have the types that OpenCore wants; a key it does not know is refused.',
    )
    .requiredOption('--release <version>', 'the OS X it starts, 10.6 to 10.15; must be given')
    .option('--template <name>', 'what to start from: default, verbose (default: default)')
    .option('--set <path=value>', 'a value, as Misc/Boot/Timeout=5; again for more', collect)
    .option('--kext <path>', 'a kext that is injected, or a folder or zip that holds some; again for more', collect)
    .option('-o, --output <file>', 'write to this file, which must not be there (default: stdout)')
    .addHelpText('after', examples(EXAMPLES))
    .action((options: Omit<OpenCoreConfigOptions, 'set' | 'kext'> & Partial<OpenCoreConfigOptions>) =>
      start('openCoreConfig', openCoreConfig, { ...options, set: options.set ?? [], kext: options.kext ?? [] }),
    );
}

/** `osx-iso opencore config`: the file, and on stderr what must lie beside it. */
export async function openCoreConfig(osx: typeof Osx, options: OpenCoreConfigOptions, context: Context): Promise<void> {
  const { kext, output, ...asked } = options;
  const made = await osx.makeOpenCoreConfigOf(asked, kext, context.signal);
  const { xml, drivers, kexts, files, remarks } = made;
  const result = { type: 'opencore-config' as const, text: xml, drivers, kexts, files, remarks };
  if (output === undefined) context.print(xml.trimEnd(), result);
  else {
    await osx.writeConfigFile(output, Buffer.from(xml, 'utf8'), await osx.openJournal({ optional: true }));
    context.print(output, { ...result, output });
  }
  context.remark(`EFI/OC/Drivers: ${drivers.join(', ')}`);
  if (kexts.length > 0) context.remark(`EFI/OC/Kexts: ${kexts.join(', ')}`);
  for (const [path, content] of Object.entries(files)) context.remark(`${path} holds the word ${content}`);
  for (const remark of remarks) context.remark(remark);
}
