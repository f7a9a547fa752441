import type { FormatError } from '../../errors.js';
import { type ByteSource, checkRange, slice } from '../bytes.js';
import { concat } from '../concat.js';
import { type Entry, type Path, showPath, type Tree } from '../entry.js';
import { rootEntry } from '../root-entry.js';
import { fault, type Where } from '../where.js';
import { BOOT_SECTOR_SIZE, type BootSector, decodeBootSector } from './boot-sector.js';
import { fromCodePage } from './code-page.js';
import { Attribute, decodeShortEntry, First, hfsDateOf, LongName, type ShortEntry } from './folder-entry.js';
import { clusterBytes, clusterOffset, ENTRY_SIZE, rootSector } from './geometry.js';
import { foldName, shown } from './names.js';
import { Table } from './table.js';

/** fatgen103: a folder has at most so many entries. */
export const MOST_ENTRIES = 65_536;

/** A bound, no rule: nobody's paths are that long, and a damaged volume's must end. */
export const DEEPEST = 256;

/** What a folder has in it. */
export interface Found extends ShortEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A FAT12, FAT16 or FAT32 volume, for reading. Opening is also the check that it is one. */
export class FatVolume implements Tree {
  readonly name: string;
  readonly source: ByteSource;
  readonly boot: BootSector;
  /** The copy that counts. */
  readonly table: Table;

  private constructor(source: ByteSource, boot: BootSector) {
    this.source = source;
    this.boot = boot;
    this.name = boot.label;
    this.table = new Table(source, boot, boot.activeTable);
  }

  /** Opens the volume at the start of `source` (a partition). FormatError for anything else. */
  static async open(source: ByteSource): Promise<FatVolume> {
    const where: Where = { file: source.name, structure: 'FAT boot sector', offset: 0 };
    if (source.size < BOOT_SECTOR_SIZE) throw fault(where, 0, 'a boot sector', `the end of the file at ${source.size}`);
    return new FatVolume(source, decodeBootSector(await source.read(0, BOOT_SECTOR_SIZE), source.size, where));
  }

  /** The clusters of a folder, [] for the root of a FAT12 or FAT16, which has none. */
  async folderClusters(folder: { readonly cluster: number }, path: Path): Promise<number[]> {
    const { bits, rootCluster } = this.boot;
    if (path.length === 0 && bits !== 32) return [];
    const most = Math.ceil((MOST_ENTRIES * ENTRY_SIZE) / clusterBytes(this.boot)) + 1;
    const found = await this.table.chain(
      path.length === 0 ? rootCluster : folder.cluster,
      most,
      `the folder ${showPath(path)}`,
    );
    if (found.length < most) return found;
    throw this.#fault(path, `at most ${MOST_ENTRIES} entries`, `${most} clusters or a ring of them`);
  }

  /** Everything in a folder in its order, without label, `.` and `..`. Names that are in it twice are both given. */
  async *children(folder: { readonly cluster: number }, path: Path): AsyncGenerator<Found> {
    const clusters = await this.folderClusters(folder, path);
    const { boot } = this;
    const rootAt = rootSector(boot) * boot.bytesPerSector;
    const parts =
      clusters.length === 0
        ? [{ offset: rootAt, length: boot.rootEntries * ENTRY_SIZE }]
        : clusters.map((cluster) => ({ offset: clusterOffset(boot, cluster), length: clusterBytes(boot) }));
    const long = new LongName();
    for (const { offset, length } of parts) {
      const bytes = await this.source.read(offset, length);
      for (let at = 0; at < length; at += ENTRY_SIZE) {
        const entry = bytes.subarray(at, at + ENTRY_SIZE);
        if (entry[0] === First.end) return;
        const attributes = entry[11]!;
        if (entry[0] === First.deleted) long.clear();
        else if ((attributes & 0x3f) === Attribute.longName) long.add(entry);
        else if ((attributes & Attribute.label) !== 0) long.clear();
        else {
          const found = decodeShortEntry(entry);
          const name = long.take(found.short) ?? shortText(found);
          const isFolder = (attributes & Attribute.folder) !== 0;
          if (isFolder && (name === '.' || name === '..')) continue;
          this.#checkName(name, path, offset + at);
          yield { ...found, name, isFolder };
        }
      }
    }
  }

