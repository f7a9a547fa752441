import { link, open, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Writer } from '../core/journal.js';
import { UsageError } from '../errors.js';
import { stillRuns } from '../host/process-start.js';

/** What stands in a lock file. */
interface Holder extends Writer {
  readonly host: string;
}

/** Milliseconds in which a lock file may still be empty, because who made it has not written it yet. */
const BEING_WRITTEN = 5000;

/** How often a dead build's lock is tried to be taken over, and milliseconds between two tries while another does. */
const TRIES = 20;
const TURN = 20;

/** The lock file of an output: hidden, beside it, so that builds by different users see each other. */
export function lockPath(output: string): string {
  return join(dirname(output), `.${basename(output)}.lock`);
}

/** The file that becomes the lock of a process by being linked to it. */
function claimPath(path: string, pid: number): string {
  return `${path}.${pid}`;
}

/** Held by who removes a dead build's lock. */
export function turnPath(path: string): string {
  return `${path}.turn`;
}

/**
 * Takes the lock of an output for this process. UsageError, with the other's process id, while another build of the same output
 * runs; the lock of one that is dead is taken over. Call `unlock` when done.
 */
export async function lock(path: string, writer: Writer, what: 'build' | 'download' = 'build'): Promise<void> {
  const holder: Holder = { ...writer, host: hostname() };
  const mine = claimPath(path, writer.pid);
  await writeFile(mine, JSON.stringify(holder), { mode: 0o644 });
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      if (await claim(mine, path)) return;
      const other = await readHolder(path);
      if (other === 'gone') continue;
      if (!(await isDead(other))) throw taken(path, other, holder.host, what);
      await removeDead(path, mine);
    }
    throw taken(path, 'unreadable', holder.host, what);
  } finally {
    await rm(mine, { force: true });
  }
}

/** Gives the lock back, if it is this process's. */
export async function unlock(path: string, writer: Writer): Promise<void> {
  const holder = await readHolder(path);
  if (typeof holder === 'object' && holder.pid === writer.pid && holder.started === writer.started) {
    await unlink(path).catch(() => undefined);
  }
}

/** What a process that died while it took the lock may have left beside it. */
export async function leftBeside(path: string, writer: Writer): Promise<string[]> {
  const turn = await readHolder(turnPath(path));
  const own = typeof turn === 'object' && turn.pid === writer.pid && turn.started === writer.started;
  const claimed = await stat(claimPath(path, writer.pid)).catch(() => undefined);
  return [...(own ? [turnPath(path)] : []), ...(claimed ? [claimPath(path, writer.pid)] : [])];
}

/** A hard link fails where the lock is there; where there are no hard links, opening a new file does. */
async function claim(mine: string, path: string): Promise<boolean> {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
  }
  try {
    const handle = await open(path, 'wx', 0o644);
    try {
      await handle.writeFile(await readFile(mine));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a dead build's lock away, one process at a time: what another has taken meanwhile must not be taken from it. */
async function removeDead(path: string, mine: string): Promise<void> {
  const turn = turnPath(path);
  if (!(await claim(mine, turn))) {
    // Of one that died in these few lines.
    if (await isDead(await readHolder(turn))) await rm(turn, { force: true });
    else await sleep(TURN);
    return;
  }
  try {
    if (await isDead(await readHolder(path))) await rm(path, { force: true });
  } finally {
    await rm(turn, { force: true });
  }
}

/** Whether a lock is of a process of this computer that runs no more. */
async function isDead(holder: Holder | 'gone' | 'unreadable'): Promise<boolean> {
  return typeof holder === 'object' && holder.host === hostname() && !(await stillRuns(holder));
}

async function readHolder(path: string): Promise<Holder | 'gone' | 'unreadable'> {
  try {
    const text = await readFile(path, 'utf8');
    const age = Date.now() - (await stat(path)).mtimeMs;
    if (text === '' && age > BEING_WRITTEN) return { pid: 0, started: '', host: hostname() };
    const { pid, started, host } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid === 'number' && typeof started === 'string' && typeof host === 'string')
      return { pid, started, host };
    return 'unreadable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'unreadable';
  }
}

function taken(path: string, other: Holder | 'unreadable' | 'gone', host: string, what: string): UsageError {
  const output = join(dirname(path), basename(path).replace(/^\.(.*)\.lock$/, '$1'));
  const hint = `Wait for it, or give another name with -o FILE. If there is no such ${what} any more: rm ${JSON.stringify(path)}`;
  if (typeof other !== 'object') return new UsageError(`${output}: another ${what} of it may be running.`, hint);
  const where = other.host === host ? '' : ` on ${other.host}`;
  return new UsageError(`${output}: another ${what} of it is running${where}, process ${other.pid}.`, hint);
}
