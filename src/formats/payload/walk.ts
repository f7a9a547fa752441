import { FormatError } from '../../errors.js';
import { readAppleDouble } from '../appledouble.js';
import { type ByteSource, chunks, fromBytes } from '../bytes.js';
import { bytesOf, type CpioEntry, readCpio } from '../cpio/index.js';
import type { Entry, Path } from '../entry.js';
import { LINK_TARGET } from '../whole.js';
import type { Payload } from './coded.js';
import { type Draft, finished, impliedFolder, kindOf } from './draft.js';
import { Given } from './given.js';
import { HardLinks, isPlaceholder, isTellingSize, type LinkGroup } from './links.js';
import { MAX_WHOLE_FILE } from './replay.js';
import type { Found } from './search/index.js';
import { isIn } from './search/order.js';

/** Most bytes of `._name` files kept in memory until `name` comes. */
export const MAX_APPLEDOUBLE = 16 * 1024 * 1024;
/** Most `._name` files that may wait for `name`. */
const MAX_WAITING_DOUBLES = 10_000;
/** Longest target of a symbolic link, bytes. */
const MAX_TARGET = LINK_TARGET.most;

export interface WalkOptions {
  /**
   * All that there is at and below `from`, with the AppleDouble of `from`, as POSIX names joined by "/": when all of it has come,
   * and what follows lies elsewhere, a walk ends. Undefined or empty, or lacking something that comes: it goes on to the end.
   */
  readonly listed?: ReadonlySet<string> | undefined;
}

/**
 * The entries of a payload at and below `from`, parents first, in whatever order the payload has them: a folder it lists after
 * what is in it, or whose AppleDouble comes late, is given again then. Names that are hard links may come later than their place.
 */
export async function* walkPayload(payload: Payload, from: Path, options: WalkOptions = {}): AsyncGenerator<Entry> {
  yield* new Walk(payload, from, options).run(readCpio(payload.feed(), payload.name));
}

/** The same of a subtree that was found whole. */
export async function* walkFound({ payload, entries }: Found, from: Path): AsyncGenerator<Entry> {
  yield* new Walk(payload, from, {}).run(entries);
}

/** Data and a way to look at it once, now, without a new pass over the payload. */
interface Data {
  readonly source: ByteSource;
  now(): AsyncIterable<Uint8Array>;
}

class Walk {
  readonly #links = new HardLinks<Draft>();
  /** Groups some of whose names wait for data: few of very many, and each entry behind the subtree asks whether there are any. */
  readonly #waiting = new Set<LinkGroup<Draft>>();
  readonly #given = new Given();
  /** AppleDouble files whose file has not come, by the key of that. */
  readonly #doubles = new Map<string, Draft>();
  #doubleBytes = 0;
  /** The last entry, held back because its AppleDouble file may come next. */
  #held: Draft | undefined;
  #kept = 0;
  /** What has still to come; undefined where nobody knows. */
  #left: Set<string> | undefined;

  constructor(
    readonly payload: Payload,
    readonly from: Path,
    { listed }: WalkOptions,
  ) {
    this.#left = listed && listed.size > 0 ? new Set(listed) : undefined;
  }

