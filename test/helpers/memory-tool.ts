import { writeFile } from 'node:fs/promises';
import { Interrupted, SourceError, StepError } from '../../src/errors.js';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { type Entry, type Path, showPath, type Tree } from '../../src/formats/entry.js';
import type { Image, ImageFormat, ImageTool, Problem, Volume, Work } from '../../src/image/types.js';

/** What goes wrong, and at which call (from 1) of the tool. */
export interface Trouble {
  readonly at: number;
  /** 'fail': the call throws. 'abort': the user presses Ctrl-C while the call is under way. */
  readonly kind: 'fail' | 'abort';
  /** For 'abort'. */
  readonly controller?: AbortController;
}

export interface MemoryToolOptions {
  /** What is on the volume of each image, by the end of the image file's name: `{ 'InstallESD.dmg': [folder('Packages')] }`. */
  readonly volumes: Readonly<Record<string, readonly Entry[]>>;
  readonly trouble?: Trouble;
  /** Volumes offer `copyFrom` too. */
  readonly fast?: boolean;
}

interface MemoryImage extends Image {
  readonly files: Map<string, Entry>;
  readonly writable: boolean;
  attached: boolean;
  disposed: boolean;
}

/** An ImageTool that keeps everything in memory, counts the calls it gets, and can fail or be interrupted at each of them. */
export class MemoryTool implements ImageTool {
  readonly name = 'memory';
  /** Every call in order: "attach InstallESD.dmg read-only", "put target:/BaseSystem.dmg". */
  readonly calls: string[] = [];
  /** Titles of the images whose volume is attached. */
  readonly attached: string[] = [];
  /** Images that were opened or made and not disposed of. */
  readonly images: string[] = [];
  /** Host files that were begun and not finished. */
  readonly halfWritten = new Set<string>();
  readonly #options: MemoryToolOptions;

  constructor(options: MemoryToolOptions) {
    this.#options = options;
  }

  async check(): Promise<readonly Problem[]> {
    this.#call('check');
    return [];
  }

  async open(source: ByteSource): Promise<Image> {
    this.#call(`open ${last(source.name)}`);
    const known = Object.keys(this.#options.volumes).find((name) => source.name.endsWith(name));
    if (known === undefined) throw new SourceError(`${source.name}: expected a disk image, found something else.`);
    return this.#image(known, this.#options.volumes[known]!, false);
  }

  async attach(image: Image, options: { readOnly: boolean }, work: Work): Promise<Volume> {
    const mine = image as MemoryImage;
    if (work.signal.aborted) throw new Interrupted();
    // An acquisition is never cancelled half way: an abort during this call changes nothing.
    this.#call(`attach ${image.title}${options.readOnly ? ' read-only' : ''}`);
    if (mine.attached) throw new StepError(`${image.title} is attached already.`);
    if (mine.disposed) throw new StepError(`${image.title} was given back already.`);
    if (!options.readOnly && !mine.writable) throw new StepError(`${image.title} cannot be written to.`);
    mine.attached = true;
    this.attached.push(image.title);
    return this.#volume(mine, options.readOnly);
  }

  async convert(image: Image, format: ImageFormat, to: string | undefined, work: Work): Promise<Image> {
    const mine = image as MemoryImage;
    if (mine.attached) throw new StepError(`${image.title} is still attached.`);
    const call = `convert ${image.title} ${format}`;
    if (format === 'sparse') {
      this.#call(call);
      stopIfAborted(work);
      return this.#image(`${image.title} (copy)`, [...mine.files.values()], true);
    }
    if (to === undefined) throw new StepError('An ISO needs a file to be written to.');
    await writeFile(to, 'half');
    this.halfWritten.add(to);
    work.report({ done: 2, total: 4 });
    this.#call(call);
    stopIfAborted(work);
    await writeFile(to, 'whole');
    this.halfWritten.delete(to);
    return { title: last(to), size: 5, sha256: '0'.repeat(64) };
  }

  async resize(image: Image, size: number | 'minimum', work: Work): Promise<void> {
    this.#call(`resize ${image.title} ${size}`);
    stopIfAborted(work);
    work.note('not needed');
  }

  async dispose(image: Image): Promise<void> {
    const mine = image as MemoryImage;
    this.#call(`dispose ${image.title}`);
    if (mine.attached) throw new StepError(`${image.title} is still attached.`);
    if (mine.disposed) return;
    mine.disposed = true;
    remove(this.images, image.title);
  }

  /** What is on an image's volume, as paths: for tests of what a recipe did. */
  static paths(image: Image): string[] {
    return [...(image as MemoryImage).files.values()].map((entry) => showPath(entry.path)).sort();
  }

  #call(what: string): void {
    this.calls.push(what);
    const { trouble } = this.#options;
    if (trouble?.at !== this.calls.length) return;
    if (trouble.kind === 'abort') trouble.controller?.abort();
    else throw new StepError(`The test wanted call ${trouble.at} (${what}) to fail.`);
  }

