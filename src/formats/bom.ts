import { FormatError } from '../errors.js';
import { MAX_ENTRIES, MAX_NAMES } from './cpio/paths.js';
import { MAX_NAME } from './cpio/read.js';

/** Most bytes of a Bom that is read; that of a whole OS X has some 30 MB. */
export const MAX_BOM = 64 * 1024 * 1024;
/** Bytes of the header: magic, then six u32. */
const HEADER_SIZE = 32;
/** Bytes of a tree's header up to the number of its paths. */
const TREE_SIZE = 20;
/** Bytes of a node before its records, and of a record. */
const NODE_SIZE = 12;
const RECORD_SIZE = 8;

/** A name in a folder. */
export interface BomRow {
  readonly id: number;
  readonly name: string;
  readonly item: BomItem;
}

/** A path as a Bom lists it: numbers and names lead from the root, whose parent is 0, down. */
interface Row extends BomRow {
  readonly parent: number;
}

/** What a Bom says of a path. */
export interface BomItem {
  readonly kind: 'file' | 'folder' | 'symlink' | 'special' | undefined;
  /** Bytes of a file, or of a link's target, modulo 2^32. Of folders it means nothing. */
  readonly size: number;
  /** cksum(1) of those bytes; undefined where there is none. */
  readonly checksum: number | undefined;
  /** As in the payload's header, of which the mode's upper bits are the kind; `modified` in Unix seconds. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: number;
}

const KINDS: readonly BomItem['kind'][] = [undefined, 'file', 'folder', 'symlink', 'special'];

/**
 * Reads a bill of materials (Bom). Paths are POSIX names joined by "/", without the leading "./". Big-endian; layout as in
 * hogliux/bomutils. Measured on the six real packages in test/fixtures: it lists the paths of the payload, and of all 214 files and
 * two links the size and the checksum, of all but the root owner, mode and date. FormatError when the Bom cannot be read.
 */
export function readBom(bytes: Uint8Array, name: string): Bom {
  return new Bom(readRows(new BomFile(bytes, name)));
}

export class Bom {
  /** By the number of the folder, then by name. */
  readonly #children = new Map<number, Map<string, Row>>();

  constructor(rows: readonly Row[]) {
    for (const row of rows) {
      const siblings = this.#children.get(row.parent);
      if (!siblings) this.#children.set(row.parent, new Map([[row.name, row]]));
      else if (!siblings.has(row.name)) siblings.set(row.name, row);
    }
  }

  /** What is listed at a path; undefined where nothing is. */
  at(path: readonly string[]): BomItem | undefined {
    const { row } = this.#find(path);
    return row?.item;
  }

  /**
   * All that is listed at and below `from`, and the AppleDouble (`._name`) of `from` itself. Nothing where it does not list `from`, or
   * paths longer than any payload has.
   */
  below(from: readonly string[]): Map<string, BomItem> {
    const listed = new Map<string, BomItem>();
    const { row, double } = this.#find(from);
    if (!row) return listed;
    if (double) listed.set([...from.slice(0, -1), double.name].join('/'), double.item);
    const waiting = [{ row, path: from.join('/') }];
    const gone = new Set<number>();
    let names = 0;
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { row: one, path } = next;
      names += path.length;
      if (path.length > MAX_NAME || names > MAX_NAMES) return new Map();
      listed.set(path, one.item);
      if (gone.has(one.id)) continue; // once, whatever the numbers say
      gone.add(one.id);
      for (const child of this.#children.get(one.id)?.values() ?? []) {
        waiting.push({ row: child, path: path === '' ? child.name : `${path}/${child.name}` });
      }
    }
    return listed;
  }

  /** What is listed in a folder. */
  inside(path: readonly string[]): Iterable<BomRow> {
    const { row } = this.#find(path);
    return (row && this.#children.get(row.id)?.values()) ?? [];
  }

  /** What each path and all below it come to, by its number, if it alone is worth what `worth` says of it and the bytes of its path. */
  sum(worth: (item: BomItem, pathBytes: number) => number): Map<number, number> {
    const sums = new Map<number, number>();
    const { row } = this.#find([]);
    // Down the tree, then up again, without recursion: a hostile one is deep. What was seen is not entered again.
    const waiting: { row: Row; pathBytes: number; done: boolean }[] = row ? [{ row, pathBytes: 0, done: false }] : [];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { row: one, pathBytes, done } = next;
      const inside = this.#children.get(one.id)?.values() ?? [];
      if (done) {
        let sum = worth(one.item, pathBytes);
        for (const { id } of inside) sum += sums.get(id) ?? 0;
        sums.set(one.id, sum);
      } else if (!sums.has(one.id)) {
        sums.set(one.id, 0);
        waiting.push({ ...next, done: true });
        for (const child of inside) {
          const bytes = pathBytes + (pathBytes > 0 ? 1 : 0) + Buffer.byteLength(child.name);
          waiting.push({ row: child, pathBytes: bytes, done: false });
        }
      }
    }
    return sums;
  }

  #find(path: readonly string[]): { row: Row | undefined; double: Row | undefined } {
    const tops = this.#children.get(0);
    const root = tops?.get('.');
    let siblings = root ? this.#children.get(root.id) : tops;
    let found: Row | undefined = root;
    let double: Row | undefined;
    for (const part of path) {
      found = siblings?.get(part);
      double = siblings?.get(`._${part}`);
      siblings = found && this.#children.get(found.id);
    }
    return { row: found, double };
  }
}

