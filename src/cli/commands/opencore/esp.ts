import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';
import { collect } from '../../parse.js';
import { showBytes } from '../../view/format.js';

/** `osx-iso opencore esp`, as typed. */
export interface OpenCoreEspOptions {
  /** The image that is made. */
  readonly file: string;
  /** OpenCore's release, zip or folder. */
  readonly zip?: string;
  /** A folder EFI that is ready. */
  readonly efi?: string;
  readonly config?: string;
  /** PATH=VALUE in the config that is made. */
  readonly set: readonly string[];
  readonly kext: readonly string[];
  /** Of OS X: "10.10". */
  readonly release?: string;
  /** "40M" */
  readonly size?: string;
}

const EXAMPLES = [
  'osx-iso opencore esp esp.img --zip OpenCore-1.0.5-RELEASE.zip --release 10.10',
  'osx-iso opencore esp esp.img --efi /Volumes/EFI/EFI',
] as const;

export function registerOpenCoreEsp(opencore: Command, start: Start): void {
  opencore
    .command('esp')
    .summary('make the image of an EFI system partition')
    .description(
      'Makes a FAT volume that starts OpenCore: for a guest of any hypervisor, or a USB stick. Of a release it takes only what is needed, with a config.plist made for a release of OS X. Never replaces a file.',
    )
    .argument('<file>', 'the image: esp.img')
    .option('--zip <path>', "OpenCore's release: the zip as it was downloaded, or the folder it was unpacked to")
    .option('--efi <dir>', 'a folder EFI that is configured already, with any loader: taken as it is')
    .option('--release <version>', 'the OS X that the config is made for (default: 10.10)')
    .option('--set <path=value>', 'a setting of that config: Misc/Boot/Timeout=5; again for more', collect)
    .option('--config <file>', 'with --zip: this config.plist (default: one made for the release)')
    .option('--kext <path>', 'with --zip: a kext, or a folder or zip that holds some; again for more', collect)
    .option('--size <size>', 'of the volume, as 40M', '40M')
    .addHelpText('after', examples(EXAMPLES))
    .action((file: string, options: Partial<OpenCoreEspOptions>) =>
      start('openCoreEsp', openCoreEsp, { kext: [], set: [], ...options, file }),
    );
}

/** `osx-iso opencore esp`: the image of an EFI system partition. */
export async function openCoreEsp(osx: typeof Osx, options: OpenCoreEspOptions, context: Context): Promise<void> {
  const { file, zip, efi, config, set, kext, release, size } = options;
  const scope = new osx.Scope(await osx.openJournal({ optional: true }));
  context.holds(() => scope.pending());
  const image = await osx.makeEsp(
    file,
    {
      openCore: zip,
      efi,
      config,
      kexts: kext,
      set,
      release: release ?? osx.DEFAULT_RELEASE,
      ...(size !== undefined && { size: osx.parseSize(size) }),
    },
    { signal: context.signal, scope },
  );
  for (const note of image.notes) context.remark(note);
  const lines = [
    image.file,
    `  ${image.loader}; FAT, ${showBytes(image.size)}`,
    ...image.files.map((path) => `  ${path}`),
  ];
  context.print(lines.join('\n'), { type: 'opencore-esp', ...image });
}
