import { mkdir, open, symlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { SourceError, StepError, UsageError } from '../errors.js';
import { chunks } from '../formats/bytes.js';
import { type Entry, HFS_EPOCH, type Path, showName, showPath } from '../formats/entry.js';
import { LINK_TARGET, readWhole } from '../formats/whole.js';
import { hostCode, hostError } from '../host/faults.js';
import { type HeldFolder, holdFolder } from '../host/held-folder.js';
import { plainPath } from '../host/plain-path.js';
import type { Opened } from './opened.js';

/**
 * Copies what is at `path` to the host path `output`, which must not exist: contents as a program on OS X would read them, modes
 * and dates. Nothing is put anywhere else: names that would lead out of `output` are refused, as is whatever would lie below a link,
 * and the folders are held while it goes on, so that nobody can put a link in their place.
 */
export async function extract(
  opened: Opened,
  path: Path,
  output: string,
  signal: AbortSignal,
): Promise<{ path: string; files: number; bytes: number }> {
  const top = resolve(output);
  const outside = await holdFolder(dirname(top)).catch((error: unknown) => {
    throw cannotBeMade(error, dirname(top));
  });
  const target = new Target(outside, basename(top));
  let files = 0;
  let bytes = 0;
  try {
    for await (const entry of opened.tree.walk(path)) {
      signal.throwIfAborted();
      // Nothing that comes late is extracted: attributes, Finder info, a folder's mode.
      if (entry.again) continue;
      const names = entry.path.slice(path.length).map((name) => hostName(name, entry.path));
      const host = target.place(names, entry);
      if (entry.kind === 'folder') await target.makeFolder(names, host);
      else if (entry.kind === 'symlink') await extractLink(entry, host);
      else if (entry.kind === 'file') {
        bytes += await extractFile(opened, entry, host, signal);
        files++;
      }
    }
  } finally {
    await target.close();
  }
  return { path: top, files, bytes };
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

  async makeFolder(names: readonly string[], host: string): Promise<void> {
    await mkdir(host).catch(refused(host));
    this.#folders.add(names.join('/'));
    if (names.length === 0) this.#top = await holdFolder(host, { noLink: true });
  }

  async close(): Promise<void> {
    await this.#top?.close();
    await this.#outside.close();
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

function refused(host: string) {
  return (error: unknown): never => {
    throw cannotBeMade(error, host);
  };
}

function cannotBeMade(error: unknown, host: string): unknown {
  const hint = 'Give another place with -o.';
  if (hostCode(error) === 'EEXIST') return new UsageError(`${plainPath(host)} exists already.`, hint);
  return hostError(error, host, StepError, { hint });
}

async function extractLink(entry: Entry, host: string): Promise<void> {
  const target = Buffer.from(await readWhole(entry.data!, LINK_TARGET)).toString('utf8');
  await symlink(target, host).catch(refused(host));
}

async function extractFile(opened: Opened, entry: Entry, host: string, signal: AbortSignal): Promise<number> {
  const source = (await opened.content(entry)) ?? entry.data!;
  const handle = await open(host, 'wx', entry.bsd.mode & 0o777).catch(refused(host));
  try {
    for await (const part of chunks(source)) {
      signal.throwIfAborted();
      await handle.writeFile(part).catch(refused(host));
      source.observe?.(part);
    }
    const modified = entry.dates.modified - HFS_EPOCH;
    await handle.utimes(modified, modified);
  } finally {
    await handle.close();
  }
  return source.size;
}
