import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { RemoveKextOptions } from '../commands/guest.js';
import { guestLines } from './guest-lines.js';

/** `osx-iso guest remove-kext` */
export async function removeKext(options: RemoveKextOptions, context: Context): Promise<void> {
  const { name, volume, image, partition, backingOk, force, dryRun } = options;
  if ((volume === undefined) === (image === undefined)) throw new osx.UsageError('Give either --image or --volume.');
  if (partition !== undefined && image === undefined) throw new osx.UsageError('--partition needs --image.');
  const needless = force ? undefined : osx.needlessHere(name);
  if (needless !== undefined) {
    context.print(`${name}: ${needless}. Nothing was changed; --force removes it all the same.`, {
      type: 'result',
      name,
      needless,
      written: false,
    });
    return;
  }
  const journal = await osx.openJournal({ optional: true });
  if (volume !== undefined) {
    const changes = await osx.removeKextMounted({ name, volume, force, dryRun, journal });
    context.print(osx.mountedLines(volume, changes, dryRun).join('\n'), {
      type: 'result',
      volume,
      changes,
      written: !dryRun,
    });
    return;
  }
  const scope = new osx.Scope(journal);
  context.holds(() => scope.pending());
  const edit = await osx.editImage(
    { image: image!, dryRun, backingOk, ...(partition !== undefined && { partition }) },
    { signal: context.signal, scope, remark: context.remark },
    (staged) => osx.stageKextRemoval(staged, { name, force }),
  );
  context.print(guestLines(image!, edit).join('\n'), { type: 'result', image, ...osx.plainEdit(edit) });
}
