import type { Command } from 'commander';
import type { Start } from '../session.js';
import { collect, partitionNumber } from './plist.js';

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

export function registerGuest(program: Command, start: Start): void {
  const guest = program
    .command('guest')
    .summary("change a guest's system")
    .description("Changes what is installed on a guest's disk. The guest must be shut down.");
  guest
    .command('remove-kext')
    .summary('remove a kernel extension')
    .description(
      'Removes a kext from /System/Library/Extensions, and the caches that hold a copy. Guests up to 10.7 on hosts with a Linux before 3.16 need AppleIntelCPUPowerManagement removed.',
    )
    .argument('<name>', 'the kext: AppleIntelCPUPowerManagement')
    .option('--image <file>', "the guest's disk (raw, or what qemu-nbd opens)")
    .option('--partition <n>', 'with --image: the partition, where there are several', partitionNumber)
    .option('--backing-ok <file>', 'with --image: a file it may be made of; again for more', collect)
    .option('--volume <dir>', "the guest's mounted volume")
    .option('--force', 'even where there is no need; from any folder')
    .option('--dry-run', 'print what would be removed and do nothing')
    .addHelpText('after', '\nExample:\n  osx-iso guest remove-kext AppleIntelCPUPowerManagement --image lion.img')
    .action((name: string, options: Partial<RemoveKextOptions>) =>
      start((api, context) =>
        api.removeKext({ name, backingOk: [], force: false, dryRun: false, ...options }, context),
      ),
    );
}
