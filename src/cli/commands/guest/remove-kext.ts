import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';
import { imageLines } from '../../image-lines.js';
import { collect, partitionNumber } from '../../parse.js';

/** `osx-iso guest remove-kext`, as typed. */
export interface RemoveKextOptions {
  /** With or without .kext. */
  readonly name: string;
  readonly volume?: string;
  readonly image?: string;
  readonly partition?: number;
  /** Files that the disk may be made of. */
  readonly backingOk: readonly string[];
  /** Even where there is no need, and from any folder. */
  readonly force: boolean;
  readonly dryRun: boolean;
}

export function registerRemoveKext(guest: Command, start: Start): void {
  guest
    .command('remove-kext')
    .summary('remove a kernel extension')
    .description(
      'Removes a kext from /System/Library/Extensions, and the caches that hold a copy. Guests up to 10.7 on hosts with a Linux before 3.16 need AppleIntelCPUPowerManagement removed.',
    )
    .argument('<name>', 'the kext: AppleIntelCPUPowerManagement')
    .option('--image <file>', "the guest's disk (raw, or what qemu-nbd opens)")
    .option(
      '--partition <n>',
      'with --image: the number of the partition (default: the one with HFS+)',
      partitionNumber,
    )
    .option('--backing-ok <file>', 'with --image: a file it may be made of; again for more', collect)
    .option('--volume <dir>', "the guest's mounted volume")
    .option('--force', 'even where there is no need; from any folder')
    .option('--dry-run', 'print what would be removed and do nothing')
    .addHelpText('after', examples(['osx-iso guest remove-kext AppleIntelCPUPowerManagement --image lion.img']))
    .action((name: string, options: Partial<RemoveKextOptions>) =>
      start('removeKext', removeKext, { name, backingOk: [], force: false, dryRun: false, ...options }),
    );
}

/** `osx-iso guest remove-kext` */
export async function removeKext(osx: typeof Osx, options: RemoveKextOptions, context: Context): Promise<void> {
  const { name, volume, image, partition, backingOk, force, dryRun } = options;
  if ((volume === undefined) === (image === undefined)) throw new osx.UsageError('Give either --image or --volume.');
  if (partition !== undefined && image === undefined) throw new osx.UsageError('--partition needs --image.');
  const needless = force ? undefined : osx.needlessHere(name);
  if (needless !== undefined) {
    context.print(`${name}: ${needless}. Nothing was changed; --force removes it all the same.`, {
      type: 'remove-kext',
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
      type: 'remove-kext',
      volume,
      changes,
      written: !dryRun,
    });
    return;
  }
  const scope = new osx.Scope(journal);
  context.holds(() => scope.pending());
  const edit = await osx.editIso(
    { image: image!, dryRun, backingOk, ...(partition !== undefined && { partition }) },
    { signal: context.signal, scope, journal, remark: context.remark },
    (staged) => osx.stageKextRemoval(staged, { name, force }),
  );
  context.print(imageLines(osx, image!, edit).join('\n'), {
    type: 'remove-kext',
    image: image!,
    ...osx.plainEdit(edit),
  });
}
