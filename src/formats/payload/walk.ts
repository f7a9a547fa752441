import { FormatError } from '../../errors.js';
import { readAppleDouble } from '../appledouble.js';
import { type ByteSource, fromBytes } from '../bytes.js';
import { type CpioEntry, readCpio } from '../cpio/index.js';
import type { Entry, Path } from '../entry.js';
import { type Draft, finished, impliedFolder, kindOf } from './draft.js';
import type { Payload } from './form.js';
import { HardLinks, type LinkGroup } from './links.js';
import { MAX_WHOLE_FILE } from './replay.js';

/** Most data kept in memory in a walk of a subtree, so that it need not be decoded again; bytes. */
export const MAX_KEPT = 256 * 1024 * 1024;
/** Most bytes of `._name` files kept in memory until `name` comes. */
export const MAX_APPLEDOUBLE = 16 * 1024 * 1024;
/** Most `._name` files that may wait for `name`. */
const MAX_WAITING_DOUBLES = 10_000;
/** Longest target of a symbolic link, bytes. */
const MAX_TARGET = 4096;

export interface WalkOptions {
  /** Stop after the subtree: for archives known to list a folder's tree without gaps (all of Apple's seen so far). */
  readonly contiguous?: boolean;
}

/** The entries of a payload at and below `from`, parents first. Names that are hard links may come later than their place. */
export async function* walkPayload(payload: Payload, from: Path, options: WalkOptions = {}): AsyncGenerator<Entry> {
  yield* new Walk(payload, from, options).run();
}

class Walk {
  readonly #links = new HardLinks<Draft>();
  /** Folders given out; and where a child came before its folder, that it must not come now. */
  readonly #folders = new Set<string>();
  /** AppleDouble files whose file has not come, by the path of that. */
  readonly #doubles = new Map<string, Draft>();
  #doubleBytes = 0;
  /** The last entry, held back because its AppleDouble file may come next. */
  #held: Draft | undefined;
  #kept = 0;

  constructor(
    readonly payload: Payload,
    readonly from: Path,
    readonly options: WalkOptions,
  ) {}

