import { basename } from 'node:path';
import type * as Osx from '../../index.js';
import type { Context } from '../context.js';
import { imageLines } from '../image-lines.js';
import type { BootOptions } from './boot-options.js';
import { printGuest } from './boot-print.js';
import { startGuest, wanted } from './boot-run.js';

/**
 * `osx-iso boot GUEST`: as it is kept, with what was typed in its place. While the installer is attached, each restart of the guest's
 * is an occasion to look whether it has finished: then it goes on without the installer.
 */
export async function bootGuest(
  osx: typeof Osx,
  found: Osx.GuestFolder,
  options: BootOptions,
  context: Context,
): Promise<void> {
  const { typed: names = [], dryRun, force, monitor, save = false, createDisk } = options;
  // Before anything is started: nobody inherits it.
  const environment = osx.takeFromEnvironment();
  const about = await aboutOf(osx, context, context.signal);
  const typed = wanted(osx, Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name))));
  const planOf = (start: Osx.GuestStart) => {
    const once = {
      name: basename(start.folder.path),
      dryRun,
      force,
      monitor,
      environment,
      ...(createDisk !== undefined && { createDisk }),
    };
    return osx.planBoot({ ...start.options, ...once }, about);
  };
  const start = await osx.startOf(found, { typed, save, force, dryRun }, about);
  if (start.found && !dryRun) await offerPlist(osx, start.folder, start.found, { options, context });
  const plan = await planOf(start);
  if (dryRun) return printGuest(osx, plan, options, context);
  let { folder } = start;
  if (start.before === undefined) {
    await startGuest(osx, plan, options, context, folder);
    return;
  }
  const onRestart = async () => {
    folder = await finish(osx, folder, options, context);
    if (context.signal.aborted) return undefined;
    context.remark(
      folder.guest.installed ? 'It starts again, from its disk.' : 'It starts again, with the installer attached.',
    );
    const { iso: _, ...besides } = typed;
    const again = folder.guest.installed ? besides : typed;
    return planOf(await osx.startOf(folder, { typed: again, restart: true }, { ...about, note: () => {} }));
  };
  try {
    await startGuest(osx, plan, options, context, { ...folder, onRestart });
  } finally {
    if (!folder.guest.installed) await finish(osx, folder, options, context);
  }
}

async function aboutOf(osx: typeof Osx, context: Context, signal: AbortSignal) {
  const journal = await osx.openJournal({ optional: true });
  return { signal, journal, note: (text: string) => context.remark(text) };
}

/** The guest is off: has the installer finished? The guest as it is kept from now on. */
async function finish(
  osx: typeof Osx,
  started: Osx.GuestFolder,
  options: BootOptions,
  context: Context,
): Promise<Osx.GuestFolder> {
  // Also after Ctrl-C: it takes a moment.
  const about = await aboutOf(osx, context, new AbortController().signal);
  const { folder, state } = await osx.afterRun(started, about);
  if (state.kind !== 'system') {
    const words = state.kind === 'empty' ? 'The disk is still empty.' : osx.wordsOn(state, folder);
    context.remark(`${words} osx-iso boot goes on where this has ended.`);
    return folder;
  }
  context.remark(
    `The installer has finished: "${state.volume}" holds a system. From now on the installer's ISO is left out.`,
  );
  await offerPlist(osx, folder, state, { options, context });
  return folder;
}

/** Chameleon's plist on the guest's own disk, where it is missing and wanted. */
async function offerPlist(
  osx: typeof Osx,
  folder: Osx.GuestFolder,
  state: Osx.DiskState,
  { options: { yes = false }, context }: { readonly options: BootOptions; readonly context: Context },
): Promise<void> {
  if (!osx.wantsPlist(folder, state)) return;
  context.remark('Chameleon reads its settings from /Extra of the disk that it starts, and there is none yet.');
  const may =
    yes || (!context.signal.aborted && (await context.choose?.(['Put it there', 'Leave the disk as it is'])) === 0);
  if (!may) {
    context.remark('To put it there, while the guest is off:');
    context.remark(`  ${await osx.plistCommand(folder)}`);
    return;
  }
  const edit = await osx.putPlist(folder, await aboutOf(osx, context, new AbortController().signal));
  const [{ file } = { file: '' }] = folder.guest.disks;
  context.print(imageLines(osx, file, edit).join('\n'), { type: 'plist', image: file, ...osx.plainEdit(edit) });
}
