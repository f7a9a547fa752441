import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';
import { bootGuest } from './boot-guest.js';
import { BOOT_DEFAULTS, type BootOptions, bootOptions, openCoreOptions, typedNames } from './boot-options.js';
import { printGuest } from './boot-print.js';
import { asked, startGuest } from './boot-run.js';
import { detachBoot } from './detach-boot.js';

export function registerBoot(program: Command, start: Start): void {
  const command = program
    .command('boot')
    .summary('start a guest, an installer or an installed disk in QEMU')
    .description(
      'Starts a guest that has a folder (osx-iso guest create), an installer ISO, or the disk that was installed from it, in QEMU. With a guest every option counts for this start, instead of what the guest has.',
    )
    .argument('[guest|iso]', "a guest's folder, or an installer; without it the installed disk is started");
  openCoreOptions(bootOptions(command))
    .option('--iso <file>', 'with a guest: attach this installer, even where there is a system')
    .option('--save', 'with a guest: keep what was typed')
    .option('--yes', "with a guest: put Chameleon's plist onto its disk when the installer has finished")
    .option('--detach', 'with a guest: return as soon as it runs (guest status, guest stop)')
    .option('--force', 'start an ISO that fails its checks')
    .option('--dry-run', 'print the machine and start nothing')
    .addOption(
      new Option('--format <format>', 'with --dry-run: how it is printed')
        .choices(['shell', 'json', 'libvirt', 'proxmox', 'packer', 'vagrant'])
        .default('shell'),
    )
    .option('--smc-config <file>', "with other programs' formats: where QEMU finds the SMC's configuration")
    .addHelpText(
      'after',
      examples(
        [
          'osx-iso boot yosemite',
          'osx-iso boot yosemite --memory 8192 --save',
          'osx-iso boot yosemite --headless --detach',
          'osx-iso boot "Install OS X Yosemite.iso" --disk mac_hdd.qcow2 --create-disk 30G --chameleon ./boot --osk-file ~/.osk',
          'osx-iso boot "Install OS X Yosemite.iso" --disk mac_hdd.qcow2 --opencore OpenCore-1.0.5-RELEASE.zip --osk-file ~/.osk',
          'osx-iso boot --disk mac_hdd.qcow2 --chameleon ./boot --osk-file ~/.osk',
        ],
        "Ctrl-C and SIGTERM press the guest's power button; when the time of --grace is over, or at the second Ctrl-C, it is ended by force. Exit status: 0 where the guest turned itself off, asked or not; 130 where it was ended by force.",
      ),
    )
    .action((what: string | undefined, options: Partial<BootOptions>) => {
      const isTyped = (name: keyof BootOptions) => command.getOptionValueSource(name) === 'cli';
      // Whoever asks how it is printed wants nothing started.
      if (isTyped('format') && options.dryRun !== true) command.error("error: option '--format' needs --dry-run");
      if (isTyped('smcConfig') && options.format !== 'libvirt') {
        command.error("error: option '--smc-config' needs --format libvirt");
      }
      return start('boot', boot, {
        ...BOOT_DEFAULTS,
        ...options,
        typed: typedNames(command),
        ...(what !== undefined && { what }),
      });
    });
}

/** `osx-iso boot`: looks at everything, prints the machine or starts it, and says how it ended. */
export async function boot(osx: typeof Osx, options: BootOptions, context: Context): Promise<void> {
  const { what, iso = what, detach = false } = options;
  const stays = osx.takeDetached();
  const guest = what === undefined ? undefined : await osx.findGuest(what);
  if (guest && detach && !stays) return detachBoot(osx, guest, options, context);
  if (guest) return bootGuest(osx, guest, options, context);
  await expectNoGuest(osx, options);
  const plan = await osx.planBoot(asked(osx, { ...options, ...(iso !== undefined && { iso }) }), {
    signal: context.signal,
    note: (text) => context.remark(text),
  });
  if (options.dryRun) printGuest(osx, plan, options, context);
  else await startGuest(osx, plan, options, context);
}

/** UsageError, or SourceError, for what is only said of a guest, where there is none. */
async function expectNoGuest(osx: typeof Osx, { what, iso, save, yes, detach }: BootOptions): Promise<void> {
  const stray = detach === true ? '--detach' : save === true ? '--save' : yes === true ? '--yes' : undefined;
  if (what === undefined && iso === undefined && stray === undefined) return;
  if (what !== undefined && !(await stat(what).catch(() => undefined))) {
    throw new osx.SourceError(`${what}: no such file.`, { hint: await osx.guestHint(what) });
  }
  if (iso !== undefined && what !== undefined)
    throw new osx.UsageError(`${what} is no guest: give either it or --iso.`, await osx.guestHint(what));
  if (stray !== undefined)
    throw new osx.UsageError(`${stray} is for a guest that has a folder.`, await osx.guestHint(what ?? 'guest'));
}
