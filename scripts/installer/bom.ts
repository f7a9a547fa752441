import { type ByteSource, chunks, fromBytes } from '../../src/formats/bytes.js';
import { Cksum } from '../../src/formats/cksum.js';
import { HFS_EPOCH } from '../../src/formats/entry.js';
import { BomStore } from './bom-store.js';
import { cpioOrder, type Member } from './cpio-order.js';
import { doubleOf, hasDouble } from './cpio-source.js';
import type { MadeEntry } from './entries.js';

/** Entries of a node of the tree of paths: as many as fit a block of 4096 bytes. */
const NODE = 4096;
const NODE_HEAD = 12;
const IN_NODE = 256;

const FILE = 1;
const FOLDER = 2;
const LINK = 3;

/**
 * A bill of materials that lists what a payload has: a BOMStore with the variables BomInfo, Paths, HLIndex, VIndex and Size64, of which
 * Paths is a tree of (parent, name) in byte order. Layout as lsbom(8)'s readers have it, big-endian.
 */
export async function makeBom(entries: readonly MadeEntry[]): Promise<Uint8Array> {
  return bomOf(await pathsOf(cpioOrder(entries, hasDouble)));
}

/** The Bom of these paths, sorted by parent and name, in nodes of at most so many. */
export function bomOf(paths: readonly BomPath[], inNode = IN_NODE): Uint8Array {
  const store = new BomStore();
  const info = Buffer.alloc(28);
  info.writeUInt32BE(1, 0); // version
  info.writeUInt32BE(paths.length, 4);
  store.variable('BomInfo', store.block(info));
  store.variable(
    'Paths',
    tree(
      store,
      paths.map((path) => leafEntry(store, path)),
      inNode,
    ),
  );
  store.variable('HLIndex', tree(store, []));
  const vindex = Buffer.alloc(13);
  vindex.writeUInt32BE(1, 0);
  vindex.writeUInt32BE(tree(store, []), 4);
  store.variable('VIndex', store.block(vindex));
  store.variable('Size64', tree(store, []));
  return store.bytes();
}

/** One path of a Bom: its number and its folder's (the root's is 1, its folder's 0). `target` ends in NUL, or is empty. */
export interface BomPath {
  readonly id: number;
  readonly parent: number;
  readonly name: string;
  readonly type: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: number;
  readonly size: number;
  /** cksum(1) of a file's bytes, or of a link's target. */
  readonly checksum: number;
  readonly target: string;
}

/** All paths, numbered from 1 for the root, sorted by the number of the folder and the bytes of the name. */
async function pathsOf(members: readonly Member<MadeEntry>[]): Promise<BomPath[]> {
  const root = {
    id: 1,
    parent: 0,
    name: '.',
    type: FOLDER,
    mode: 0o40755,
    uid: 0,
    gid: 0,
    modified: 0,
    size: 0,
    checksum: 0,
    target: '',
  };
  const linked = new Map<number, number>();
  const ids = new Map<string, number>([['', 1]]);
  const paths: BomPath[] = [root];
  for (const { entry, double } of members) {
    const { path, bsd, kind } = entry;
    const id = paths.length + 1;
    if (!double) ids.set(path.join('\0'), id);
    const name = (path.at(-1) ?? '').replaceAll('/', ':');
    const data = entry.plain ?? entry.data;
    const target = kind === 'symlink' && data ? Buffer.from(await data.read(0, data.size)) : undefined;
    const packed = double ? fromBytes(await doubleOf(entry), name) : data;
    const known = entry.link === undefined || double ? undefined : linked.get(entry.link);
    const checksum = known ?? (packed ? await checksumOf(packed) : 0);
    if (entry.link !== undefined && !double) linked.set(entry.link, checksum);
    paths.push({
      id,
      parent: ids.get(path.slice(0, -1).join('\0')) ?? 1,
      name: double ? `._${name}` : name,
      type: double || kind === 'file' ? FILE : kind === 'folder' ? FOLDER : LINK,
      mode: double ? 0o100000 | (bsd.mode & 0o666) : bsd.mode,
      uid: bsd.uid,
      gid: bsd.gid,
      modified: entry.dates.modified - HFS_EPOCH,
      size: packed?.size ?? 0,
      checksum,
      target: target === undefined ? '' : `${target}\0`,
    });
  }
  const keyed = paths.map((path) => ({ path, name: Buffer.from(path.name) }));
  keyed.sort((a, b) => a.path.parent - b.path.parent || Buffer.compare(a.name, b.name));
  return keyed.map(({ path }) => path);
}

