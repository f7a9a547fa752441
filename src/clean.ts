import { lstat, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { leftBeside, unlock } from './build/lock.js';
import { type FoundJournal, readJournals, type UndoRecord } from './core/journal.js';
import { ask } from './host/ask.js';
import { stillRuns } from './host/process-start.js';
import { quoteForSh } from './host/quote.js';
import { ownDevices } from './image/hdiutil/own-devices.js';
import { findHdiutil, Hdiutil, type Runner } from './image/hdiutil/program.js';
import { stateFolder } from './state-folder.js';

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

/** Folders of ours have this in their name: a second look before anything is removed with all its content. */
const OWN_FOLDER = /^\.?osx-iso-[0-9a-f]{12}$/;
/** The programs that a build starts and that may outlive it. */
const OWN_PROGRAM = /\b(hdiutil|diskimages-helper|cp)\b/;
/** Milliseconds that programs of a dead run are given to end. */
const GRACE = 3000;
/** Milliseconds between two looks. */
const POLL = 100;

/**
 * Does what runs that died (kill -9, power loss) would have done: detaches what they attached, removes their unfinished files. Goes by
 * their journals alone; nothing that is not written down there is touched, and nothing of a run that still lives.
 */
export async function clean(options: CleanOptions = {}): Promise<CleanReport> {
  const { dryRun = false, onAction = () => {}, folder = stateFolder(), runner } = options;
  const runs: CleanRun[] = [];
  const failed: CleanReport['failed'][number][] = [];
  for (const journal of await readJournals(folder)) {
    const { pid, file, open } = journal;
    if (await stillRuns(journal)) {
      runs.push({ pid, journal: file, live: true, actions: [] });
      continue;
    }
    if (!dryRun) await endPrograms(open);
    const actions: CleanAction[] = [];
    let whole = true;
    for (const record of inOrder(open)) {
      // What is removed with all its content must not have a volume in it.
      if (!whole && (record.kind === 'folder' || record.kind === 'mounts')) {
        failed.push({ ...shown(record), reason: 'kept, because something that is left behind may still need it' });
        continue;
      }
      const tasks = await tasksOf(record, journal, runner).catch((error: unknown) => {
        failed.push({ ...shown(record), reason: wordsOf(error) });
        whole = false;
        return [];
      });
      for (const { run, ...action } of tasks) {
        actions.push(action);
        if (dryRun) continue;
        onAction(action);
        try {
          await run();
        } catch (error) {
          whole = false;
          failed.push({ ...action, reason: wordsOf(error) });
        }
      }
    }
    runs.push({ pid, journal: file, live: false, actions });
    if (whole && !dryRun) await unlink(file).catch(() => undefined);
  }
  return { runs, failed };
}

/** Newest first, as the journal has it, but folders last of all. */
function inOrder(records: readonly UndoRecord[]): UndoRecord[] {
  const isFolder = ({ kind }: UndoRecord) => kind === 'folder' || kind === 'mounts';
  return [...records.filter((record) => !isFolder(record)), ...records.filter(isFolder)];
}

/** What is still to be done about a record; nothing where all is gone already. Throws where that cannot be told. */
async function tasksOf(record: UndoRecord, journal: FoundJournal, runner: Runner | undefined): Promise<Task[]> {
  const { kind, path } = record;
  if (kind === 'attachment') return attachmentTasks(record, runner);
  if (typeof path !== 'string' || !path.startsWith('/')) throw new Error('the journal does not say what is meant');
  const found = await lstat(path).catch(() => undefined);
  if (kind === 'lock') {
    // Killed while it took the lock: what it was about to link is left.
    const beside = await leftBeside(path, journal);
    return found || beside.length > 0 ? [{ ...shown(record), run: () => removeLock(path, journal) }] : [];
  }
  if (!found) return [];
  switch (kind) {
    case 'file':
      if (!found.isFile()) throw new Error(`${path} is no file any more`);
      return [{ ...shown(record), run: () => rm(path, { force: true }) }];
    case 'folder':
      if (!found.isDirectory() || !OWN_FOLDER.test(basename(path)))
        throw new Error(`${path} is no scratch folder of ours`);
      return [{ ...shown(record), run: () => removeScratch(path, found.dev) }];
    case 'mounts':
      if (!found.isDirectory() || !OWN_FOLDER.test(basename(path))) throw new Error(`${path} is no folder of ours`);
      return [{ ...shown(record), run: () => removeMounts(path) }];
    default:
      throw new Error(`this version does not know how to undo "${kind}"`);
  }
}

async function removeLock(path: string, journal: FoundJournal): Promise<void> {
  await unlock(path, journal);
  for (const left of await leftBeside(path, journal)) await rm(left, { force: true });
}

async function attachmentTasks({ image, mountPoint }: UndoRecord, runner: Runner | undefined): Promise<Task[]> {
  if (typeof image !== 'string' || typeof mountPoint !== 'string')
    throw new Error('the journal does not say what is meant');
  const program = new Hdiutil(await findHdiutil(), runner);
  // An image in our own scratch folder is nobody else's, mounted or not.
  const own = OWN_FOLDER.test(basename(dirname(image)));
  let { ours, unmounted } = await ownDevices(program, image, mountPoint);
  // A detach that the dead run has started may be half way.
  for (const until = Date.now() + GRACE; !own && unmounted.length > 0 && Date.now() < until; ) {
    await sleep(POLL);
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

/** Removes a scratch folder with its content; stops at anything that lies on another volume. */
async function removeScratch(path: string, device: number): Promise<void> {
  for (const name of await readdir(path)) {
    const inside = join(path, name);
    const found = await lstat(inside).catch(unlessGone);
    if (!found) continue;
    if (found.dev !== device) throw new Error(`a volume is mounted at ${inside}`);
    if (found.isDirectory()) await removeScratch(inside, device);
    else await unlink(inside).catch(unlessGone);
  }
  await rmdir(path).catch(unlessGone);
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

/**
 * Ends programs that a dead run has started and that still work on its files: each has a path of the run's own folders, whose names
 * are used once, among its arguments.
 */
async function endPrograms(records: readonly UndoRecord[]): Promise<void> {
  const names = records.flatMap(({ path }) =>
    typeof path === 'string' && OWN_FOLDER.test(basename(path)) ? [basename(path)] : [],
  );
  if (names.length === 0) return;
  const working = async () => {
    const list = (await ask`ps -axww -o pid= -o command=`) ?? '';
    return list.split('\n').flatMap((line) => {
      const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
      return command !== undefined && OWN_PROGRAM.test(command) && names.some((name) => command.includes(name))
        ? [Number(pid)]
        : [];
    });
  };
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const pids = (await working()).filter((pid) => pid !== process.pid);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // Gone meanwhile.
      }
    }
    for (let waited = 0; waited < GRACE && (await working()).length > 0; waited += POLL) await sleep(POLL);
  }
}

function shown({ kind, path, image }: UndoRecord): CleanAction {
  const what = typeof path === 'string' ? path : typeof image === 'string' ? image : '';
  switch (kind) {
    case 'file':
      return { title: `remove the unfinished ${what}`, command: `rm ${quoteForSh(what)}` };
    case 'lock':
      return { title: `remove the lock ${what}`, command: `rm ${quoteForSh(what)}` };
    case 'folder':
      return { title: `remove the scratch folder ${what}`, command: `rm -r ${quoteForSh(what)}` };
    case 'mounts':
      return {
        title: `remove the mount points in ${what}`,
        command: `rmdir ${quoteForSh(what)}/* ${quoteForSh(what)}`,
      };
    case 'attachment':
      return { title: `detach ${what}`, command: 'hdiutil info' };
    default:
      return { title: `undo "${kind}" ${what}`, command: '' };
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
