import { createHash } from 'node:crypto';
import type { Tool } from './needs.js';
import { run, runStreaming } from './tool.js';
import { parseMode, type Seen, type SeenTree } from './tree.js';

/** What sevenZip() needs. */
export const SEVEN_ZIP_TOOLS = ['7z'] as const satisfies readonly Tool[];

interface Item {
  readonly path: string;
  readonly size: number;
  readonly mode: string;
  readonly folder: boolean;
  /** A resource fork or an extended attribute, listed as "path:name". */
  readonly stream: boolean;
}

/**
 * All of an image's HFS+ volume as 7-Zip sees it: names, modes, contents, forks and attributes. It reads .dmg files too. It
 * does not follow hard links: their names are empty files, their contents come back as `unnamed`.
 */
export async function sevenZip(image: string): Promise<SeenTree> {
  const all = await list(image);
  const { contents, unread } = await readAll(image, all);
  const entries = new Map<string, Seen & { xattrs: Record<string, string> }>();
  const unnamed = new Map<string, Seen>();
  all.forEach((item) => {
    // The first name is the volume's.
    const slash = item.path.indexOf('/');
    const path = item.path.slice(slash + 1);
    if (slash < 0 || item.stream || SYSTEM.includes(path)) return;
    const { kind, mode } = parseMode(item.mode);
    const { sha256, text } = contents.get(item) ?? {};
    const known = { kind, mode, ...(sha256 === undefined ? {} : { sha256 }), size: item.size, xattrs: {} };
    if (path.startsWith(PRIVATE)) unnamed.set(path, known);
    else if (item.folder) entries.set(path, { kind, mode, xattrs: {} });
    else if (kind === 'file') entries.set(path, { ...known, resource: NO_FORK });
    else entries.set(path, { kind, mode, ...(text === undefined ? {} : { target: text }), xattrs: {} });
  });
  for (const item of all) {
    if (item.stream) addStream(entries, item, contents.get(item)?.sha256 ?? 'unread');
  }
  return {
    judge: '7-Zip',
    entries,
    unread: unread.map(({ path }) => path.slice(path.indexOf('/') + 1)),
    unnamed,
    shows: (path) => path.replaceAll(':', '_'),
  };
}

const PRIVATE = '[HFS+ Private Data]/';
const SYSTEM = ['[HFS+ Private Data]', '.HFS+ Private Directory Data\r'];
const NO_FORK = { size: 0, sha256: '' };

function addStream(entries: Map<string, Seen & { xattrs: Record<string, string> }>, item: Item, sha256: string): void {
  const path = item.path.slice(item.path.indexOf('/') + 1);
  const colon = path.indexOf(':');
  const [owner, name] = [path.slice(0, colon), path.slice(colon + 1)];
  const entry = entries.get(owner);
  if (entry === undefined || name === 'com.apple.decmpfs') return;
  if (name === 'rsrc') entries.set(owner, { ...entry, resource: { size: item.size, sha256 } });
  else entry.xattrs[name] = sha256;
}

async function list(image: string): Promise<Item[]> {
  const result = await run('7z', ['l', '-slt', '-ba', '-sns', '--', image]);
  if (result.status !== 0) throw new Error(`7z l: status ${result.status}\n${result.stdout}${result.stderr}`);
  const blocks = result.stdout.toString('utf8').split(/\n\n(?=Path = )/);
  return blocks.filter((block) => block.trim() !== '').map(parseItem);
}

function parseItem(block: string): Item {
  const field = (name: string) => new RegExp(`^${name} = (.*)$`, 'm').exec(block)?.[1] ?? '';
  const end = block.indexOf('\nFolder = ');
  if (!block.startsWith('Path = ') || end < 0) throw new Error(`7z l -slt: cannot read\n${block}`);
  return {
    path: block.slice('Path = '.length, end),
    folder: field('Folder') === '+',
    size: Number(field('Size') || 0),
    mode: field('Mode'),
    stream: field('Alternate Stream') === '+',
  };
}

interface Contents {
  readonly sha256: string;
  /** Of what is short enough to be a link's target. */
  readonly text: string;
}

/** Reads everything; what 7-Zip says it cannot read is left out the second time, because then its place in the output is lost. */
async function readAll(image: string, items: readonly Item[]) {
  const first = await read(image, items, []);
  if (first.failed.length === 0) return { contents: first.contents, unread: [] };
  const unread = items.filter(({ path }) => first.failed.includes(path));
  const rest = items.filter((item) => !unread.includes(item));
  const second = await read(image, rest, unread);
  if (second.failed.length > 0) throw new Error(`7z x: cannot read ${second.failed.join(', ')}`);
  return { contents: second.contents, unread };
}

/** 7z x -so writes all contents one after another in the order of its list: nothing is ever extracted to disk. */
async function read(image: string, items: readonly Item[], without: readonly Item[]) {
  const splitter = new Splitter(items);
  const exclude = without.map(({ path }) => `-x!${path}`);
  const { status, stderr } = await runStreaming('7z', ['x', '-so', '-sns', '-spd', ...exclude, '--', image], (chunk) =>
    splitter.take(chunk),
  );
  const failed = [...stderr.matchAll(/^ERROR: [^:]+ : (.*)$/gm)].map(([, path]) => path!);
  if (status !== 0 && failed.length === 0) throw new Error(`7z x: status ${status}\n${stderr}`);
  if (failed.length === 0) splitter.expectEnd();
  return { contents: splitter.contents, failed };
}

/** Cuts a stream of contents into those of the items, one after another by their sizes. */
class Splitter {
  readonly contents = new Map<Item, Contents>();
  readonly #items: readonly Item[];
  #at = 0;
  #left = 0;
  #hash = createHash('sha256');
  #head: Buffer[] = [];
  #surplus = 0;

  constructor(items: readonly Item[]) {
    this.#items = items;
    this.#left = items[0]?.size ?? 0;
    this.#finish();
  }

  take(chunk: Buffer): void {
    let done = 0;
    while (done < chunk.length && this.#at < this.#items.length) {
      const part = chunk.subarray(done, done + this.#left);
      this.#hash.update(part);
      if (this.#items[this.#at]!.size <= MOST_TEXT) this.#head.push(part);
      done += part.length;
      this.#left -= part.length;
      this.#finish();
    }
    this.#surplus += chunk.length - done;
  }

  expectEnd(): void {
    if (this.#at !== this.#items.length || this.#surplus > 0) {
      throw new Error(
        `7z x: contents of ${this.#at} of ${this.#items.length} entries, and ${this.#surplus} bytes more`,
      );
    }
  }

  #finish(): void {
    while (this.#left === 0 && this.#at < this.#items.length) {
      const text = Buffer.concat(this.#head).toString('utf8');
      this.contents.set(this.#items[this.#at]!, { sha256: this.#hash.digest('hex'), text });
      this.#hash = createHash('sha256');
      this.#head = [];
      this.#left = this.#items[++this.#at]?.size ?? 0;
    }
  }
}

/** PATH_MAX of OS X, in bytes: no link's target is longer. */
const MOST_TEXT = 1024;
