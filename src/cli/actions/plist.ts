import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { PlistOptions } from '../commands/plist.js';
import { guestLines } from './guest-lines.js';

/** `osx-iso plist`: composes the plist and puts it where it is wanted. */
export async function plist(options: PlistOptions, context: Context): Promise<void> {
  const { volume, image, output, partition, backingOk, dryRun, force, merge } = options;
  if ([volume, image, output].filter((place) => place !== undefined).length > 1) {
    throw new osx.UsageError('Only one of --volume, --image and -o can be given.');
  }
  if (partition !== undefined && image === undefined) throw new osx.UsageError('--partition needs --image.');
  if (merge && volume === undefined && image === undefined && output === undefined) {
    throw new osx.UsageError('--merge needs a plist that is there: give --volume, --image or -o.');
  }
  const request = await osx.plistRequest(options);
  const journal = await osx.openJournal({ optional: true });
  if (image !== undefined) {
    const scope = new osx.Scope(journal);
    context.holds(() => scope.pending());
    const edit = await osx.editImage(
      { image, dryRun, backingOk, ...(partition !== undefined && { partition }) },
      { signal: context.signal, scope, remark: context.remark },
      (staged) => osx.stagePlist(staged, request),
    );
    context.print(guestLines(image, edit).join('\n'), { type: 'result', image, ...osx.plainEdit(edit) });
    return;
  }
  if (volume !== undefined) {
    const changes = await osx.installMounted({ volume, force, dryRun, journal }, request);
    context.print(osx.mountedLines(volume, changes, dryRun).join('\n'), {
      type: 'result',
      volume,
      changes,
      written: !dryRun,
    });
    return;
  }
  if (output !== undefined) {
    const text = await osx.writePlistFile(output, request, { force, dryRun, journal });
    context.print(dryRun ? text.trimEnd() : output, { type: 'result', output, text, written: !dryRun });
    return;
  }
  const text = osx.composePlist(request);
  context.print(text.trimEnd(), { type: 'result', text });
}
