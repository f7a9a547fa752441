import { lstat, mkdir, open, readdir, readlink, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ownName } from '../core/own-folder.js';
import { Scope } from '../core/scope.js';
import { SourceError, StepError, UsageError } from '../errors.js';
import { chunks } from '../formats/bytes.js';
import { type Entry, HFS_EPOCH, type Path, showName, showPath } from '../formats/entry.js';
import { LINK_TARGET, readWhole } from '../formats/whole.js';
import { hostCode, hostError } from '../host/faults.js';
import { moveTo } from '../host/hand-over.js';
import { type HeldFolder, holdFolder, makePrivate } from '../host/held-folder.js';
import { quoteForSh } from '../host/quote.js';
import type { Opened } from './opened.js';

/**
 * Copies what is at `path` to the host path `output`, which must not exist: contents as a program on OS X would read them, modes
 * and dates. It is made in a private folder beside it and has its name when it is whole, or never. Nothing is put anywhere else: names
 * that would lead out of `output` are refused, as is whatever would lie below a link, and the folders are held while it goes on, so
 * that nobody can put a link in their place.
 */
export async function extract(
  opened: Opened,
  path: Path,
  output: string,
  { signal, scope = new Scope() }: { readonly signal: AbortSignal; readonly scope?: Scope | undefined },
): Promise<{ path: string; files: number; bytes: number }> {
  const top = resolve(output);
  const outside = await holdFolder(dirname(top)).catch((error: unknown) => {
    throw cannotBeMade(error, dirname(top));
  });
  try {
    await expectNothing(outside.at(basename(top)), top);
    const room = join(outside.path, `.${ownName()}`);
    const entry = await scope.announce({ kind: 'folder', path: room });
    const held = await makePrivate(outside, basename(room)).catch(refused(top));
    const owed = scope.defer(`remove the unfinished ${top}`, () => remove(outside, held), {
      command: `rm -r ${quoteForSh(room)}`,
      entry,
    });
    try {
      const target = new Target(held, basename(top));
      const copied = await copyTree(opened, path, { target, top, signal }).finally(() => target.close());
      signal.throwIfAborted();
      await giveName(held.at(basename(top)), outside.at(basename(top)), top, copied.kind);
      return { path: top, files: copied.files, bytes: copied.bytes };
    } finally {
      await owed.spend();
    }
  } finally {
    await outside.close();
  }
}

/** Where a tree goes. */
interface Destination {
  readonly target: Target;
  /** For people: the path that `target` will have. */
  readonly top: string;
  readonly signal: AbortSignal;
}

async function copyTree(
  opened: Opened,
  path: Path,
  { target, top, signal }: Destination,
): Promise<{ kind: Entry['kind']; files: number; bytes: number }> {
  let kind: Entry['kind'] | undefined;
  let files = 0;
  let bytes = 0;
  for await (const entry of opened.tree.walk(path)) {
    signal.throwIfAborted();
    // Nothing that comes late is extracted: attributes, Finder info, a folder's mode.
    if (entry.again) continue;
    const names = entry.path.slice(path.length).map((name) => hostName(name, entry.path));
    const place = { host: target.place(names, entry), shown: join(top, ...names) };
    if (entry.kind === 'folder') await target.makeFolder(names, place);
    else if (entry.kind === 'symlink') await extractLink(entry, place);
    else if (entry.kind === 'file') {
      bytes += await extractFile(opened, entry, place, signal);
      files++;
    } else continue;
    kind ??= entry.kind;
  }
  if (kind) return { kind, files, bytes };
  throw new SourceError(`${showPath(path)}: expected a file, a folder or a link to copy out, found none.`);
}

async function expectNothing(host: string, top: string): Promise<void> {
  const there = await lstat(host).catch((error: unknown) => {
    if (hostCode(error) !== 'ENOENT') throw cannotBeMade(error, top);
  });
  if (there) throw existsAlready(top);
}

