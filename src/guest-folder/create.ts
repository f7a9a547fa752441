import { lstat, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { examineMedium } from '../boot/medium.js';
import { ownName } from '../core/own-folder.js';
import { syncFolder } from '../core/replace-file.js';
import type { Scope } from '../core/scope.js';
import { HostError, SourceError, UsageError } from '../errors.js';
import { hostError } from '../host/faults.js';
import { quoteForSh } from '../host/quote.js';
import { createDisk, examineDisk, parseSize } from '../launch/disks.js';
import { checkLoader } from '../launch/multiboot.js';
import { Missing } from '../launch/needs/missing.js';
import { findOsk, takeFromEnvironment } from '../launch/osk.js';
import { choosePorts } from '../launch/ports.js';
import { DEFAULT_RELEASE, profileOf, profiles } from '../launch/profiles.js';
import { startsByUefi } from './boot-options.js';
import { listGuests } from './find.js';
import { GUEST_FILE, type Guest } from './guest.js';
import { newMac, newUuid } from './identity.js';
import { lookAhead } from './look-ahead.js';
import { type GuestFolder, guestText, parseGuest } from './read.js';
import { type TypedOptions, withTyped } from './typed.js';

/** The disk that is made with a guest, and what its firmware's variables are kept in. */
export const OWN_DISK = 'disk.qcow2';
export const OWN_VARIABLES = 'variables.fd';
export const DEFAULT_DISK_SIZE = '60G';

export interface CreateOptions {
  /** The folder that is made. */
  readonly name: string;
  /** "60G": the disk that is made, unless a disk is given. */
  readonly diskSize?: string;
  /** Take an ISO that fails its checks. */
  readonly force?: boolean;
  /** What boot would be given. */
  readonly typed: TypedOptions;
}

export interface CreateContext {
  readonly signal: AbortSignal;
  readonly scope: Scope;
  note(text: string): void;
}

/**
 * Makes a guest: a folder with its description and an empty disk, whole or not at all. Its addresses are made here, once. UsageError
 * where there is something of that name; what is wrong with what is given, and what is missing, all at once, as `boot` says it.
 */
export async function createGuest(options: CreateOptions, context: CreateContext): Promise<GuestFolder> {
  const { name, typed, diskSize = DEFAULT_DISK_SIZE, force = false } = options;
  const { signal, scope, note } = context;
  const path = resolve(name);
  await expectFree(name, path);
  const size = parseSize(diskSize, '--disk-size');
  // Before anything is started: nobody inherits it.
  const environment = takeFromEnvironment();
  const { iso, chameleon, oskFile, disks = [] } = typed;
  const missing = new Missing();
  const notes: string[] = [];
  const medium = iso === undefined ? undefined : await missing.of(() => examineMedium(iso, { force, signal, note }));
  for (const fault of medium?.faults ?? []) notes.push(`Taken all the same: ${fault}`);
  const profile = profileFor(typed.release, medium?.version, (text) => notes.push(text));
  if (chameleon !== undefined) await missing.of(() => checkLoader(chameleon));
  // The key is looked at and not kept.
  if (oskFile !== undefined) await missing.of(() => findOsk({ file: oskFile }));
  for (const file of ['opencore', 'efi', 'loader', 'config', 'folder'] as const)
    await missing.of(() => expectThere(file, typed[file]));
  for (const disk of disks) await missing.of(() => examineDisk(disk, { backingOk: typed.backingOk ?? [], signal }));
  const uefi = medium?.uefi ?? false;
  await lookAhead(typed, { profile, uefi, hasKey: environment !== undefined, missing, signal });
  missing.end();
  for (const text of notes) note(text);

  const blank: Guest = {
    schema: 1,
    release: profile.release,
    installed: false,
    disks: [{ file: OWN_DISK, made: true }],
    chipset: 'q35',
    network: profile.network,
    mac: newMac(),
    uuid: newUuid(),
  };
  const { release: _, ...rest } = typed;
  const wanted = await withTyped({ path, guest: blank }, rest);
  const loader = wanted.loader ?? (medium?.uefi === true ? ({ kind: 'iso' } as const) : undefined);
  const guest = inOrder({
    ...wanted,
    ...(loader && { loader }),
    // A guest without an installer has its system on the disk that is given.
    installed: iso === undefined && disks.length > 0,
    ...(wanted.network !== 'none' && !wanted.ssh && { ssh: { port: await freePort(path, wanted) } }),
    ...(startsByUefi({ ...(loader && { loader }) }) && wanted.nvram === undefined && { nvram: OWN_VARIABLES }),
  });
  parseGuest(guestText(guest), join(name, GUEST_FILE));
  await makeFolder(path, guest, { size: disks.length === 0 ? size : undefined, signal, scope });
  return { name, path, guest };
}

/** A port that is free now, and that no guest beside this one has. */
async function freePort(path: string, { forwards = [] }: Guest): Promise<number> {
  const beside = await listGuests(dirname(path)).catch(() => []);
  const theirs = beside.flatMap(({ folder }) => [
    ...(folder?.guest.ssh ? [folder.guest.ssh.port] : []),
    ...(folder?.guest.forwards ?? []).map(({ host }) => host),
  ]);
  const taken = [...new Set([...forwards.map(({ host }) => host), ...theirs])];
  const { ssh } = await choosePorts({ forwards: taken.map((host) => ({ host, guest: host })) }, { look: false });
  return ssh!;
}

/** Under a name of our own beside it, which is written down first, and then under its own. */
async function makeFolder(
  path: string,
  guest: Guest,
  { size, signal, scope }: { readonly size: number | undefined; readonly signal: AbortSignal; readonly scope: Scope },
): Promise<void> {
  const draft = join(dirname(path), `.${ownName()}`);
  const entry = await scope.announce({ kind: 'folder', path: draft });
  const remove = () => rm(draft, { recursive: true, force: true });
  const owed = scope.defer(`remove the unfinished ${path}`, remove, { command: `rm -r ${quoteForSh(draft)}`, entry });
  try {
    await mkdir(draft, { mode: 0o700 });
    if (size !== undefined) await createDisk(join(draft, OWN_DISK), size, { signal, scope });
    await writeFile(join(draft, GUEST_FILE), guestText(guest), { flag: 'wx', flush: true });
    signal.throwIfAborted();
    await expectFree(path, path);
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw hostError(error, path, HostError);
  } finally {
    await owed.spend();
  }
}

async function expectFree(name: string, path: string): Promise<void> {
  const parent = await stat(dirname(path)).catch(() => undefined);
  if (!parent?.isDirectory()) throw new UsageError(`${dirname(path)}: expected a folder for the guest, found none.`);
  const there = await lstat(path).catch(() => undefined);
  if (!there) return;
  const isGuest = await stat(join(path, GUEST_FILE)).catch(() => undefined);
  throw new UsageError(
    `${name} exists already; it stays as it is.`,
    isGuest ? `It is a guest: osx-iso boot ${quoteForSh(name)} starts it.` : 'Give another name.',
  );
}

async function expectThere(option: string, path: string | undefined): Promise<void> {
  if (path === undefined || (await stat(path).catch(() => undefined))) return;
  throw new SourceError(`--${option} ${path}: no such file or folder.`);
}

function profileFor(given: string | undefined, version: string | undefined, note: (text: string) => void) {
  if (given !== undefined) {
    const profile = profileOf(given);
    if (profile) return profile;
    throw new UsageError(`--release ${given}: expected one of ${profiles.map(({ release }) => release).join(', ')}.`);
  }
  const profile = version === undefined ? undefined : profileOf(version);
  if (profile) return profile;
  const fallback = profileOf(DEFAULT_RELEASE)!;
  note(`Which release this is, is not known: made like ${fallback.name}. --release VERSION tells.`);
  return fallback;
}

/** What a person looks for first stands first. */
function inOrder(guest: Guest): Guest {
  const { schema, release, installed, iso, disks, loader, keyFile, nvram, memory, processors, ...rest } = guest;
  return {
    schema,
    release,
    installed,
    ...(iso !== undefined && { iso }),
    disks,
    ...(loader && { loader }),
    ...(keyFile !== undefined && { keyFile }),
    ...(nvram !== undefined && { nvram }),
    ...(memory !== undefined && { memory }),
    ...(processors !== undefined && { processors }),
    ...rest,
  };
}
