import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { DiskCreateOptions } from '../commands/disk.js';
import { showBytes } from '../view-format.js';

/** `osx-iso disk create`: an empty disk for a guest. */
export async function diskCreate({ file, size }: DiskCreateOptions, context: Context): Promise<void> {
  const scope = new osx.Scope(await osx.openJournal({ optional: true }));
  context.holds(() => scope.pending());
  const disk = await osx.createDisk(file, osx.parseSize(size), { signal: context.signal, scope });
  context.print(`${disk.file}\n  ${disk.format}, ${showBytes(disk.size)}; it grows as the guest writes`, {
    type: 'disk',
    ...disk,
  });
}
