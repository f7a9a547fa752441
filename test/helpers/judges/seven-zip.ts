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
  const items = await list(image);
  const contents = await read(image, items);
  const entries = new Map<string, Seen & { xattrs: Record<string, string> }>();
  const unnamed = new Map<string, Seen>();
  items.forEach((item, i) => {
    // The first name is the volume's.
    const slash = item.path.indexOf('/');
    const path = item.path.slice(slash + 1);
    if (slash < 0 || item.stream || SYSTEM.includes(path)) return;
    const { sha256, text } = contents[i]!;
    const { kind, mode } = parseMode(item.mode);
    if (path.startsWith(PRIVATE)) unnamed.set(path, { kind: 'file', size: item.size, sha256 });
    else if (item.folder) entries.set(path, { kind, mode, xattrs: {} });
    else if (kind === 'symlink') entries.set(path, { kind, mode, target: text, xattrs: {} });
    else entries.set(path, { kind, mode, size: item.size, sha256, resource: NO_FORK, xattrs: {} });
  });
  items.forEach((item, i) => {
    if (item.stream) addStream(entries, item, contents[i]!.sha256);
  });
  return { judge: '7-Zip', entries, unnamed, shows: (path) => path.replaceAll(':', '_') };
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

/** 7z x -so writes all contents one after another in the order of its list: nothing is ever extracted to disk. */
async function read(image: string, items: readonly Item[]): Promise<{ sha256: string; text: string }[]> {
  const contents: { sha256: string; text: string }[] = [];
  let hash = createHash('sha256');
  let left = 0;
  let head: Buffer[] = [];
  const finish = () => {
    while (left === 0 && contents.length < items.length) {
      contents.push({ sha256: hash.digest('hex'), text: Buffer.concat(head).toString('utf8') });
      hash = createHash('sha256');
      head = [];
      left = items[contents.length]?.size ?? 0;
    }
  };
  left = items[0]?.size ?? 0;
  finish();
  let surplus = 0;
  const result = await runStreaming('7z', ['x', '-so', '-sns', '--', image], (chunk) => {
    let at = 0;
    while (at < chunk.length && contents.length < items.length) {
      const part = chunk.subarray(at, at + left);
      hash.update(part);
      if (items[contents.length]!.size <= 4096) head.push(part);
      at += part.length;
      left -= part.length;
      finish();
    }
    surplus += chunk.length - at;
  });
  if (result.status !== 0) throw new Error(`7z x: status ${result.status}\n${result.stderr}`);
  if (contents.length !== items.length || surplus > 0) {
    throw new Error(`7z x gave contents for ${contents.length} of ${items.length} entries, and ${surplus} bytes more`);
  }
  return contents;
}
