import { link, rm, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InUseError, StepError } from '../errors.js';
import { readWhole } from '../formats/whole.js';
import { hostCode, hostError } from '../host/faults.js';
import { NO_LINKS } from '../host/hand-over.js';
import { openHostFile } from '../host/host-file.js';
import { LOCK } from '../host/own-files.js';
import { plainPath } from '../host/plain-path.js';
import { stillRuns } from '../host/process-start.js';
import { quoteFile, quoteForSh } from '../host/quote.js';
import type { Writer } from './journal.js';

/** What stands in a lock file. */
interface Holder extends Writer {
  readonly host: string;
}

/** What is done under a lock. */
type Held = 'build' | 'download' | 'guest';

/** Milliseconds in which a lock file may still be empty, because who made it has not written it yet. */
const BEING_WRITTEN = 5000;

/** How often a dead build's lock is tried to be taken over, and milliseconds between two tries while another does. */
const TRIES = 20;
const TURN = 20;

/** The lock file of an output: hidden, beside it, so that builds by different users see each other. */
export function lockPath(output: string): string {
  return join(dirname(output), `.${basename(output)}.lock`);
}

/** Held by who removes a dead build's lock. */
export function turnPath(path: string): string {
  return `${path}.turn`;
}

/**
 * Takes the lock of an output for this process. `claim` is a name nobody else can write to, on the same file system: what becomes
 * the lock by being linked to it. InUseError, with the other's process id, while another build of the same output runs; the lock of
 * one that is dead is taken over. Call `unlock` when done.
 */
export async function lock(path: string, writer: Writer, claim: string, what: Held = 'build'): Promise<void> {
  const holder: Holder = { ...writer, host: hostname() };
  const mine: Claim = { path: claim, text: JSON.stringify(holder) };
  try {
    await writeFile(claim, mine.text, { mode: 0o644, flag: 'wx' }).catch((error: unknown) => {
      throw hostError(error, path, StepError);
    });
    for (let tries = 0; tries < TRIES; tries++) {
      if (await take(mine, path)) return;
      const other = await readHolder(path);
      if (other === 'gone') continue;
      if (!(await isDead(other))) throw taken(path, other, holder.host, what);
      await removeDead(path, mine);
    }
    throw taken(path, 'unreadable', holder.host, what);
  } finally {
    await rm(claim, { force: true });
  }
}

/** Gives the lock back, if it is this process's. */
export async function unlock(path: string, writer: Writer): Promise<void> {
  if (await holds(path, writer)) await unlink(path).catch(() => undefined);
}

/** Whether a lock is this process's. */
export async function holds(path: string, writer: Writer): Promise<boolean> {
  const holder = await readHolder(path);
  return typeof holder === 'object' && holder.pid === writer.pid && holder.started === writer.started;
}

/** What a process that died while it took the lock may have left beside it. */
export async function leftBeside(path: string, writer: Writer): Promise<string[]> {
  return (await holds(turnPath(path), writer)) ? [turnPath(path)] : [];
}

/** What becomes a lock. */
interface Claim {
  readonly path: string;
  readonly text: string;
}

/** A hard link fails where the lock is there; where there are no hard links, opening a new file does. */
async function take(mine: Claim, path: string): Promise<boolean> {
  try {
    await link(mine.path, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.includes(code ?? '')) throw error;
  }
  try {
    await writeFile(path, mine.text, { mode: 0o644, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a dead build's lock away, one process at a time: what another has taken meanwhile must not be taken from it. */
async function removeDead(path: string, mine: Claim): Promise<void> {
  const turn = turnPath(path);
  if (!(await take(mine, turn))) {
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
    const file = await openHostFile(path, { noLink: true });
    let text: string;
    try {
      text = Buffer.from(await readWhole(file, LOCK)).toString('utf8');
    } finally {
      await file.close();
    }
    const age = Date.now() - file.modified;
    if (text === '' && age > BEING_WRITTEN) return { pid: 0, started: '', host: hostname() };
    const { pid, started, host } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid === 'number' && typeof started === 'string' && typeof host === 'string')
      return { pid, started, host };
    return 'unreadable';
  } catch (error) {
    return hostCode(error) === 'ENOENT' ? 'gone' : 'unreadable';
  }
}

function taken(lock: string, other: Holder | 'unreadable' | 'gone', host: string, what: Held): InUseError {
  const path = plainPath(lock);
  if (what === 'guest') return guestTaken(path, other, host);
  const output = join(dirname(path), basename(path).replace(/^\.(.*)\.lock$/, '$1'));
  const hint = `Wait for it, or give another name with -o FILE. If there is no such ${what} any more: rm ${quoteForSh(path)}`;
  if (typeof other !== 'object') return new InUseError(`${output}: another ${what} of it may be running.`, { hint });
  const where = other.host === host ? '' : ` on ${other.host}`;
  return new InUseError(`${output}: another ${what} of it is running${where}, process ${other.pid}.`, { hint });
}

function guestTaken(path: string, other: Holder | 'unreadable' | 'gone', host: string): InUseError {
  const folder = dirname(path);
  const gone = `If no osx-iso boot runs it any more: rm ${quoteForSh(path)}`;
  if (typeof other !== 'object') return new InUseError(`${folder}: this guest may run already.`, { hint: gone });
  if (other.host !== host) {
    return new InUseError(`${folder}: this guest runs already on ${other.host}, process ${other.pid}.`, { hint: gone });
  }
  const stop = `osx-iso guest stop ${quoteFile(basename(folder))} ends it; a disk that two guests write to is lost.`;
  return new InUseError(`${folder}: this guest runs already, process ${other.pid}.`, { hint: stop });
}
