import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { HostError, SourceError, UsageError, type UserError } from '../errors.js';
import { moveTo } from '../host/hand-over.js';
import { readExactly } from '../host/open-file.js';
import { DOWNLOAD_STATE } from '../host/own-files.js';
import { readJsonObject } from '../host/read-file.js';
import { difference, type Validators } from './range-answer.js';
import { type Range, RangeSet } from './range-set.js';

/** What stands beside an unfinished file: which bytes of it are there, and of what. */
interface State {
  readonly tool: 'osx-iso';
  readonly schema: 1;
  readonly url: string;
  readonly validators: Validators;
  readonly done: readonly Range[];
}

/** What is written between two notes of it, at most: so much is fetched again after a kill. */
const SAVE_BYTES = 32 << 20;
const SAVE_MILLISECONDS = 1000;
/** Bytes of what stat(2) counts in. */
const STAT_BLOCK = 512;
/** Bytes hashed at once. */
const PART = 1 << 20;

/** The names of an unfinished download of `path`. */
export function partPaths(path: string): { readonly part: string; readonly state: string } {
  return { part: `${path}.part`, state: `${path}.part.json` };
}

/**
 * A file that is being filled, in any order and by any number of runs: NAME.part, as long as the whole and full of holes, and
 * NAME.part.json, which says what is there. Noted is only what was written before, so that a kill at any time loses some seconds and
 * nothing else.
 */
export class PartFile {
  #unsaved = 0;
  #savedAt = Date.now();
  #saving: Promise<void> | undefined;
  #closed = false;

  private constructor(
    readonly path: string,
    readonly url: string,
    readonly validators: Validators,
    readonly done: RangeSet,
    readonly handle: FileHandle,
  ) {}

  /**
   * Opens what an earlier run left of this file, or begins. `remark` hears why what was there cannot be used; `places` are all URLs
   * of the file. UsageError where something else has the name.
   */
  static async open(
    path: string,
    url: string,
    validators: Validators,
    remark: (text: string) => void = () => {},
    places: readonly string[] = [url],
  ): Promise<PartFile> {
    const { part, state } = partPaths(path);
    const there = await kindOf(part);
    if (there === 'other') throw new UsageError(`${part}: expected a place for a file, found something else.`);
    const known = await readState(state);
    if (there === 'file' && !known) {
      throw new UsageError(
        `${part} exists already, and nothing beside it says what it is.`,
        `If it is of no use: rm ${JSON.stringify(part)}`,
      );
    }
    if (!known && (await kindOf(state))) {
      throw new UsageError(
        `${state} exists already, and is not of osx-iso.`,
        `If it is of no use: rm ${JSON.stringify(state)}`,
      );
    }
    const why = known && there === 'file' ? await unusable(known, url, validators, part, places) : undefined;
    if (why !== undefined) remark(`${part}: begun anew: ${why}.`);
    const fresh = there === undefined || why !== undefined || !known;
    const done = new RangeSet(fresh ? [] : known.done);
    // Before the file: a file without a state is somebody else's.
    if (fresh) await writeState(state, { tool: 'osx-iso', schema: 1, url, validators, done: [] });
    if (there === 'file' && fresh) await rm(part);
    const flags = constants.O_RDWR | constants.O_NOFOLLOW | (fresh ? constants.O_CREAT | constants.O_EXCL : 0);
    const handle = await open(part, flags, 0o644);
    try {
      if (fresh) await handle.truncate(validators.size);
    } catch (error) {
      await handle.close();
      await rm(part);
      await removeState(state);
      // A file system without holes gives the whole room now.
      throw isFull(error) ? diskIsFull(path, error, 'Make room and type the same again.') : error;
    }
    return new PartFile(path, url, validators, done, handle);
  }

