import { stat } from 'node:fs/promises';
import type { Journal } from '../core/journal.js';
import { Scope } from '../core/scope.js';
import { HostError, InUseError, SourceError, StepError } from '../errors.js';
import { editImage, type ImageEdit, plistRequest, readImage, stagePlist } from '../guest-disk/index.js';
import { commandLine, quoteFile } from '../host/quote.js';
import { releaseTitle } from '../releases.js';
import { bootOptionsOf, type GuestBootOptions } from './boot-options.js';
import { type DiskState, diskState } from './disk-state.js';
import { expectFiles } from './files.js';
import { runningPid } from './find.js';
import type { Guest } from './guest.js';
import { pathOf } from './paths.js';
import { type GuestFolder, readGuest } from './read.js';
import { expectKept } from './set.js';
import { type TypedOptions, withTyped } from './typed.js';
import { writeGuest } from './write.js';

export interface StartContext {
  readonly signal: AbortSignal;
  readonly journal: Journal;
  /** Something the user should see. */
  note(text: string): void;
}

export interface StartOptions {
  readonly typed: TypedOptions;
  /** Keeps what was typed. */
  readonly save?: boolean;
  /** Keeps even what an installed system does not stand. */
  readonly force?: boolean;
  /** Nothing is kept. */
  readonly dryRun?: boolean;
  /** It is this process that runs the guest, between two starts. */
  readonly restart?: boolean;
}

/** A guest that is about to be started. */
export interface GuestStart {
  /** As it is kept. */
  readonly folder: GuestFolder;
  readonly options: GuestBootOptions;
  /** What its disk holds, where that had to be looked at: then the installer is attached, and may have finished afterwards. */
  readonly before?: DiskState;
  /** The system that was found on it just now: the installer is left out from this start on. */
  readonly found?: DiskState;
}

/**
 * What a guest is started with: as it is kept, with what was typed in its place (and kept, with `save`). Where the installer is to be
 * attached, the disk is looked at first: it stays out when that holds a system. UsageError, with the process id, while the guest runs.
 */
export async function startOf(
  given: GuestFolder,
  { typed, save = false, force = false, dryRun = false, restart = false }: StartOptions,
  context: StartContext,
): Promise<GuestStart> {
  if (!restart) await expectAtRest(given);
  let folder = given;
  let guest = await withTyped(folder, typed);
  if (save && !dryRun) {
    if (!force) expectKept(folder.guest, guest);
    folder = await writeGuest(folder, guest, context.journal);
    context.note(`Kept in ${folder.name}.`);
  }
  await expectFiles({ ...folder, guest }, { disks: typed.createDisk === undefined });
  const at = (guest: Guest) => bootOptionsOf({ path: folder.path, guest });
  // Whoever names the installer wants it, and an installed guest has nothing to look for.
  if (folder.guest.installed || guest.iso === undefined) return { folder, options: await at(guest) };
  const before = await stateOf({ ...folder, guest }, context);
  // A disk that is only lent for this start says nothing of the guest's own.
  const own = guest.disks[0]?.file === folder.guest.disks[0]?.file;
  if (before.kind !== 'system') {
    context.note(wordsOn(before, folder));
    return { folder, options: await at(guest), ...(own && { before }) };
  }
  const found = { installed: true, system: before.system };
  const kept: Guest = { ...folder.guest, ...found };
  if (own) folder = dryRun ? { ...folder, guest: kept } : await writeGuest(folder, kept, context.journal);
  if (typed.iso === undefined) guest = { ...guest, ...found };
  context.note(
    `"${before.volume}" holds ${releaseTitle(before.system.version, before.system.build)}. ${whatOfIso(guest)}`,
  );
  return { folder, options: await at(guest), ...(own && { found: before }) };
}

function whatOfIso({ installed, loader }: Guest): string {
  if (!installed) return "The installer's ISO is attached, as it was typed.";
  if (loader?.kind === 'iso') return "The installer's ISO stays attached: the guest's loader is on it.";
  return "The installer's ISO is left out.";
}

/** Looks at a guest's disk when the guest is off, and keeps what the installer has made of it. */
export async function afterRun(
  folder: GuestFolder,
  context: StartContext,
): Promise<{ readonly folder: GuestFolder; readonly state: DiskState }> {
  const state = await stateOf(folder, context);
  if (state.kind !== 'system') return { folder, state };
  // What was set while it ran stays.
  const now = { ...(await readGuest(folder.path)), name: folder.name };
  if (now.guest.disks[0]?.file !== folder.guest.disks[0]?.file) return { folder: now, state };
  const guest: Guest = { ...now.guest, installed: true, system: state.system };
  return { folder: await writeGuest(now, guest, context.journal), state };
}

