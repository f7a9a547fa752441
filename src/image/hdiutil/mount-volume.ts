import { lstat, rmdir, unlink } from 'node:fs/promises';
import { SourceError, StepError } from '../../errors.js';
import type { ByteSource } from '../../formats/bytes.js';
import { type Entry, type Path, showPath, type Tree } from '../../formats/entry.js';
import { type HostFile, openHostFile } from '../../host/host-file.js';
import type { Volume, Work } from '../types.js';
import { setAttributes } from './attributes.js';
import { compareCopies, copyOnHost, pairs, showCopies } from './copy.js';
import { hostEntry, walkHost } from './host-tree.js';
import { locate, requireMounted } from './mount-point.js';
import type { Runner } from './program.js';
import { putOnHost, setDate } from './put.js';

export interface MountOptions {
  readonly name: string;
  /** The whole disk's node, what a person detaches; undefined where somebody else attached it. */
  readonly device?: string;
  /** Where the volume is mounted, resolved. */
  readonly mountPoint: string;
  readonly readOnly: boolean;
  readonly runner: Runner;
  readonly chown: (path: string, uid: number, gid: number) => Promise<void>;
  /** Gives the attachment back. */
  readonly detach: () => Promise<void>;
}

/** A volume that the system has mounted: its files are the host's. Before every change it is made sure that it still is. */
export class MountVolume implements Volume {
  readonly name: string;
  readonly device?: string;
  readonly #at: string;
  readonly #options: MountOptions;
  /** Files handed out: an open one would keep the volume busy. */
  readonly #open = new Set<HostFile>();

  constructor(options: MountOptions) {
    this.name = options.name;
    if (options.device !== undefined) this.device = options.device;
    this.#at = options.mountPoint;
    this.#options = options;
  }

  async *walk(from: Path = []): AsyncGenerator<Entry> {
    yield* walkHost(await locate(this.#at, from), from);
  }

  async entry(path: Path): Promise<Entry | undefined> {
    return hostEntry(await locate(this.#at, path), path);
  }

  /** The kernel decodes compressed files, so this is the file as it is read. */
  async file(path: Path): Promise<ByteSource | undefined> {
    const host = await locate(this.#at, path);
    const found = await lstat(host).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    const file = await openHostFile(host, { name: `${this.name}: ${showPath(path)}` });
    this.#open.add(file);
    return file;
  }

  async put(entry: Entry): Promise<void> {
    await putOnHost(entry, await this.#toChange(entry.path), { chown: this.#options.chown });
  }

  async remove(path: Path): Promise<void> {
    if (path.length === 0) throw new StepError(`${this.name}: the root folder cannot be removed.`);
    const host = await this.#toChange(path);
    const found = await lstat(host).catch(() => undefined);
    if (!found) throw new SourceError(`${this.name}: there is no ${showPath(path)} to remove.`);
    if (found.isDirectory()) await rmdir(host);
    else await unlink(host);
  }

  /**
   * What lies on the host (another mounted volume) is copied by cp at once, and then looked at; anything else entry by entry.
   */
  async copyFrom(from: Tree, path: Path, to: Path, work: Work): Promise<void> {
    const walk = from.walk(path)[Symbol.asyncIterator]();
    const first = await walk.next();
    if (first.done) return;
    const top = await this.#toChange(to);
    if (first.value.hostPath === undefined) return this.#putAll(first.value, walk, path, to, work);
    const entries = [first.value];
    for (let next = await walk.next(); !next.done; next = await walk.next()) entries.push(next.value);
    const list = pairs(entries, path, top);
    const there = await lstat(top).catch(() => undefined);
    if (there?.isSymbolicLink()) throw new StepError(`${top}: expected nothing or a folder to copy to, found a link.`);
    await copyOnHost(list, there !== undefined, this.#options.runner, work);
    await compareCopies(list);
    await showCopies(list, work);
  }

  async close(): Promise<void> {
    const files = [...this.#open];
    this.#open.clear();
    await Promise.all(files.map((file) => file.close()));
    await this.#options.detach();
  }

  async #putAll(first: Entry, rest: AsyncIterator<Entry>, path: Path, to: Path, work: Work): Promise<void> {
    const folders: { entry: Entry; host: string }[] = [];
    let left = 0;
    for (let entry: Entry | undefined = first; entry; ) {
      work.signal.throwIfAborted();
      const place = [...to, ...entry.path.slice(path.length)];
      const host = await this.#toChange(place);
      // Of a file nothing but attributes comes late.
      if (!entry.again || entry.kind === 'folder') {
        await putOnHost({ ...entry, path: place }, host, { chown: this.#options.chown, work });
      }
      if (entry.kind === 'folder') folders.push({ entry, host });
      left += await setAttributes(entry, host, this.#options.runner);
      const next: IteratorResult<Entry> = await rest.next();
      entry = next.done ? undefined : next.value;
    }
    // Last, from the deepest up: what is put into a folder changes its date.
    for (const { entry, host } of folders.reverse()) await setDate(entry, host);
    if (left > 0) work.note(`${left} extended attributes or forks were not copied: --engine native copies them`);
  }

  async #toChange(path: Path): Promise<string> {
    if (this.#options.readOnly) throw new StepError(`${this.name} is attached read-only.`);
    await requireMounted(this.#at);
    return locate(this.#at, path);
  }
}