  /** Only what cannot be a name at all: nobody could say where such a thing is. */
  #checkName(name: string, path: Path, at: number): void {
    if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)) return;
    throw this.#fault(path, 'a name', JSON.stringify(name), at);
  }

  #fault(path: Path, expected: string, found: string, offset = 0): FormatError {
    return fault({ file: this.source.name, structure: `folder ${showPath(path)}`, offset }, 0, expected, found);
  }

  /** What is at a path, case not counting; undefined where there is nothing. The root is a folder without a name. */
  async lookup(path: Path): Promise<{ readonly path: Path; readonly found: Found | undefined } | undefined> {
    let at: { path: Path; found: Found | undefined } = { path: [], found: undefined };
    for (const name of path) {
      if (at.found && !at.found.isFolder) return undefined;
      const next = await this.#child(at, name);
      if (!next) return undefined;
      at = { path: [...at.path, next.name], found: next };
    }
    return at;
  }

  async #child(folder: { path: Path; found: Found | undefined }, name: string): Promise<Found | undefined> {
    const wanted = foldName(name);
    for await (const child of this.children(folder.found ?? ROOT, folder.path)) {
      if (foldName(child.name) === wanted) return child;
    }
    return undefined;
  }

  async entry(path: Path): Promise<Entry | undefined> {
    const at = await this.lookup(path);
    return at && this.#entry(at.path, at.found);
  }

  /** The content of the file at a path; undefined where there is no file. */
  async file(path: Path): Promise<ByteSource | undefined> {
    const at = await this.lookup(path);
    return at?.found && !at.found.isFolder ? this.#data(at.path, at.found) : undefined;
  }

  /** See Tree. FormatError where a cluster is in two folders: such a tree has no end. */
  async *walk(from: Path = []): AsyncGenerator<Entry> {
    const start = await this.lookup(from);
    if (!start) return;
    yield this.#entry(start.path, start.found);
    if (start.found && !start.found.isFolder) return;
    const seen = new Set<number>();
    const waiting = [{ path: start.path, folder: start.found ?? ROOT }];
    for (let at = waiting.pop(); at; at = waiting.pop()) {
      await this.#claim(seen, at.folder, at.path);
      const inside: typeof waiting = [];
      for await (const found of this.children(at.folder, at.path)) {
        const path = [...at.path, found.name];
        if (found.isFolder && path.length > DEEPEST)
          throw this.#fault(path, `at most ${DEEPEST} folders in each other`, 'more');
        if (found.isFolder) inside.push({ path, folder: found });
        yield this.#entry(path, found);
      }
      waiting.push(...inside.reverse());
    }
  }

  async #claim(seen: Set<number>, folder: { readonly cluster: number }, path: Path): Promise<void> {
    for (const cluster of await this.folderClusters(folder, path)) {
      if (seen.has(cluster)) {
        throw this.#fault(path, 'clusters of its own', `cluster ${cluster} in another folder, too`);
      }
      seen.add(cluster);
    }
  }

  #entry(path: Path, found: Found | undefined): Entry {
    if (!found) return rootEntry(path, 'folder', { created: 0, modified: 0 });
    const dates = { created: hfsDateOf(found.created), modified: hfsDateOf(found.modified) };
    return found.isFolder ? rootEntry(path, 'folder', dates) : rootEntry(path, 'file', dates, this.#data(path, found));
  }

  /** A file's bytes: its chain is followed when they are read. FormatError then where it is shorter than the file. */
  #data(path: Path, { cluster, size }: Found): ByteSource {
    const name = `${this.source.name}: ${showPath(path)}`;
    let whole: Promise<ByteSource> | undefined;
    const open = async () => {
      const bytes = clusterBytes(this.boot);
      const count = Math.ceil(size / bytes);
      // A ring would be followed as long as the file is said to be.
      if (count > this.boot.clusters) {
        const where = { file: this.source.name, structure: showPath(path), offset: 0 };
        throw fault(where, 0, `at most ${this.boot.clusters} clusters`, `${count} for ${size} bytes`);
      }
      const clusters = count === 0 ? [] : await this.table.chain(cluster, count, showPath(path));
      if (clusters.length < count) {
        const where = { file: this.source.name, structure: `cluster chain of ${showPath(path)}`, offset: 0 };
        throw fault(where, 0, `${count} clusters for ${size} bytes`, clusters.length);
      }
      const parts = runsOf(clusters).map(([first, length]) => ({
        source: this.source,
        offset: clusterOffset(this.boot, first),
        length: length * bytes,
      }));
      return slice(concat(parts, name), 0, size);
    };
    const source: ByteSource = {
      name,
      size,
      async read(offset, length) {
        checkRange(source, offset, length);
        whole ??= open();
        return (await whole).read(offset, length);
      },
    };
    return source;
  }

  /** Nothing is held open here; the source is its opener's to close. */
  async close(): Promise<void> {}
}

/** The root folder, where its cluster is not said by an entry. */
const ROOT = { cluster: 0 };

/** Clusters that follow each other as [first, how many]. */
function runsOf(clusters: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const cluster of clusters) {
    const last = runs.at(-1);
    if (last && last[0] + last[1] === cluster) last[1]++;
    else runs.push([cluster, 1]);
  }
  return runs;
}

function shortText({ short, small }: ShortEntry): string {
  const bytes = short.slice();
  if (bytes[0] === First.escaped) bytes[0] = 0xe5;
  const text = fromCodePage(bytes);
  const stem = text.slice(0, 8);
  const ending = text.slice(8);
  return shown((small.stem ? stem.toLowerCase() : stem) + (small.ending ? ending.toLowerCase() : ending));
}
