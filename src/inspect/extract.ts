import { mkdir, open, symlink, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SourceError, UsageError } from '../errors.js';
import { chunks } from '../formats/bytes.js';
import { type Entry, HFS_EPOCH, type Path, showName, showPath } from '../formats/entry.js';
import { LINK_TARGET, readWhole } from '../formats/whole.js';
import type { Opened } from './opened.js';

/**
 * Copies what is at `path` to the host path `output`, which must not exist: contents as a program on OS X would read them, modes
 * and dates. Names that would lead out of `output` are refused.
 */
export async function extract(
  opened: Opened,
  path: Path,
  output: string,
  signal: AbortSignal,
): Promise<{ path: string; files: number; bytes: number }> {
  const top = resolve(output);
  let files = 0;
  let bytes = 0;
  for await (const entry of opened.tree.walk(path)) {
    signal.throwIfAborted();
    // Nothing that comes late is extracted: attributes, Finder info, a folder's mode.
    if (entry.again) continue;
    const host = join(top, ...entry.path.slice(path.length).map((name) => hostName(name, entry.path)));
    if (entry.kind === 'folder') await mkdir(host).catch(already(host));
    else if (entry.kind === 'symlink') await extractLink(entry, host);
    else if (entry.kind === 'file') {
      bytes += await extractFile(opened, entry, host, signal);
      files++;
    }
  }
  return { path: top, files, bytes };
}

/** A stored name as one name on the host. */
function hostName(stored: string, path: Path): string {
  const name = stored.replaceAll('/', ':');
  if (name === '' || name === '.' || name === '..' || name.includes('\0') || stored.includes(':')) {
    throw new SourceError(`${showPath(path)}: "${showName(stored)}" cannot be a file's name on this computer.`);
  }
  return name;
}

function already(host: string) {
  return (error: NodeJS.ErrnoException): never => {
    if (error.code === 'EEXIST') throw new UsageError(`${host} exists already.`, 'Give another place with -o.');
    throw error;
  };
}

async function extractLink(entry: Entry, host: string): Promise<void> {
  const target = Buffer.from(await readWhole(entry.data!, LINK_TARGET)).toString('utf8');
  await symlink(target, host).catch(already(host));
}

async function extractFile(opened: Opened, entry: Entry, host: string, signal: AbortSignal): Promise<number> {
  const source = (await opened.content(entry)) ?? entry.data!;
  const handle = await open(host, 'wx', entry.bsd.mode & 0o777).catch(already(host));
  try {
    for await (const part of chunks(source)) {
      signal.throwIfAborted();
      await handle.writeFile(part);
      source.observe?.(part);
    }
  } finally {
    await handle.close();
  }
  const modified = entry.dates.modified - HFS_EPOCH;
  await utimes(host, modified, modified);
  return source.size;
}