/** All paths' records, from the first leaf of the tree "Paths" on. */
function readRows(bom: BomFile): Row[] {
  const tree = bom.block(bom.variable('Paths'), TREE_SIZE);
  if (tree.toString('latin1', 0, 4) !== 'tree') throw bom.fault(0, 'the tree "Paths"', 'something else');
  let index = tree.readUInt32BE(8); //                                 8 root node
  const count = tree.readUInt32BE(16); //                             16 number of paths
  if (count > MAX_ENTRIES) throw bom.fault(0, `at most ${MAX_ENTRIES} paths`, `${count}`);
  for (let depth = 0; ; depth++) {
    const node = bom.block(index, NODE_SIZE);
    if (node.readUInt16BE(0) !== 0) break; //                          0 a leaf: 1
    if (depth > 32 || node.length < NODE_SIZE + RECORD_SIZE)
      throw bom.fault(0, 'a tree of paths', 'one without leaves');
    index = node.readUInt32BE(NODE_SIZE);
  }
  const rows: Row[] = [];
  let names = 0;
  while (index !== 0) {
    const node = bom.block(index, NODE_SIZE);
    const records = node.readUInt16BE(2); //                           2 number of records
    if (NODE_SIZE + records * RECORD_SIZE > node.length) throw bom.fault(0, 'records inside their node', `${records}`);
    if (records === 0 && node.readUInt32BE(4) !== 0) throw bom.fault(0, 'records in a node', 'none');
    for (let at = NODE_SIZE; at < NODE_SIZE + records * RECORD_SIZE; at += RECORD_SIZE) {
      if (rows.length === count) throw bom.fault(0, `${count} paths`, 'more');
      const info = bom.block(node.readUInt32BE(at), 8); //             0 u32 number of the path, 4 u32 its properties
      const file = bom.block(node.readUInt32BE(at + 4), 5); //         0 u32 number of its parent, 4 its name, NUL
      const end = file.subarray(0, 4 + MAX_NAME + 1).indexOf(0, 4);
      if (end < 0) throw bom.fault(0, `a name of at most ${MAX_NAME} bytes that ends with NUL`, 'none');
      // Many may be in one block.
      names += end - 4;
      if (names > MAX_NAMES) throw bom.fault(0, `at most ${MAX_NAMES} bytes of names`, 'more');
      rows.push({
        id: info.readUInt32BE(0),
        parent: file.readUInt32BE(0),
        name: file.toString('utf8', 4, end),
        item: itemOf(bom.block(info.readUInt32BE(4), 22)),
      });
    }
    index = node.readUInt32BE(4); //                                   4 next leaf; 8 the one before
  }
  if (rows.length !== count) throw bom.fault(0, `${count} paths`, `${rows.length}`);
  return rows;
}

/** What a path is; `about` has at least 22 bytes. */
function itemOf(about: Buffer): BomItem {
  const kind = KINDS[about[0]!]; //                                    0 u8 kind, 1 u8, 2 u16 architectures
  const mode = about.readUInt16BE(4); //                               4 u16 mode
  const [uid, gid] = [about.readUInt32BE(6), about.readUInt32BE(10)]; // 6 owner, 10 group
  const modified = about.readUInt32BE(14); //                         14 time of change
  const size = about.readUInt32BE(18); //                             18 size, 22 u8
  const checksum = about.length < 27 ? undefined : about.readUInt32BE(23); // 23 checksum, 27 length of a target, target
  return { kind, size, checksum, mode, uid, gid, modified };
}

/** A store of numbered blocks, some of which have names. */
class BomFile {
  readonly #bytes: Buffer;
  readonly #index: number;
  readonly #blocks: number;
  readonly #variables: number;

  constructor(
    bytes: Uint8Array,
    readonly name: string,
  ) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const size = bytes.length;
    if (size < HEADER_SIZE || this.#bytes.toString('latin1', 0, 8) !== 'BOMStore') {
      throw this.fault(0, '"BOMStore"', `${size} bytes of something else`); // 0 magic
    }
    //                                                                 8 version, 12 number of blocks in use
    this.#index = this.#bytes.readUInt32BE(16); //                    16 offset of the table of blocks, 20 its length
    this.#variables = this.#bytes.readUInt32BE(24); //                24 offset of the names, 28 their length
    if (this.#index + 4 > size || this.#variables + 4 > size)
      throw this.fault(16, `tables inside ${size} bytes`, 'not');
    this.#blocks = this.#bytes.readUInt32BE(this.#index);
    if (this.#index + 4 + this.#blocks * 8 > size) throw this.fault(this.#index, 'blocks that fit', `${this.#blocks}`);
  }

  /** The bytes of a block; at least `least`. */
  block(number: number, least: number): Buffer {
    if (number >= this.#blocks) throw this.fault(this.#index, `one of ${this.#blocks} blocks`, `${number}`);
    const at = this.#index + 4 + number * 8;
    const offset = this.#bytes.readUInt32BE(at);
    const length = this.#bytes.readUInt32BE(at + 4);
    if (length < least || offset + length > this.#bytes.length) {
      throw this.fault(at, `a block of at least ${least} bytes inside the file`, `${length} at ${offset}`);
    }
    return this.#bytes.subarray(offset, offset + length);
  }

  /** The block that has this name. */
  variable(wanted: string): number {
    const count = this.#bytes.readUInt32BE(this.#variables);
    let at = this.#variables + 4;
    for (let i = 0; i < count && at + 5 <= this.#bytes.length; i++) {
      const length = this.#bytes[at + 4]!; //                          0 block, 4 u8 length of the name, 5 name
      if (this.#bytes.toString('latin1', at + 5, at + 5 + length) === wanted) return this.#bytes.readUInt32BE(at);
      at += 5 + length;
    }
    throw this.fault(this.#variables, `a tree ${JSON.stringify(wanted)}`, 'none');
  }

  fault(offset: number, expected: string, found: string): FormatError {
    return new FormatError({ file: this.name, structure: 'Bom', offset, expected, found });
  }
}