/** InUseError while the guest runs. */
export async function expectAtRest({ name, path }: GuestFolder): Promise<void> {
  const pid = await runningPid(path);
  if (pid === undefined) return;
  throw new InUseError(`${name}: this guest runs already, process ${pid}.`, {
    hint: `osx-iso guest stop ${quoteFile(name)} ends it; a disk that two guests write to is lost.`,
  });
}

/** What is on the first disk. A disk that cannot be looked at is no reason not to start. */
async function stateOf({ path, guest }: GuestFolder, { signal, journal, note }: StartContext): Promise<DiskState> {
  const [disk] = guest.disks;
  const image = disk && (await pathOf(path, disk.file));
  if (image === undefined || !(await stat(image).catch(() => undefined))) return { kind: 'empty' };
  const backingOk = await Promise.all((guest.backing ?? []).map((file) => pathOf(path, file)));
  try {
    return await readImage({ image, backingOk }, { signal, scope: new Scope(journal), remark: note }, diskState);
  } catch (error) {
    if (error instanceof SourceError || error instanceof StepError || error instanceof HostError)
      return { kind: 'unreadable', why: error.message };
    throw error;
  }
}

/** Why the installer stays attached, and what to do in it. */
export function wordsOn(state: Exclude<DiskState, { kind: 'system' }>, { name }: GuestFolder): string {
  const stays = "The installer's ISO stays attached";
  const out = `When there is a system on it: ${commandLine('osx-iso', ['guest', 'set', name, 'installed=true'])}`;
  switch (state.kind) {
    case 'empty':
      return [
        'The disk is empty. What to do in the guest:',
        '  1. Utilities > Disk Utility: choose the disk (QEMU HARDDISK) and erase it as "Mac OS Extended (Journaled)",',
        '     with the scheme GUID where it asks for one. Quit Disk Utility.',
        '  2. Go on with the installation, onto that disk.',
        '  3. At its end the guest restarts; from then on it starts without the installer.',
      ].join('\n');
    case 'no-system':
      return `The disk has the volume "${state.volume}", and ${state.why}: the installation has not ended. ${stays}.`;
    case 'unclean':
      return `"${state.volume}" was not unmounted cleanly, so what is on it is not gone by. ${stays}; once the guest has shut down by itself, it is looked at again.`;
    case 'several':
      return `The disk has more than one volume: ${state.volumes.map((volume) => `"${volume}"`).join(', ')}. ${stays}. ${out}`;
    case 'no-volume':
      return `The disk has no HFS+ volume${state.why === '' ? '' : ` (${state.why})`}. ${stays}. ${out}`;
    case 'unreadable':
      return `The disk could not be looked at: ${state.why} ${stays}. ${out}`;
    default:
      return state satisfies never;
  }
}

/** Releases whose plist names the kernel: Chameleons of a year look for another one (code). */
const NAMES_KERNEL = ['10.10', '10.11'];

/** Whether Chameleon's plist is missing on the disk of a guest that Chameleon starts: it would wait at its prompt for ever. */
export function wantsPlist({ guest }: GuestFolder, state: DiskState): boolean {
  return state.kind === 'system' && !state.hasPlist && guest.loader?.kind === 'chameleon';
}

/** What puts the plist there, for whoever wants to type it. */
export async function plistCommand(folder: GuestFolder): Promise<string> {
  const { image, template } = await plistWords(folder);
  return commandLine('osx-iso', ['plist', '--template', template, '--image', image]);
}

/** Puts Chameleon's plist into /Extra of the guest's disk. Errors as `editImage` has them. */
export async function putPlist(folder: GuestFolder, { signal, journal, note }: StartContext): Promise<ImageEdit> {
  const { image, template, backingOk } = await plistWords(folder);
  const request = await plistRequest({ template });
  return editImage({ image, backingOk }, { signal, scope: new Scope(journal), remark: note }, (volume) =>
    stagePlist(volume, request),
  );
}

async function plistWords({ path, guest }: GuestFolder) {
  const image = await pathOf(path, guest.disks[0]?.file ?? '');
  const backingOk = await Promise.all((guest.backing ?? []).map((file) => pathOf(path, file)));
  return { image, backingOk, template: NAMES_KERNEL.includes(guest.release) ? 'yosemite' : 'guest' };
}
