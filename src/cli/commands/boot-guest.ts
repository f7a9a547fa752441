import type * as Osx from '../../index.js';
import type { Context } from '../context.js';
import { imageLines } from '../image-lines.js';
import type { BootOptions } from './boot-options.js';
import { printGuest, startGuest, wanted } from './boot-run.js';

/** `osx-iso boot GUEST`: as it is kept, with what was typed in its place; looks after it until the installer has finished. */
export async function bootGuest(
  osx: typeof Osx,
  found: Osx.GuestFolder,
  options: BootOptions,
  context: Context,
): Promise<void> {
  const { typed: names = [], dryRun, force, monitor, save = false, createDisk } = options;
  const journal = await osx.openJournal({ optional: true });
  const about = { signal: context.signal, journal, note: (text: string) => context.remark(text) };
  const typed = wanted(osx, Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name))));
  const start = await osx.startOf(found, { typed, save, force, dryRun }, about);
  const once = { dryRun, force, monitor, ...(createDisk !== undefined && { createDisk }) };
  const plan = await osx.planBoot({ ...start.options, ...once }, about);
  if (dryRun) return printGuest(osx, plan, options, context);
  try {
    await startGuest(osx, plan, options, context, start.folder);
  } finally {
    if (start.before) await finish(osx, start.folder, options, context);
  }
}

/** The guest is off: has the installer finished? */
async function finish(
  osx: typeof Osx,
  started: Osx.GuestFolder,
  options: BootOptions,
  context: Context,
): Promise<void> {
  const journal = await osx.openJournal({ optional: true });
  // Also after Ctrl-C: it takes a moment.
  const about = { signal: new AbortController().signal, journal, note: (text: string) => context.remark(text) };
  const { folder, state } = await osx.afterRun(started, about);
  const again = osx.commandLine('osx-iso', ['boot', started.name]);
  if (state.kind !== 'system') {
    const words = state.kind === 'empty' ? 'The disk is still empty.' : osx.wordsOn(state, folder);
    context.remark(`${words} To go on: ${again}`);
    return;
  }
  context.remark(`The installer has finished: "${state.volume}" holds a system. From now on: ${again}`);
  if (osx.wantsPlist(folder, state)) await plist(osx, { folder, volume: state.volume }, options, context);
}

/** Chameleon's plist on the guest's own disk, if that is wanted. */
async function plist(
  osx: typeof Osx,
  { folder, volume }: { readonly folder: Osx.GuestFolder; readonly volume: string },
  { yes = false }: BootOptions,
  context: Context,
): Promise<void> {
  context.remark(
    `Chameleon reads its settings from /Extra of the disk it starts, and there is none on "${volume}" yet.`,
  );
  const may =
    yes || (!context.signal.aborted && (await context.choose?.(['Put it there', 'Leave the disk as it is'])) === 0);
  if (!may) {
    context.remark(`To put it there: ${await osx.plistCommand(folder)}`);
    return;
  }
  const journal = await osx.openJournal({ optional: true });
  const edit = await osx.putPlist(folder, {
    signal: new AbortController().signal,
    journal,
    note: (text) => context.remark(text),
  });
  const [{ file } = { file: '' }] = folder.guest.disks;
  context.print(imageLines(osx, file, edit).join('\n'), { type: 'plist', image: file, ...osx.plainEdit(edit) });
}