  async *run(): AsyncGenerator<Entry> {
    let found = false;
    for await (const entry of readCpio(this.payload.feed(), this.payload.name)) {
      const path = entry.path.map((part) => part.replaceAll(':', '/'));
      const inside = this.#inside(path);
      const double = doubleOf(path, entry);
      if (!inside && !(double && this.#inside(double))) {
        // Not wanted itself, but it may carry the data of a name that is.
        if (isLinked(entry)) yield* this.#linked(entry, this.#source(entry));
        if (found && this.options.contiguous && this.#links.unfinished().length === 0) break;
        continue;
      }
      found = true;
      const kind = kindOf(entry.mode);
      if (!kind) throw this.#fault(entry, 'a file type', `mode ${entry.mode.toString(8)}`);
      const data = double && (await this.#doubleData(entry));
      const parsed = data && (await readAppleDouble(data));
      if (double && parsed && this.#takeDouble(double, { path, kind, header: entry, data, double: parsed })) continue;
      if (!inside) continue;
      const draft = await this.#draft(path, kind, entry, data);
      yield* this.#release();
      const key = path.join('\0');
      const waiting = this.#doubles.get(key);
      if (waiting) {
        draft.double = waiting.double;
        this.#doubles.delete(key);
        if (!this.payload.seekable) this.#doubleBytes -= waiting.data?.size ?? 0;
      }
      this.#held = draft;
      if (draft.group) yield* this.#settle(draft.group);
    }
    yield* this.#release();
    for (const group of this.#links.unfinished()) {
      group.whole = true;
      yield* this.#settle(group);
    }
    // Whose file never came are files like others.
    for (const draft of this.#doubles.values()) yield* this.#give({ ...draft, double: undefined });
  }

  #inside(path: Path): boolean {
    return path.length >= this.from.length && this.from.every((part, i) => part === path[i]);
  }

  #fault(entry: CpioEntry, expected: string, found: string): FormatError {
    const structure = `cpio entry ${JSON.stringify(entry.name)}`;
    return new FormatError({ file: this.payload.name, structure, offset: entry.headerOffset, expected, found });
  }

  async #draft(path: Path, kind: Entry['kind'], entry: CpioEntry, had?: ByteSource): Promise<Draft> {
    if (kind === 'symlink') {
      if (entry.size < 1 || entry.size > MAX_TARGET) {
        throw this.#fault(entry, `a target of 1 to ${MAX_TARGET} bytes`, `${entry.size}`);
      }
      return { path, kind, header: entry, data: fromBytes(await collect(entry), this.#nameOf(entry)) };
    }
    if (kind !== 'file') {
      if (entry.size > 0) throw this.#fault(entry, `no data in a ${kind}`, `${entry.size} bytes`);
      return { path, kind, header: entry };
    }
    const data = had ?? (await this.#keep(entry));
    if (!isLinked(entry)) return { path, kind, header: entry, data };
    const group = this.#links.join(entry);
    if (entry.size > 0) group.data ??= data;
    return { path, kind, header: entry, data, group };
  }

  /** The data of a file, kept in memory where having it again is dear and a subtree says that it is wanted. */
  async #keep(entry: CpioEntry): Promise<ByteSource> {
    const dear = !this.payload.seekable && this.from.length > 0;
    if (!dear || entry.size > MAX_WHOLE_FILE || this.#kept + entry.size > MAX_KEPT) return this.#source(entry);
    this.#kept += entry.size;
    return fromBytes(await collect(entry), this.#nameOf(entry));
  }

  #source(entry: CpioEntry): ByteSource {
    return this.payload.file(entry.dataOffset, entry.size, this.#nameOf(entry));
  }

  #nameOf(entry: CpioEntry): string {
    return `${this.payload.name}: ${entry.name}`;
  }

  /** What a `._name` file holds, in memory where it could not be had again; undefined where it is too long for that. */
  async #doubleData(entry: CpioEntry): Promise<ByteSource | undefined> {
    if (this.payload.seekable) return this.#source(entry);
    if (this.#doubleBytes + entry.size > MAX_APPLEDOUBLE) return undefined;
    return fromBytes(await collect(entry), this.#nameOf(entry));
  }

  /** Takes `._name` as a part of `target`; false where there is no room for it to wait. */
  #takeDouble(target: Path, draft: Draft): boolean {
    const key = target.join('\0');
    if (this.#held?.path.join('\0') === key && !this.#held.double) {
      this.#held.double = draft.double;
      return true;
    }
    if (this.#doubles.size >= MAX_WAITING_DOUBLES) return false;
    this.#doubles.set(key, draft);
    if (!this.payload.seekable) this.#doubleBytes += draft.data?.size ?? 0;
    return true;
  }

  /** A name outside the subtree: all that counts is its data. */
  *#linked(entry: CpioEntry, data: ByteSource): Generator<Entry> {
    const group = this.#links.join(entry);
    if (entry.size > 0) group.data ??= data;
    yield* this.#settle(group);
  }

  *#release(): Generator<Entry> {
    const draft = this.#held;
    this.#held = undefined;
    if (!draft) return;
    const { group } = draft;
    if (group && !group.data && !group.whole) group.waiting.push(draft);
    else yield* this.#give(draft);
  }

  /** Gives out what waited for the group's data. */
  *#settle(group: LinkGroup<Draft>): Generator<Entry> {
    if (!group.data && !group.whole) return;
    for (const draft of group.waiting.splice(0)) yield* this.#give(draft);
  }

  *#give(draft: Draft): Generator<Entry> {
    const { path } = draft;
    // Folders the archive does not list, from the subtree's root down.
    for (let depth = this.from.length; depth < path.length; depth++) {
      const parent = path.slice(0, depth);
      const key = parent.join('\0');
      if (this.#folders.has(key)) continue;
      this.#folders.add(key);
      yield finished(impliedFolder(parent));
    }
    if (draft.kind === 'folder') {
      const key = path.join('\0');
      if (this.#folders.has(key)) {
        throw new FormatError({
          file: this.payload.name,
          structure: `cpio entry ${JSON.stringify(path.join('/'))}`,
          offset: 0,
          expected: 'a folder before what is in it',
          found: 'it after that',
        });
      }
      this.#folders.add(key);
    }
    yield finished(draft);
  }
}

function isLinked(entry: CpioEntry): boolean {
  return entry.nlink > 1 && kindOf(entry.mode) === 'file';
}

/** Of `dir/._name` the path `dir/name`, if it is a file. */
function doubleOf(path: Path, entry: CpioEntry): Path | undefined {
  const name = path.at(-1);
  if (!name?.startsWith('._') || name.length === 2 || kindOf(entry.mode) !== 'file') return undefined;
  return [...path.slice(0, -1), name.slice(2)];
}

async function collect(entry: CpioEntry): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const bytes of entry.data()) parts.push(bytes);
  return Buffer.concat(parts);
}