/** Never in the place of anything else: an empty folder of our own is the only thing that is replaced. */
async function giveName(draft: string, host: string, top: string, kind: Entry['kind']): Promise<void> {
  if (kind === 'file') return moveTo(draft, host, { replace: false }).catch(refused(top));
  if (kind === 'symlink') return symlink(await readlink(draft), host).catch(refused(top));
  await mkdir(host).catch(refused(top));
  await rename(draft, host).catch(async (error: unknown) => {
    await rmdir(host).catch(() => undefined);
    throw cannotBeMade(error, top);
  });
}

/** What is unfinished, or was given its name and left a folder behind. Nobody else can write there. */
async function remove(outside: HeldFolder, room: HeldFolder): Promise<void> {
  try {
    for (const name of await readdir(room.at('.'))) await rm(room.at(name), { recursive: true, force: true });
  } finally {
    await room.close();
  }
  await rm(outside.at(basename(room.path)), { recursive: true, force: true });
}

/** A name on the host: for the system, and for people. */
interface HostPlace {
  readonly host: string;
  readonly shown: string;
}

/** Where things are put: a name in a folder that is held, and once that is a folder, it itself. */
class Target {
  readonly #outside: HeldFolder;
  readonly #name: string;
  #top: HeldFolder | undefined;
  /** What was made here, by its names: the only places in which something else is put. */
  readonly #folders = new Set<string>();

  constructor(outside: HeldFolder, name: string) {
    this.#outside = outside;
    this.#name = name;
  }

  /** What to hand to the system for an entry. SourceError where it would lie below something that is no folder. */
  place(names: readonly string[], entry: Entry): string {
    if (names.length === 0) return this.#outside.at(this.#name);
    if (!this.#top || !this.#folders.has(names.slice(0, -1).join('/'))) {
      throw new SourceError(`${showPath(entry.path)}: expected a folder for it, found none of that name.`);
    }
    return this.#top.at(names.join('/'));
  }

  async makeFolder(names: readonly string[], { host, shown }: HostPlace): Promise<void> {
    await mkdir(host).catch(refused(shown));
    this.#folders.add(names.join('/'));
    if (names.length === 0) this.#top = await holdFolder(host, { noLink: true });
  }

  async close(): Promise<void> {
    await this.#top?.close();
  }
}

/** A stored name as one name on the host. */
function hostName(stored: string, path: Path): string {
  const name = stored.replaceAll('/', ':');
  if (name === '' || name === '.' || name === '..' || name.includes('\0') || stored.includes(':')) {
    throw new SourceError(`${showPath(path)}: "${showName(stored)}" cannot be a file's name on this computer.`);
  }
  return name;
}

function refused(shown: string) {
  return (error: unknown): never => {
    throw cannotBeMade(error, shown);
  };
}

const HINT = 'Give another place with -o.';

function cannotBeMade(error: unknown, shown: string): unknown {
  if (hostCode(error) === 'EEXIST') return existsAlready(shown);
  return hostError(error, shown, StepError, { hint: HINT });
}

function existsAlready(shown: string): UsageError {
  return new UsageError(`${shown} exists already.`, HINT);
}

async function extractLink(entry: Entry, { host, shown }: HostPlace): Promise<void> {
  const target = Buffer.from(await readWhole(entry.data!, LINK_TARGET)).toString('utf8');
  await symlink(target, host).catch(refused(shown));
}

async function extractFile(
  opened: Opened,
  entry: Entry,
  { host, shown }: HostPlace,
  signal: AbortSignal,
): Promise<number> {
  const source = (await opened.content(entry)) ?? entry.data!;
  const handle = await open(host, 'wx', entry.bsd.mode & 0o777).catch(refused(shown));
  try {
    for await (const part of chunks(source)) {
      signal.throwIfAborted();
      await handle.writeFile(part).catch(refused(shown));
      source.observe?.(part);
    }
    const modified = entry.dates.modified - HFS_EPOCH;
    await handle.utimes(modified, modified);
  } finally {
    await handle.close();
  }
  return source.size;
}