  #image(title: string, entries: readonly Entry[], writable: boolean): MemoryImage {
    const files = new Map(entries.map((entry) => [key(entry.path), entry]));
    if (!files.has(key([]))) files.set(key([]), folder('/'));
    this.images.push(title);
    return { title, files, writable, attached: false, disposed: false };
  }

  #volume(image: MemoryImage, readOnly: boolean): Volume {
    const { files, title } = image;
    const below = (path: Path) =>
      [...files.values()].filter((entry) => path.every((part, i) => entry.path[i] === part)).sort(byPath);
    const put = async (entry: Entry) => {
      if (readOnly) throw new StepError(`${title} is attached read-only.`);
      if (!files.has(key(entry.path.slice(0, -1))))
        throw new StepError(`${showPath(entry.path)}: its folder is missing.`);
      // Data may only be readable until the next entry is asked for.
      const data = entry.data && fromBytes(await entry.data.read(0, entry.data.size), entry.data.name);
      files.set(key(entry.path), { ...entry, ...(data && { data }) });
    };
    const open = () => {
      if (!image.attached) throw new StepError(`${title} is not attached any more.`);
    };
    const call = (what: string) => {
      open();
      this.#call(what);
    };
    const volume: Volume = {
      name: title,
      device: `/dev/memory-${title.replaceAll(/[^A-Za-z0-9.]/g, '-')}`,
      entry: async (path) => {
        call(`entry ${title}:${showPath(path)}`);
        return files.get(key(path));
      },
      file: async (path) => {
        call(`file ${title}:${showPath(path)}`);
        return files.get(key(path))?.data;
      },
      put: async (entry) => {
        call(`put ${title}:${showPath(entry.path)}`);
        await put(entry);
      },
      remove: async (path) => {
        call(`remove ${title}:${showPath(path)}`);
        if (below(path).length > 1) throw new StepError(`${showPath(path)} is not empty.`);
        files.delete(key(path));
      },
      walk: async function* (from = []) {
        call(`walk ${title}:${showPath(from)}`);
        for (const entry of below(from)) {
          open();
          yield entry;
        }
      },
      close: async () => {
        if (!image.attached) return;
        call(`close ${title}`);
        image.attached = false;
        remove(this.attached, title);
      },
    };
    if (this.#options.fast) {
      volume.copyFrom = async (from: Tree, path: Path, to: Path, work: Work) => {
        call(`copy ${from.name}:${showPath(path)} to ${title}:${showPath(to)}`);
        for await (const entry of from.walk(path)) {
          stopIfAborted(work);
          await put({ ...entry, path: [...to, ...entry.path.slice(path.length)] });
        }
      };
    }
    return volume;
  }
}

/** A file with text in it, for a memory volume. */
export function file(path: string, text = path): Entry {
  return { ...bare(path, 'file', 0o100644), data: fromBytes(Buffer.from(text), last(path)) };
}

export function folder(path: string): Entry {
  return bare(path, 'folder', 0o40755);
}

export function symlink(path: string, target: string): Entry {
  return { ...bare(path, 'symlink', 0o120755), data: fromBytes(Buffer.from(target), last(path)) };
}

function bare(path: string, kind: Entry['kind'], mode: number): Entry {
  return {
    path: path.split('/').filter((part) => part !== ''),
    kind,
    bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode, special: 0 },
    dates: { created: 0, modified: 0, changed: 0, accessed: 0, backedUp: 0 },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    xattrs: [],
  };
}

function stopIfAborted(work: Work): void {
  if (work.signal.aborted) throw new Interrupted();
}

function key(path: Path): string {
  return path.join('\0');
}

function byPath(a: Entry, b: Entry): number {
  const [x, y] = [key(a.path), key(b.path)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function last(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function remove(list: string[], item: string): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
