import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';
import { imageLines } from '../../image-lines.js';
import { collect, partitionNumber } from '../../parse.js';
import { registerPlistCheck } from './check.js';
import { registerPlistKeys } from './keys.js';

/** `osx-iso plist`, as typed. Without volume, image and output the plist goes to stdout. */
export interface PlistOptions {
  /** The name of a plist that comes with osx-iso. */
  readonly template?: string;
  /** KEY=VALUE */
  readonly set: readonly string[];
  readonly unset: readonly string[];
  readonly allowUnknown: boolean;
  /** A mounted volume. */
  readonly volume?: string;
  /** A guest's disk. */
  readonly image?: string;
  /** Number in the disk's partition map. */
  readonly partition?: number;
  /** Files that the disk may be made of. */
  readonly backingOk: readonly string[];
  readonly output?: string;
  /** Keep the settings of the plist that is there. */
  readonly merge: boolean;
  readonly force: boolean;
  /** Print what would be written and do nothing. */
  readonly dryRun: boolean;
}

const SWITCHES = { backingOk: [], set: [], unset: [], allowUnknown: false, merge: false, force: false, dryRun: false };

const EXAMPLES = [
  'osx-iso plist',
  'osx-iso plist --set "Graphics Mode=1920x1080x32" --set Timeout=2 --volume /Volumes/Guest',
  'osx-iso plist --template guest --image mac_hdd.qcow2',
] as const;

export function registerPlist(program: Command, start: Start): void {
  const group = program
    .command('plist')
    .summary("make Chameleon's plist, and put it onto a guest's disk")
    .description(
      'Makes /Extra/org.chameleon.Boot.plist as every loader reads it: on stdout, in a file, on a mounted volume, or straight into the disk image of a guest that is shut down.',
    )
    .option('--template <name>', 'what to start from: installer, yosemite, guest, verbose (default: installer)')
    .option('--set <key=value>', 'a key of the plist: Timeout=2; again for more', collect)
    .option('--unset <key>', 'a key to leave out: Timeout; again for more', collect)
    .option('--allow-unknown', 'write keys that are not known')
    .option('--volume <dir>', 'write to /Extra of this mounted volume')
    .option('--image <file>', "write to /Extra of this disk's HFS+ volume (raw, or what qemu-nbd opens)")
    .option(
      '--partition <n>',
      'with --image: the number of the partition (default: the one with HFS+)',
      partitionNumber,
    )
    .option('--backing-ok <file>', 'with --image: a file it may be made of; again for more', collect)
    .option('-o, --output <file>', 'write to this file (default: stdout)')
    .option('--merge', 'keep the settings of the plist that is there')
    .option('--force', 'replace the output file; take any folder for --volume')
    .option('--dry-run', 'print what would be written and do nothing')
    .addHelpText('after', examples(EXAMPLES))
    .allowExcessArguments()
    .action((options: PlistOptions, command: Command) => {
      const [word] = command.args;
      if (word !== undefined) {
        const meant = command.commands.map((known) => known.name()).find((name) => name[0] === word[0]);
        command.error(`error: unknown command '${word}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`);
      }
      return start('plist', plist, { ...SWITCHES, ...options });
    });
  registerPlistCheck(group, start);
  registerPlistKeys(group, start);
}

/** `osx-iso plist`: composes the plist and puts it where it is wanted. */
export async function plist(osx: typeof Osx, options: PlistOptions, context: Context): Promise<void> {
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
    const edit = await osx.editIso(
      { image, dryRun, backingOk, ...(partition !== undefined && { partition }) },
      { signal: context.signal, scope, journal, remark: context.remark },
      (staged) => osx.stagePlist(staged, request),
    );
    context.print(imageLines(osx, image, edit).join('\n'), { type: 'plist', image, ...osx.plainEdit(edit) });
    return;
  }
  if (volume !== undefined) {
    const changes = await osx.installMounted({ volume, force, dryRun, journal }, request);
    context.print(osx.mountedLines(volume, changes, dryRun).join('\n'), {
      type: 'plist',
      volume,
      changes,
      written: !dryRun,
    });
    return;
  }
  if (output !== undefined) {
    const text = await osx.writePlistFile(output, request, { force, dryRun, journal });
    context.print(dryRun ? text.trimEnd() : output, { type: 'plist', output, text, written: !dryRun });
    return;
  }
  const text = osx.composePlist(request);
  context.print(text.trimEnd(), { type: 'plist', text });
}
