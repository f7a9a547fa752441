import { lstat, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FoundJournal, readJournals } from '../core/journal.js';
import { holds, leftBeside, unlock } from '../core/lock.js';
import { OWN_NAME } from '../core/own-folder.js';
import { stateFolder } from '../core/state-folder.js';
import { holdPrivate } from '../host/held-folder.js';
import { RUN_STATE } from '../host/own-files.js';
import { plainPath } from '../host/plain-path.js';
import { stillRuns } from '../host/process-start.js';
import { quoteForSh } from '../host/quote.js';
import { readJsonObject } from '../host/read-file.js';
import { ownDevices } from '../image/hdiutil/own-devices.js';
import { findHdiutil, Hdiutil, type Runner } from '../image/hdiutil/program.js';
import { endOrphan, type Orphan, orphansOf } from './programs.js';
import { checkRecord, type KnownRecord } from './records.js';

/** One thing that a dead run left, or may have left. */
export interface CleanAction {
  /** "detach /dev/disk4 (InstallESD.dmg)" */
  readonly title: string;
  /** What a person would type. */
  readonly command: string;
}

/** What was found of one run. */
export interface CleanRun {
  readonly pid: number;
  readonly journal: string;
  /** Runs still: nothing of it is touched. */
  readonly live: boolean;
  /** In the order in which they are done. Empty where everything is gone already and only the journal is left. */
  readonly actions: readonly CleanAction[];
}

export interface CleanReport {
  readonly runs: readonly CleanRun[];
  /** What could not be done, with the reason. */
  readonly failed: readonly (CleanAction & { readonly reason: string })[];
}

export interface CleanOptions {
  /** Only look. */
  readonly dryRun?: boolean;
  /** Ends it between two actions, and while a program that is to end takes its time. What is not done stays written down. */
  readonly signal?: AbortSignal;
  /** Told before each action is done. */
  readonly onAction?: (action: CleanAction) => void;
  /** For tests. */
  readonly folder?: string;
  readonly runner?: Runner;
}

/** One action with what does it. Doing it when there is nothing to do any more is fine. */
interface Task extends CleanAction {
  readonly run: () => Promise<void>;
}

/** What looking for what is left needs. */
type Looking = { readonly [K in 'runner' | 'signal']: CleanOptions[K] | undefined };

/** Milliseconds that a detach which the dead run has started may take to end. */
const GRACE = 3000;
/** Milliseconds between two looks. */
const POLL = 100;

/**
 * Does what runs that died (kill -9, power loss) would have done: detaches what they attached, removes their unfinished files. Goes by
 * their journals alone; nothing that is not written down there is touched, and nothing of a run that still lives.
 */
export async function clean(options: CleanOptions = {}): Promise<CleanReport> {
  const { dryRun = false, onAction = () => {}, folder = stateFolder(), runner, signal } = options;
  const runs: CleanRun[] = [];
  const failed: CleanReport['failed'][number][] = [];
  for (const journal of await readJournals(folder)) {
    const { pid, file, open } = journal;
    if (await stillRuns(journal)) {
      runs.push({ pid, journal: file, live: true, actions: [] });
      continue;
    }
    const actions: CleanAction[] = [];
    let whole = true;
    const perform = async ({ run, ...action }: Task) => {
      actions.push(action);
      if (dryRun) return;
      signal?.throwIfAborted();
      onAction(action);
      try {
        await run();
      } catch (error) {
        signal?.throwIfAborted();
        whole = false;
        failed.push({ ...action, reason: wordsOf(error) });
      }
    };
    const records = inOrder(open.map(checkRecord).filter(isKnown));
    for (const orphan of await orphansOf(records)) await perform(endTask(orphan, signal));
    for (const record of records) {
      // What is removed with all its content must not have a volume in it.
      if (!whole && (record.kind === 'folder' || record.kind === 'mounts')) {
        failed.push({ ...shown(record), reason: 'kept, because something that is left behind may still need it' });
        continue;
      }
      const tasks = await tasksOf(record, journal, { runner, signal }).catch((error: unknown) => {
        signal?.throwIfAborted();
        failed.push({ ...shown(record), reason: wordsOf(error) });
        whole = false;
        return [];
      });
      for (const task of tasks) await perform(task);
    }
    for (const record of open.map(checkRecord)) {
      if (isKnown(record)) continue;
      whole = false;
      failed.push({
        title: `an entry of the journal ${file}`,
        command: `cat ${quoteForSh(file)}`,
        reason: `${record.fault}. Nothing was done about it`,
      });
    }
    runs.push({ pid, journal: file, live: false, actions });
    if (whole && !dryRun) await unlink(file).catch(() => undefined);
  }
  return { runs, failed };
}

function isKnown(record: ReturnType<typeof checkRecord>): record is KnownRecord {
  return !('fault' in record);
}

function endTask(orphan: Orphan, signal: AbortSignal | undefined): Task {
  const { pid, name } = orphan;
  return { title: `end ${name}, process ${pid}`, command: `kill ${pid}`, run: () => endOrphan(orphan, signal) };
}