  async *run(entries: AsyncIterable<CpioEntry> | Iterable<CpioEntry>): AsyncGenerator<Entry> {
    for await (const entry of entries) {
      const path = entry.path.map((part) => part.replaceAll(':', '/'));
      const double = doubleOf(entry);
      if (
        isIn(this.from, path) ||
        (double !== undefined && isIn(this.from, [...path.slice(0, -1), path.at(-1)!.slice(2)]))
      ) {
        yield* this.#take(entry, path, double);
        continue;
      }
      if (this.#left?.size === 0) {
        yield* this.#release();
        if (this.#waiting.size === 0) break;
      }
      // Not wanted itself, but it may carry the data of a name that is.
      if (isLinked(entry)) yield* this.#linked(entry);
    }
    yield* this.#release();
    for (const group of [...this.#waiting]) {
      group.whole = true;
      yield* this.#settle(group);
    }
    // Whose file never came are files like others.
    for (const draft of this.#doubles.values()) yield* this.#give({ ...draft, double: undefined });
  }

  /** Takes what is in the subtree, or is the AppleDouble of `double`, which is. */
  async *#take(entry: CpioEntry, path: Path, double: string | undefined): AsyncGenerator<Entry> {
    // A list that lacks something is none to go by.
    if (this.#left && !this.#left.delete(entry.key)) this.#left = undefined;
    const kind = kindOf(entry.mode);
    if (!kind) throw this.#fault(entry, 'a file type', `mode ${entry.mode.toString(8)}`);
    const data = double === undefined ? undefined : await this.#doubleData(entry);
    const parsed = data && (await readAppleDouble(data.source));
    if (double !== undefined && parsed) {
      const header = headerOf(entry);
      const draft: Draft = { path, key: entry.key, kind, header, data: data.source, double: parsed };
      if (yield* this.#takeDouble(double, draft)) return;
    }
    if (!isIn(this.from, path)) return;
    const draft = await this.#draft(path, kind, entry, data);
    yield* this.#release();
    this.#held = draft;
    if (draft.group) yield* this.#settle(draft.group);
  }

  #fault(entry: CpioEntry, expected: string, found: string): FormatError {
    const structure = `cpio entry ${JSON.stringify(entry.name)}`;
    return new FormatError({ file: this.payload.name, structure, offset: entry.headerOffset, expected, found });
  }

  async #draft(path: Path, kind: Entry['kind'], entry: CpioEntry, had?: Data): Promise<Draft> {
    const common = { path, key: entry.key, kind, header: headerOf(entry) };
    if (kind === 'symlink') {
      if (entry.size < 1 || entry.size > MAX_TARGET) {
        throw this.#fault(entry, `a target of 1 to ${MAX_TARGET} bytes`, `${entry.size}`);
      }
      return { ...common, data: fromBytes(await bytesOf(entry), this.#nameOf(entry)) };
    }
    if (kind !== 'file') {
      if (entry.size > 0) throw this.#fault(entry, `no data in a ${kind}`, `${entry.size} bytes`);
      return common;
    }
    const data = had ?? (await this.#keep(entry));
    if (!isLinked(entry)) return { ...common, data: data.source };
    return { ...common, data: data.source, group: await this.#join(entry, data) };
  }

  /** The group of a name, which may be the one that has the data. */
  async #join(entry: CpioEntry, data: Data): Promise<LinkGroup<Draft>> {
    const group = this.#links.join(entry);
    if (entry.size === 0 || group.data) return group;
    if (await isPlaceholder(data.now())) group.placeholder ??= data.source;
    else group.data = data.source;
    return group;
  }

  /** The data of a file, kept in memory where having it again is dear and a subtree says that it is wanted. */
  async #keep(entry: CpioEntry): Promise<Data> {
    const most = this.from.length > 0 && !this.payload.seekable ? this.payload.keeps : 0;
    if (entry.size > MAX_WHOLE_FILE || this.#kept + entry.size > most) return this.#data(entry);
    this.#kept += entry.size;
    return this.#inMemory(entry);
  }

  #data(entry: CpioEntry): Data {
    if (entry.bytes) return inMemory(entry.bytes, this.#nameOf(entry));
    const source = this.payload.file(entry.dataOffset, entry.size, this.#nameOf(entry));
    return { source, now: () => entry.data() };
  }

  async #inMemory(entry: CpioEntry): Promise<Data> {
    return inMemory(await bytesOf(entry), this.#nameOf(entry));
  }

  #nameOf(entry: CpioEntry): string {
    return `${this.payload.name}: ${entry.name}`;
  }

  /** What a `._name` file holds, in memory where it could not be had again; undefined where it is too long for that. */
  async #doubleData(entry: CpioEntry): Promise<Data | undefined> {
    if (this.payload.seekable) return this.#data(entry);
    return this.#doubleBytes + entry.size > MAX_APPLEDOUBLE ? undefined : this.#inMemory(entry);
  }

  /** Takes `._name` as a part of what has the key `target`; false where there is no room for it to wait. */
  *#takeDouble(target: string, draft: Draft): Generator<Entry, boolean> {
    const known = this.#held?.key === target ? this.#held : this.#given.get(target);
    if (known && !known.double) {
      known.double = draft.double;
      if (this.#given.has(known)) yield { ...finished(known), again: true };
      return true;
    }
    if (this.#doubles.size >= MAX_WAITING_DOUBLES) return false;
    this.#doubles.set(target, draft);
    if (!this.payload.seekable) this.#doubleBytes += draft.data?.size ?? 0;
    return true;
  }

  /** A name outside the subtree: all that counts is its data. */
  async *#linked(entry: CpioEntry): AsyncGenerator<Entry> {
    yield* this.#settle(await this.#join(entry, this.#data(entry)));
  }

  *#release(): Generator<Entry> {
    const draft = this.#held;
    this.#held = undefined;
    if (!draft) return;
    const { group } = draft;
    if (group && !group.data && !group.whole) {
      group.waiting.push(draft);
      this.#waiting.add(group);
    } else yield* this.#give(draft);
  }

  /** Gives out what waited for the group's data. FormatError where no name has any. */
  *#settle(group: LinkGroup<Draft>): Generator<Entry> {
    if (!group.data && !group.whole) return;
    const wanted = group.waiting.length > 0 || this.#held?.group === group;
    if (wanted && !group.data && group.placeholder) {
      if (isTellingSize(group.size)) {
        throw new FormatError({
          file: this.payload.name,
          structure: `hard-linked file ${JSON.stringify(group.placeholder.name.slice(this.payload.name.length + 2))}`,
          offset: 0,
          expected: `its ${group.size} bytes at one of its names`,
          found: `"NULLcanary", which stands in for them, at ${group.names === 1 ? 'the only one' : `all ${group.names}`}`,
          hint: 'The package is damaged: get it again.',
        });
      }
      group.data = group.placeholder;
    }
    this.#waiting.delete(group);
    for (const draft of group.waiting.splice(0)) yield* this.#give(draft);
  }

  *#give(draft: Draft): Generator<Entry> {
    // Folders the archive does not list, or not yet, from the subtree's root down.
    for (const depth of this.#given.missingAbove(draft, this.from.length)) {
      const implied = impliedFolder(draft.path.slice(0, depth));
      this.#given.add(implied);
      yield finished(implied);
    }
    const waiting = this.#doubles.get(draft.key);
    if (waiting && !draft.double) {
      draft.double = waiting.double;
      this.#doubles.delete(draft.key);
      if (!this.payload.seekable) this.#doubleBytes -= waiting.data?.size ?? 0;
    }
    const before = this.#given.get(draft.key);
    if (!before) {
      this.#given.add(draft);
      yield finished(draft);
      return;
    }
    // A folder, as there was something in it.
    draft.double ??= before.double;
    this.#given.add(draft);
    yield { ...finished(draft), again: true };
  }
}

function isLinked(entry: CpioEntry): boolean {
  return entry.nlink > 1 && kindOf(entry.mode) === 'file';
}

/** Of `dir/._name` the key `dir/name`, if it is a file. */
function doubleOf({ path, key, mode }: CpioEntry): string | undefined {
  const name = path.at(-1);
  if (!name?.startsWith('._') || name.length === 2 || kindOf(mode) !== 'file') return undefined;
  return key.slice(0, key.length - name.length) + name.slice(2);
}

/** What outlives the entry. */
function headerOf({ mode, uid, gid, mtime, rdev }: CpioEntry): Draft['header'] {
  return { mode, uid, gid, mtime, rdev };
}

function inMemory(bytes: Uint8Array, name: string): Data {
  const source = fromBytes(bytes, name);
  return { source, now: () => chunks(source) };
}
