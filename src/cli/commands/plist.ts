import { type Command, InvalidArgumentError } from 'commander';
import type { Start } from '../session.js';
import { registerPlistCheck } from './plist-check.js';
import { registerPlistKeys } from './plist-keys.js';

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

const EXAMPLES = `
Examples:
  osx-iso plist
  osx-iso plist --set "Graphics Mode=1920x1080x32" --set Timeout=2 --volume /Volumes/Guest
  osx-iso plist --template guest --image mac_hdd.qcow2`;

export function registerPlist(program: Command, start: Start): void {
  const plist = program
    .command('plist')
    .summary("make Chameleon's plist, and put it onto a guest's disk")
    .description(
      'Makes /Extra/org.chameleon.Boot.plist as every loader reads it: on stdout, in a file, on a mounted volume, or straight into the disk image of a guest that is shut down.',
    )
    .option('--template <name>', 'what to start from: installer, yosemite, guest, verbose (default: installer)')
    .option('--set <key=value>', 'a key of the plist; again for more', collect)
    .option('--unset <key>', 'leave a key out; again for more', collect)
    .option('--allow-unknown', 'write keys that are not known')
    .option('--volume <dir>', 'write to /Extra of this mounted volume')
    .option('--image <file>', "write to /Extra of this disk's HFS+ volume (raw, or what qemu-nbd opens)")
    .option('--partition <n>', 'with --image: the partition, where there are several', partitionNumber)
    .option('--backing-ok <file>', 'with --image: a file it may be made of; again for more', collect)
    .option('-o, --output <file>', 'write to this file')
    .option('--merge', 'keep the settings of the plist that is there')
    .option('--force', 'replace the output file; take any folder for --volume')
    .option('--dry-run', 'print what would be written and do nothing')
    .addHelpText('after', EXAMPLES)
    .action((options: PlistOptions) => start((api, context) => api.plist({ ...SWITCHES, ...options }, context)));
  registerPlistCheck(plist, start);
  registerPlistKeys(plist, start);
}

/** For options that are given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function partitionNumber(text: string): number {
  const number = Number(text);
  if (!/^\d{1,3}$/.test(text) || number < 1) throw new InvalidArgumentError('It is a number from 1 on.');
  return number;
}