/** Newest first, as the journal has it, but folders last of all. */
function inOrder(records: readonly KnownRecord[]): KnownRecord[] {
  const isFolder = ({ kind }: KnownRecord) => kind === 'folder' || kind === 'mounts';
  return [...records.filter((record) => !isFolder(record)), ...records.filter(isFolder)];
}

/** What is still to be done about a record; nothing where all is gone already. Throws where that cannot be told. */
async function tasksOf(record: KnownRecord, journal: FoundJournal, options: Looking): Promise<Task[]> {
  if (record.kind === 'attachment') return attachmentTasks(record, options);
  const { kind, path } = record;
  if (kind === 'lock') {
    // Another may hold it since. Killed while it took the lock: its turn is left.
    const left = [...((await holds(path, journal)) ? [path] : []), ...(await leftBeside(path, journal))];
    return left.map((file) => ({ ...shown({ kind, path: file }), run: () => unlock(file, journal) }));
  }
  const found = await lstat(path).catch(() => undefined);
  if (!found) return [];
  if (kind === 'run') return (await wrote(path, journal)) ? [{ ...shown(record), run: () => rm(path) }] : [];
  if (kind === 'file') {
    if (!found.isFile()) throw new Error(`${path} is no file any more`);
    return [{ ...shown(record), run: () => rm(path, { force: true }) }];
  }
  if (!found.isDirectory()) throw new Error(`${path} is no folder any more`);
  return [{ ...shown(record), run: () => (kind === 'mounts' ? removeMounts(path) : removeScratch(path, found.dev)) }];
}

/** Whether a guest's run.json is still the dead run's own: the guest may have been started again since. */
async function wrote(path: string, { pid, started }: FoundJournal): Promise<boolean> {
  const state = await readJsonObject(path, RUN_STATE, { noLink: true }).catch(() => undefined);
  return state?.pid === pid && state.processStart === started;
}

async function attachmentTasks(
  { image, mountPoint }: Extract<KnownRecord, { kind: 'attachment' }>,
  { runner, signal }: Looking,
): Promise<Task[]> {
  const program = new Hdiutil(await findHdiutil(), runner);
  // An image in our own scratch folder is nobody else's, mounted or not.
  const own = OWN_NAME.test(basename(dirname(image)));
  let { ours, unmounted } = await ownDevices(program, image, mountPoint);
  // A detach that the dead run has started may be half way.
  for (const until = Date.now() + GRACE; !own && unmounted.length > 0 && Date.now() < until; ) {
    await sleep(POLL, undefined, { signal });
    ({ ours, unmounted } = await ownDevices(program, image, mountPoint));
  }
  const detach = (device: string): Task => ({
    title: `detach ${device} (${basename(image)})`,
    command: `hdiutil detach ${device}`,
    run: () => program.detach(device),
  });
  if (!own && unmounted.length > 0) {
    throw new Error(
      `${image} is attached as ${unmounted.join(', ')} and mounted nowhere: if it is not yours, type hdiutil detach ${unmounted[0]}`,
    );
  }
  return [...ours, ...unmounted].map(detach);
}

/**
 * Removes a scratch folder with its content; stops at anything that lies on another volume. It is gone through by its descriptor: it
 * may lie in a folder of somebody else, who could put a link to anything in its place.
 */
async function removeScratch(path: string, device: number): Promise<void> {
  const folder = await holdPrivate(path);
  try {
    await removeInside(folder.at('.'), device);
  } finally {
    await folder.close();
  }
  await rmdir(path).catch(unlessGone);
}

async function removeInside(folder: string, device: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const inside = join(folder, name);
    const found = await lstat(inside).catch(unlessGone);
    if (!found) continue;
    if (found.dev !== device) throw new Error(`a volume is mounted at ${plainPath(inside)}`);
    if (found.isDirectory()) {
      await removeInside(inside, device);
      await rmdir(inside).catch(unlessGone);
    } else await unlink(inside).catch(unlessGone);
  }
}

/** Removes empty folders only: where a volume is still mounted, this fails. */
async function removeMounts(path: string): Promise<void> {
  for (const name of await readdir(path)) await rmdir(join(path, name)).catch(unlessGone);
  await rmdir(path).catch(unlessGone);
}

/** What a program of the dead run, at its last, has removed meanwhile is as it should be. */
function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function shown(record: KnownRecord): CleanAction {
  const what = record.kind === 'attachment' ? record.image : record.path;
  const word = quoteForSh(what);
  switch (record.kind) {
    case 'file':
      return { title: `remove the unfinished ${what}`, command: `rm ${word}` };
    case 'lock':
      return { title: `remove the lock ${what}`, command: `rm ${word}` };
    case 'run':
      return { title: `remove the state of a guest that runs no more, ${what}`, command: `rm ${word}` };
    case 'folder':
      return { title: `remove the scratch folder ${what}`, command: `rm -r ${word}` };
    case 'mounts':
      return { title: `remove the mount points in ${what}`, command: `rmdir ${word}/* ${word}` };
    case 'attachment':
      return { title: `detach ${what}`, command: 'hdiutil info' };
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