async function checksumOf(data: ByteSource): Promise<number> {
  const sum = new Cksum();
  for await (const bytes of chunks(data)) sum.update(bytes);
  return sum.finish();
}

/** The two numbers of a tree's entry: what the path is, and what it is called. */
function leafEntry(store: BomStore, path: BomPath): readonly [value: number, key: number] {
  const target = Buffer.from(path.target);
  const about = Buffer.alloc(31 + target.length);
  about.writeUInt8(path.type, 0);
  about.writeUInt8(1, 1);
  about.writeUInt16BE(3, 2); // architectures
  about.writeUInt16BE(path.mode & 0xffff, 4);
  about.writeUInt32BE(path.uid, 6);
  about.writeUInt32BE(path.gid, 10);
  about.writeUInt32BE(path.modified >>> 0, 14);
  about.writeUInt32BE(path.size % 2 ** 32, 18);
  about.writeUInt8(1, 22);
  about.writeUInt32BE(path.checksum, 23);
  about.writeUInt32BE(target.length, 27);
  about.set(target, 31);
  const named = Buffer.alloc(8);
  named.writeUInt32BE(path.id, 0);
  named.writeUInt32BE(store.block(about), 4);
  const name = Buffer.from(`${path.name}\0`);
  const key = Buffer.alloc(4);
  key.writeUInt32BE(path.parent, 0);
  return [store.block(named), store.block(Buffer.concat([key, name]))];
}

/** A tree of these entries: leaves that know their neighbours, and above them one node after another until there is one. */
function tree(store: BomStore, entries: readonly (readonly [number, number])[], inNode = IN_NODE): number {
  let level: { readonly id: number; readonly last: number }[] = [];
  const ids = Array.from({ length: Math.max(1, Math.ceil(entries.length / inNode)) }, () => store.reserve());
  for (const [i, id] of ids.entries()) {
    const part = entries.slice(i * inNode, (i + 1) * inNode);
    store.fill(id, node(true, part, ids[i + 1] ?? 0, ids[i - 1] ?? 0));
    level.push({ id, last: part.at(-1)?.[1] ?? 0 });
  }
  while (level.length > 1) {
    const above: typeof level = [];
    for (let at = 0; at < level.length; at += inNode) {
      const part = level.slice(at, at + inNode);
      const id = store.block(
        node(
          false,
          part.map(({ id: child, last }) => [child, last] as const),
          0,
          0,
        ),
      );
      above.push({ id, last: part.at(-1)?.last ?? 0 });
    }
    level = above;
  }
  const head = Buffer.alloc(21);
  head.write('tree', 'latin1');
  head.writeUInt32BE(1, 4); // version
  head.writeUInt32BE(level[0]?.id ?? 0, 8);
  head.writeUInt32BE(NODE, 12);
  head.writeUInt32BE(entries.length, 16);
  return store.block(head);
}

function node(leaf: boolean, entries: readonly (readonly [number, number])[], next: number, before: number): Buffer {
  const bytes = Buffer.alloc(NODE);
  bytes.writeUInt16BE(leaf ? 1 : 0, 0);
  bytes.writeUInt16BE(entries.length, 2);
  bytes.writeUInt32BE(next, 4);
  bytes.writeUInt32BE(before, 8);
  for (const [i, [value, key]] of entries.entries()) {
    bytes.writeUInt32BE(value, NODE_HEAD + 8 * i);
    bytes.writeUInt32BE(key, NODE_HEAD + 8 * i + 4);
  }
  return bytes;
}
