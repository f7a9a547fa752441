import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SourceError, UserError } from '../errors.js';
import { hostError } from '../host/faults.js';
import { givenPath } from '../host/given-path.js';
import { quoteFile } from '../host/quote.js';
import { isAlive, readRunState } from '../launch/run-state.js';
import { nearestName } from '../plist/nearest.js';
import { GUEST_FILE } from './guest.js';
import { type GuestFolder, readGuest } from './read.js';

/** Folders that are looked into for guests. */
const MOST_FOLDERS = 10_000;

/**
 * The guest that is meant by a name: a folder with guest.json, by its path from here, or the file itself. Undefined for anything
 * else, an ISO above all. SourceError for a guest whose description is wrong.
 */
export async function findGuest(given: string): Promise<GuestFolder | undefined> {
  const path = await givenPath(given);
  const found = await statOf(path);
  if (found?.isFile() && basename(path) === GUEST_FILE) return readGuest(dirname(path));
  if (!found?.isDirectory() || !(await statOf(join(path, GUEST_FILE)))) return undefined;
  return readGuest(path.replace(/(?<=.)\/+$/, ''));
}

/** The same where nothing but a guest will do. SourceError that says which guests there are. */
export async function expectGuest(given: string): Promise<GuestFolder> {
  const found = await findGuest(given);
  if (found) return found;
  const there = await statOf(await givenPath(given));
  const what = there ? (there.isDirectory() ? `a folder without ${GUEST_FILE}` : 'a file') : 'nothing';
  throw new SourceError(`${given}: expected a guest's folder, found ${what}.`, { hint: await guestHint(given) });
}

/** What to type instead of a name that is no guest. */
export async function guestHint(given: string): Promise<string> {
  const names = (await listGuests('.')).map(({ name }) => name);
  const near = nearestName(names, given);
  if (near !== undefined) return `Is ${quoteFile(near)} meant?`;
  if (names.length > 0) return `Guests here: ${names.slice(0, 10).map(quoteFile).join(', ')}.`;
  return `Make one: osx-iso guest create ${quoteFile(basename(given))} --iso FILE`;
}

/** A guest among others. */
export interface ListedGuest {
  /** As it can be typed. */
  readonly name: string;
  /** Absent where its description is wrong. */
  readonly folder?: GuestFolder;
  /** What is wrong with its description. */
  readonly fault?: string;
  /** The process of the osx-iso that runs it. */
  readonly pid?: number;
}

/** The guests of a place: the folder itself, and those in it. In the order of their names. */
export async function listGuests(place = '.'): Promise<ListedGuest[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(place, { withFileTypes: true });
  } catch (error) {
    throw hostError(error, place, SourceError);
  }
  const inside = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name);
  const names = inside
    .sort()
    .slice(0, MOST_FOLDERS)
    .map((name) => (place === '.' ? name : join(place, name)));
  const found: ListedGuest[] = [];
  for (const name of [place, ...names]) {
    if ((await statOf(join(name, GUEST_FILE)))?.isFile() === true) found.push(await listed(name));
  }
  return found;
}

async function listed(name: string): Promise<ListedGuest> {
  try {
    const folder = await readGuest(name);
    const pid = await runningPid(folder.path);
    return { name, folder, ...(pid !== undefined && { pid }) };
  } catch (error) {
    if (error instanceof UserError) return { name, fault: error.message };
    throw error;
  }
}

/** The process that runs a guest. */
export async function runningPid(folder: string): Promise<number | undefined> {
  const state = await readRunState(folder);
  return state && (await isAlive(state)) ? state.pid : undefined;
}

function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}