  has(from: number, to: number): boolean {
    return this.done.has(from, to);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return readExactly(this.handle, { path: partPaths(this.path).part }, offset, length);
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.handle.write(bytes, at, bytes.length - at, offset + at);
        at += bytesWritten;
      }
    } catch (error) {
      throw isFull(error) ? diskIsFull(this.path, error, GOES_ON) : error;
    }
    this.done.add(offset, offset + bytes.length);
    this.#unsaved += bytes.length;
    if (this.#unsaved >= SAVE_BYTES || Date.now() - this.#savedAt >= SAVE_MILLISECONDS) await this.save();
  }

  /** Bytes of room it will still take: what the file system has given it already, holes or not, is not counted. */
  async unallocated(): Promise<number> {
    const { blocks } = await this.handle.stat();
    return Math.max(0, this.validators.size - Math.max(this.done.total, blocks * STAT_BLOCK));
  }

  /** Notes that these bytes are not there after all. */
  forget(from: number, to: number): void {
    this.done.remove(from, to);
  }

  /** Notes what is there. */
  async save(): Promise<void> {
    if (this.#saving !== undefined) return this.#saving;
    this.#unsaved = 0;
    this.#savedAt = Date.now();
    const done = [...this.done.ranges];
    const { url, validators } = this;
    const save = async () => {
      await this.handle.datasync();
      await writeState(partPaths(this.path).state, { tool: 'osx-iso', schema: 1, url, validators, done });
    };
    this.#saving = save().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  /** The SHA-256 of the bytes [offset, offset + length). */
  async sha256(offset: number, length: number): Promise<Uint8Array> {
    const hash = createHash('sha256');
    for (let at = 0; at < length; at += PART) hash.update(await this.read(offset + at, Math.min(PART, length - at)));
    return hash.digest();
  }

  /** Removes it: nothing of it is of any use. */
  async discard(): Promise<void> {
    // What could not be noted is not wanted any more.
    await this.#saving?.catch(() => undefined);
    if (!this.#closed) await this.handle.close();
    this.#closed = true;
    const { part, state } = partPaths(this.path);
    await rm(part, { force: true });
    await removeState(state);
  }

  /** Leaves it for a later run. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#saving;
      await this.save();
    } finally {
      await this.handle.close();
    }
  }

  /** The file gets its name. It must be whole, and proved. */
  async finish(): Promise<void> {
    const { part, state } = partPaths(this.path);
    if (!this.done.has(0, this.validators.size)) throw new Error(`${part} is not whole`);
    await this.#saving;
    await this.handle.sync();
    this.#closed = true;
    await this.handle.close();
    await moveTo(part, this.path, { replace: false });
    await removeState(state);
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOSPC';
}

const GOES_ON = 'Make room and type the same again: what is there is kept.';

function diskIsFull(path: string, cause: unknown, hint: string): UserError {
  return new HostError(`${partPaths(path).part}: the disk is full.`, { cause, hint });
}

/** Why what an earlier run left cannot be gone on with. */
async function unusable(
  known: State,
  url: string,
  now: Validators,
  part: string,
  places: readonly string[],
): Promise<string | undefined> {
  const isSamePlace = known.url === url || (places.includes(known.url) && haveSameTag(known.validators, now));
  if (!isSamePlace) return `it was of ${known.url}`;
  const differs = difference(now, known.validators);
  if (differs !== undefined) return `the file on the server is another one now (${differs})`;
  const { size } = await stat(part);
  if (size !== now.size) return `it has ${size} bytes instead of ${now.size}`;
  return undefined;
}

/** Whether both have one strong ETag: two places of a file that agree on it have the same bytes. */
function haveSameTag(before: Validators, now: Validators): boolean {
  return now.etag !== undefined && now.etag === before.etag && !now.etag.startsWith('W/');
}

/** A state of ours; undefined for anything else. */
async function readState(path: string): Promise<State | undefined> {
  const state: Partial<Record<keyof State, unknown>> = await readJsonObject(path, DOWNLOAD_STATE).catch(
    (error: unknown) => {
      if (error instanceof SourceError) return {};
      throw error;
    },
  );
  if (state.tool !== 'osx-iso' || state.schema !== 1 || typeof state.url !== 'string') return undefined;
  const { validators, done } = state as { validators?: Partial<Validators> | null; done?: unknown };
  const size = validators?.size;
  if (size === undefined || !Number.isSafeInteger(size) || !Array.isArray(done)) return undefined;
  const fits = (range: unknown) =>
    Array.isArray(range) &&
    range.length === 2 &&
    range.every(Number.isSafeInteger) &&
    0 <= range[0] &&
    range[0] < range[1] &&
    range[1] <= size;
  return done.every(fits) ? (state as unknown as State) : undefined;
}

/** A state on its way. There is one writer (core/lock): what a killed one left is overwritten, and gone with the state. */
const draftOf = (state: string) => `${state}.new`;

async function removeState(path: string): Promise<void> {
  await rm(draftOf(path), { force: true });
  await rm(path, { force: true });
}

async function writeState(path: string, state: State): Promise<void> {
  const draft = draftOf(path);
  try {
    // Not opened as it is: a link put there would be followed, and root writes over anything.
    await rm(draft, { force: true });
    const handle = await open(draft, 'wx', 0o644);
    try {
      await handle.writeFile(JSON.stringify(state));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function kindOf(path: string): Promise<'file' | 'other' | undefined> {
  try {
    return (await stat(path)).isFile() ? 'file' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
