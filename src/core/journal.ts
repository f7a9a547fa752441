import { randomUUID } from 'node:crypto';
import { type FileHandle, lstat, open, readdir, readFile, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../host/make-folder.js';

/** JSON as it is. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** What must be undone, as data that another process can act on: `{ kind: 'folder', path }`, `{ kind: 'device', node }`. */
export interface UndoRecord {
  readonly kind: string;
  readonly [key: string]: Plain;
}

/** Where a run writes down what it is about to take, before it takes it. */
export interface Journal {
  /** On disk when the promise resolves. Returns what `done` wants. */
  append(record: UndoRecord): Promise<string>;
  done(id: string): Promise<void>;
}

/** Remembers nothing: for runs that take nothing of the host. */
export const noJournal: Journal = { append: async () => '', done: async () => {} };

/** Who writes a journal: a process id alone may have been given to somebody else since. */
export interface Writer {
  readonly pid: number;
  /** When the process started, in whatever words the host has (see host/process-start.ts); '' where it cannot say. */
  readonly started: string;
}

/** A journal found on disk. */
export interface FoundJournal extends Writer {
  readonly file: string;
  readonly host: string;
  /** What is not undone yet, newest first: the order to undo it in. */
  readonly open: readonly UndoRecord[];
}

const SCHEMA = 1;
const SUFFIX = '.journal.jsonl';
/** Bytes; a run writes a few dozen short lines. */
const MAX_JOURNAL = 1 << 20;

/**
 * A journal of JSON lines in `folder` (made 0700 where it is missing): a heading, then `{id, record}` and `{done: id}` lines, each
 * flushed to the disk. The file comes with the first record and goes with the last one that is done.
 */
export function fileJournal(folder: string, writer: Writer): Journal & { readonly file: string } {
  const file = join(folder, `${hostInName()}-${writer.pid}-${randomUUID()}${SUFFIX}`);
  const open = new Set<string>();
  let exists = false;
  let count = 0;
  let turn: Promise<unknown> = Promise.resolve();

  /** One after another, so that lines never mix. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine.catch(() => {});
    return mine;
  };
  const write = async (...lines: object[]) => {
    const handle = await openForAppend(file, !exists);
    try {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      await handle.writeFile((await isTorn(handle)) ? `\n${text}` : text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  return {
    file,
    append: (record) =>
      inTurn(async () => {
        const id = String(++count);
        if (exists) await write({ id, record });
        else {
          await makeFolder(folder, 0o700);
          const heading = { schema: SCHEMA, host: hostname(), pid: writer.pid, started: writer.started };
          try {
            await write(heading, { id, record });
          } catch (error) {
            await unlink(file).catch(() => {});
            throw error;
          }
          exists = true;
          await syncFolder(folder);
        }
        open.add(id);
        return id;
      }),
    done: (id) =>
      inTurn(async () => {
        if (!open.delete(id)) return;
        if (open.size > 0) return write({ done: id });
        exists = false;
        await unlink(file);
      }),
  };
}

/**
 * The journals in `folder` that belong to this user and this host, for `clean`. Files of others are passed over: what stands in
 * a journal is going to be acted upon. Lines that were cut off by a crash are passed over too.
 */
export async function readJournals(folder: string): Promise<FoundJournal[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort();
  } catch {
    return [];
  }
  const found: FoundJournal[] = [];
  for (const name of names) {
    const file = join(folder, name);
    const stat = await lstat(file).catch(() => undefined);
    if (!stat?.isFile() || stat.size > MAX_JOURNAL) continue;
    if (process.getuid && stat.uid !== process.getuid()) continue;
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const journal = text.includes('\n') ? parseJournal(file, text) : unwritten(file, name);
    if (journal?.host === hostname()) found.push(journal);
  }
  return found;
}

/** Killed before the heading was on disk: nothing was taken yet, and only the name says whose it is. */
function unwritten(file: string, name: string): FoundJournal | undefined {
  const host = hostInName();
  const pid = /^-(\d+)-[0-9a-f-]{36}$/.exec(name.slice(host.length, -SUFFIX.length))?.[1];
  if (pid === undefined || !name.startsWith(host)) return undefined;
  return { file, host: hostname(), pid: Number(pid), started: '', open: [] };
}

const hostInName = () => hostname().replaceAll('/', '_');

function parseJournal(file: string, text: string): FoundJournal | undefined {
  const open = new Map<string, UndoRecord>();
  let heading: FoundJournal | undefined;
  for (const line of text.split('\n')) {
    const value = parseLine(line);
    if (!value) continue;
    if (!heading) {
      const { schema, host, pid, started } = value;
      if (schema !== SCHEMA || typeof host !== 'string' || typeof pid !== 'number' || typeof started !== 'string')
        return undefined;
      heading = { file, host, pid, started, open: [] };
    } else if (typeof value.done === 'string') open.delete(value.done);
    else if (typeof value.id === 'string' && isRecord(value.record)) open.set(value.id, value.record);
  }
  return heading && { ...heading, open: [...open.values()].reverse() };
}

/** A line as it may be found: nothing in it is trusted yet. */
interface Line {
  readonly schema?: unknown;
  readonly host?: unknown;
  readonly pid?: unknown;
  readonly started?: unknown;
  readonly id?: unknown;
  readonly record?: unknown;
  readonly done?: unknown;
}

function parseLine(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is UndoRecord {
  return typeof value === 'object' && value !== null && typeof (value as { kind?: unknown }).kind === 'string';
}

/** 'wx' first: a file that is there already is not ours (a link somebody put there, perhaps). */
function openForAppend(file: string, isNew: boolean) {
  return open(file, isNew ? 'wx+' : 'a+', 0o600);
}

/** Whether the last line has no end: a disk that was full took a part of it. What is written next must not go on with it. */
async function isTorn(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}

/** Makes the new name durable; not every host lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {}
}
