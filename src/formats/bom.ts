import { FormatError } from '../errors.js';
import { MAX_ENTRIES, MAX_NAME } from './cpio/read.js';

/** Most bytes of a Bom that is read; that of a whole OS X has some 30 MB. */
export const MAX_BOM = 64 * 1024 * 1024;
/** Bytes of the header: magic, then six u32. */
const HEADER_SIZE = 32;
/** Bytes of a tree's header up to the number of its paths. */
const TREE_SIZE = 20;
/** Bytes of a node before its records, and of a record. */
const NODE_SIZE = 12;
const RECORD_SIZE = 8;

/** A path as a Bom lists it: numbers and names lead from the root, whose parent is 0, down. */
interface Row {
  readonly id: number;
  readonly parent: number;
  readonly name: string;
}

/**
 * What a bill of materials (Bom) lists at and below the path `from`, and the AppleDouble (`._name`) of `from` itself: POSIX names
 * joined by "/", without the leading "./". Nothing where it does not list `from`. Big-endian; layout as in hogliux/bomutils, and
 * measured on real packages. FormatError when the Bom cannot be read.
 */
export function listedInBom(bytes: Uint8Array, from: readonly string[], name: string): Set<string> {
  const bom = new BomFile(bytes, name);
  const children = new Map<number, Row[]>();
  for (const row of readRows(bom)) {
    const siblings = children.get(row.parent);
    if (siblings) siblings.push(row);
    else children.set(row.parent, [row]);
  }
  const listed = new Set<string>();
  const tops = children.get(0);
  const root = tops?.find((row) => row.name === '.');
  let siblings = root ? children.get(root.id) : tops;
  let found: Row | undefined = root;
  let double: Row | undefined;
  for (const part of from) {
    found = siblings?.find((row) => row.name === part);
    double = siblings?.find((row) => row.name === `._${part}`);
    siblings = found && children.get(found.id);
  }
  if (!found) return listed;
  if (double) listed.add([...from.slice(0, -1), double.name].join('/'));
  const waiting = [{ row: found, path: from.join('/') }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { row, path } = next;
    if (path.length > MAX_NAME) throw bom.fault(0, `paths of at most ${MAX_NAME} bytes`, 'a longer one');
    listed.add(path);
    const inside = children.get(row.id) ?? [];
    children.delete(row.id); // once, whatever the numbers say
    for (const child of inside) waiting.push({ row: child, path: path === '' ? child.name : `${path}/${child.name}` });
  }
  return listed;
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
  while (index !== 0) {
    const node = bom.block(index, NODE_SIZE);
    const records = node.readUInt16BE(2); //                           2 number of records
    if (NODE_SIZE + records * RECORD_SIZE > node.length) throw bom.fault(0, 'records inside their node', `${records}`);
    if (records === 0 && node.readUInt32BE(4) !== 0) throw bom.fault(0, 'records in a node', 'none');
    for (let at = NODE_SIZE; at < NODE_SIZE + records * RECORD_SIZE; at += RECORD_SIZE) {
      if (rows.length === count) throw bom.fault(0, `${count} paths`, 'more');
      const info = bom.block(node.readUInt32BE(at), 8); //             0 u32 number of the path, 4 u32 its properties
      const file = bom.block(node.readUInt32BE(at + 4), 5); //         0 u32 number of its parent, 4 its name, NUL
      const end = file.indexOf(0, 4);
      if (end < 0) throw bom.fault(0, 'a name that ends with NUL', 'none');
      rows.push({ id: info.readUInt32BE(0), parent: file.readUInt32BE(0), name: file.toString('utf8', 4, end) });
    }
    index = node.readUInt32BE(4); //                                   4 next leaf; 8 the one before
  }
  if (rows.length !== count) throw bom.fault(0, `${count} paths`, `${rows.length}`);
  return rows;
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
