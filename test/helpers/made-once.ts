import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock, unlock } from '../../src/core/lock.js';
import { InUseError } from '../../src/errors.js';
import { processStart } from '../../src/host/process-start.js';

/** Milliseconds between two looks at what another process is making. */
const TURN = 50;

/** In an entry: the file that says what it was made from, and how its files were when it was whole. */
const SEAL = 'made.json';

interface Seal {
  readonly from: unknown;
  /** Of every file and folder, by path: kind, size and time of the last change. */
  readonly files: Readonly<Record<string, string>>;
}

/** What this process has asked for already. */
const asked = new Map<string, Promise<string>>();

/**
 * A folder in `store` that holds what `make` puts into it, made once for the same `from` and never changed: by one process at a
 * time, the others wait; under its name only when it is whole, so that a process that is killed leaves nothing that is taken for
 * it; read-only. One that somebody has changed is made anew.
 */
export function madeOnce(store: string, from: unknown, make: (folder: string) => Promise<void>): Promise<string> {
  const entry = join(store, digest(from));
  let made = asked.get(entry);
  if (!made) {
    made = makeOrWait(entry, from, make);
    asked.set(entry, made);
  }
  return made;
}

/** The same words for the same value, whatever the order of its keys. */
export function digest(value: unknown): string {
  const ordered = (_: string, part: unknown) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part;
  return createHash('sha256').update(JSON.stringify(value, ordered)).digest('hex').slice(0, 16);
}

async function makeOrWait(entry: string, from: unknown, make: (folder: string) => Promise<void>): Promise<string> {
  if (await isWhole(entry)) return use(entry);
  const lockFile = `${entry}.lock`;
  const writer = { pid: process.pid, started: (await processStart(process.pid)) ?? '' };
  await lockWhenFree(lockFile, writer);
  try {
    if (await isWhole(entry)) return await use(entry);
    const making = `${entry}.making`;
    await removeReadOnly(making);
    await removeReadOnly(entry);
    await mkdir(making);
    try {
      await make(making);
      await seal(making, from);
      await rename(making, entry);
    } catch (error) {
      await removeReadOnly(making);
      throw error;
    }
  } finally {
    await unlock(lockFile, writer);
  }
  return entry;
}

async function lockWhenFree(file: string, writer: { pid: number; started: string }): Promise<void> {
  for (;;) {
    try {
      return await lock(file, writer, `${file}.${randomUUID()}`);
    } catch (error) {
      if (!(error instanceof InUseError)) throw error;
      await sleep(TURN);
    }
  }
}

/** Leaves a sign that it is used, for `prune`. */
async function use(entry: string): Promise<string> {
  const now = new Date();
  await utimes(join(entry, SEAL), now, now);
  return entry;
}

async function seal(entry: string, from: unknown): Promise<void> {
  const paths = await readdir(entry, { recursive: true });
  for (const path of paths) {
    const { mode } = await lstat(join(entry, path));
    if ((mode & constants.S_IFMT) !== constants.S_IFLNK) await chmod(join(entry, path), mode & 0o555);
  }
  await writeFile(join(entry, SEAL), JSON.stringify({ from, files: await filesOf(entry) } satisfies Seal));
}

/** Whether an entry is there, and as it was when it was made. */
export async function isWhole(entry: string): Promise<boolean> {
  const text = await readFile(join(entry, SEAL), 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const { files } = JSON.parse(text) as Seal;
  return JSON.stringify(files) === JSON.stringify(await filesOf(entry));
}

async function filesOf(entry: string): Promise<Seal['files']> {
  const files: Record<string, string> = {};
  for (const path of (await readdir(entry, { recursive: true })).sort()) {
    if (path === SEAL) continue;
    const { mode, size, mtimeMs } = await lstat(join(entry, path));
    files[path] = `${mode.toString(8)} ${size} ${mtimeMs}`;
  }
  return files;
}

/** A copy that may be changed, of a file or a folder; where the file system can, it shares the blocks. */
export async function ownCopy(shared: string, copy: string): Promise<string> {
  await cp(shared, copy, { recursive: true, mode: constants.COPYFILE_FICLONE, preserveTimestamps: true });
  await makeWritable(copy);
  return copy;
}

/** Removes what is read-only, too. */
export async function removeReadOnly(path: string): Promise<void> {
  await makeWritable(path);
  await rm(path, { recursive: true, force: true });
}

async function makeWritable(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found || found.isSymbolicLink()) return;
  await chmod(path, found.mode | 0o200);
  if (!found.isDirectory()) return;
  for (const name of await readdir(path)) await makeWritable(join(path, name));
}

/** The entries of a store that somebody has changed since they were made: the next who asks gets them anew. */
export async function changedIn(store: string): Promise<string[]> {
  const changed: string[] = [];
  for (const name of await readdir(store)) {
    if (/\.(lock|making)\b/.test(name)) continue;
    if (!(await isWhole(join(store, name)))) changed.push(name);
  }
  return changed;
}
