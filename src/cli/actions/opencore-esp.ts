import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { OpenCoreEspOptions } from '../commands/opencore-esp.js';
import { showBytes } from '../view-format.js';

/** `osx-iso opencore esp`: the image of an EFI system partition. */
export async function openCoreEsp(options: OpenCoreEspOptions, context: Context): Promise<void> {
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
  context.print(lines.join('\n'), { type: 'result', ...image });
}
