import type { BiosDisk } from './bios-disk.js';

/** What forks and trees need of a volume; bytes. */
export interface VolumeBytes {
  readonly disk: BiosDisk;
  readonly start: number;
  readonly blockSize: number;
}

export interface Fork {
  readonly cnid: number;
  readonly size: number;
  /** 8 × {u32 first block, u32 blocks}. */
  readonly extents: Buffer;
}

/** A catalog record with its key. */
export interface NodeRecord {
  readonly parent: number;
  readonly name: string;
  readonly data: Buffer;
}

interface CatalogKey {
  readonly parent: number;
  readonly name: string;
}

/** A leaf record, and where it is. */
interface Place {
  readonly node: number;
  readonly index: number;
  readonly data: Buffer;
}

const INDEX_NODE = 0;
/** More levels than any tree has: a ring ends here. */
const MOST_LEVELS = 32;
/** Files a loader has room for: 64 MiB (memory.h: LOAD_LEN). */
const LOAD_LIMIT = 64 << 20;

/** A B-tree as hfs.c walks it. */
export class Tree {
  readonly volume: VolumeBytes;
  readonly overflow: Tree | undefined;
  readonly caseSensitive: boolean;
  readonly #fork: Fork;
  readonly #root: number;
  readonly #firstLeaf: number;
  readonly #nodeSize: number;
  /** cache.c keeps what a failed read left in the buffer, too. */
  readonly #cache = new Map<number, Buffer>();

  constructor(volume: VolumeBytes, fork: Fork, overflow: Tree | undefined) {
    this.volume = volume;
    this.overflow = overflow;
    this.#fork = fork;
    const header = readFork(volume, fork, overflow, 0, 256);
    this.#root = header.readUInt32BE(14 + 2);
    this.#firstLeaf = header.readUInt32BE(14 + 10);
    this.#nodeSize = header.readUInt16BE(14 + 18);
    this.caseSensitive = header[14 + 37] === 0xbc;
  }

  #node(number: number): Buffer {
    let node = this.#cache.get(number);
    if (!node) {
      node = Buffer.alloc(Math.max(this.#nodeSize, 512));
      readFork(this.volume, this.#fork, this.overflow, number * this.#nodeSize, this.#nodeSize).copy(node);
      this.#cache.set(number, node);
    }
    return node;
  }

  /** Binary search from the root down; undefined where no key is equal. */
  #search(compare: (key: Buffer) => number): Place | undefined {
    let number = this.#root;
    for (let level = 0; level < MOST_LEVELS; level++) {
      const node = this.#node(number);
      const count = countOf(node);
      let [low, high, index, order] = [0, count - 1, 0, -1];
      while (low <= high) {
        index = (low + high) >> 1;
        order = compare(keyOf(node, index));
        if (order === 0) break;
        if (order < 0) high = index - 1;
        else low = index + 1;
      }
      // Below the first key the loader's unsigned bound wraps around and it compares what is no record.
      if (count === 0 || (order < 0 && high < 0)) return undefined;
      if (order < 0) index = high;
      const data = dataOf(node, index);
      if (node.readInt8(8) !== INDEX_NODE) return order === 0 ? { node: number, index, data } : undefined;
      number = data.readUInt32BE(0);
    }
    return undefined;
  }

  #findPlace(wanted: CatalogKey): Place | undefined {
    const sensitive = this.caseSensitive;
    return this.#search((key) => {
      const [parent, name] = [key.readUInt32BE(2), nameOf(key)];
      if (wanted.parent !== parent) return wanted.parent < parent ? -1 : 1;
      if (wanted.name === '' || name === '') return wanted.name.length - name.length;
      return compareNames(wanted.name, name, sensitive);
    });
  }

  find(wanted: CatalogKey): NodeRecord | undefined {
    const place = this.#findPlace(wanted);
    return place && { ...wanted, data: place.data };
  }

  /** The records behind a key, leaf after leaf. */
  *after(wanted: CatalogKey): Generator<NodeRecord> {
    const place = this.#findPlace(wanted);
    if (!place) return;
    const met = new Set<number>();
    for (let { node: number, index } = place; number !== 0 && !met.has(number); index = -1) {
      met.add(number);
      const node = this.#node(number);
      for (let i = index + 1; i < countOf(node); i++) {
        const key = keyOf(node, i);
        yield { parent: key.readUInt32BE(2), name: nameOf(key), data: dataOf(node, i) };
      }
      number = node.readUInt32BE(0);
    }
  }

  /** The root folder's record is the catalog's first: its name is the label. */
  firstLeafName(): string {
    const node = this.#node(this.#firstLeaf);
    return countOf(node) === 0 ? '' : nameOf(keyOf(node, 0));
  }

  /** The 8 extents of a data fork from this block on, in the extents overflow file. */
  extentsFrom(cnid: number, block: number): Buffer | undefined {
    return this.#search((key) => {
      const order = [
        [cnid, key.readUInt32BE(4)],
        [0, key.readUInt8(2)],
        [block, key.readUInt32BE(8)],
      ].find(([wanted, found]) => wanted !== found);
      return order ? order[0]! - order[1]! : 0;
    })?.data.subarray(0, 64);
  }
}

/** hfs.c's ReadExtent: what cannot be read stays zero. */
export function readFork(
  volume: VolumeBytes,
  fork: Fork,
  overflow: Tree | undefined,
  from = 0,
  length = fork.size - from,
): Buffer {
  const { disk, start, blockSize } = volume;
  if (length > LOAD_LIMIT) disk.console.push(`a file of ${length} bytes: there is room for 64 MiB`);
  const bytes = Buffer.alloc(Math.max(0, Math.min(length, fork.size - from, LOAD_LIMIT)));
  let extents = fork.extents;
  let before = 0;
  for (let done = 0, i = 0; done < bytes.length; i++) {
    if (i === 8) {
      const more = overflow?.extentsFrom(fork.cnid, before);
      // Without them the loader counts empty extents for ever.
      if (!more) {
        disk.console.push(`(no end: extents of CNID ${fork.cnid} from block ${before} are not found)`);
        break;
      }
      [extents, i] = [more, 0];
    }
    const [first, blocks] = [extents.readUInt32BE(i * 8), extents.readUInt32BE(i * 8 + 4)];
    const inside = from + done - before * blockSize;
    if (inside < blocks * blockSize) {
      const part = bytes.subarray(done, done + Math.min(bytes.length - done, blocks * blockSize - inside));
      disk.read(start + first * blockSize + inside, part);
      done += part.length;
    } else if (blocks === 0) i = 7;
    before += blocks;
  }
  return bytes;
}

/** Records of a node; a count that is garbage is no more than fit. */
function countOf(node: Buffer): number {
  return Math.min(node.readUInt16BE(10), (node.length - 16) >> 2);
}

function keyOf(node: Buffer, index: number): Buffer {
  const at = node.readUInt16BE(node.length - 2 * index - 2);
  return node.subarray(Math.min(at, node.length - 16));
}

function dataOf(node: Buffer, index: number): Buffer {
  const key = keyOf(node, index);
  // As hfs.c: behind the key's length, whatever the tree's attributes say of index keys.
  const data = key.subarray(2 + key.readUInt16BE(0));
  return data.length >= 4 ? data : Buffer.alloc(264);
}

function nameOf(key: Buffer): string {
  const length = Math.min(key.readUInt16BE(6), (key.length - 8) >> 1);
  return Buffer.from(key.subarray(8, 8 + 2 * length))
    .swap16()
    .toString('utf16le');
}

/** Names the loader looks for are ASCII: of the order of Apple's tables only that of ASCII and of what is skipped matters. */
function compareNames(wanted: string, found: string, sensitive: boolean): number {
  const [a, b] = sensitive ? [wanted, found] : [fold(wanted), fold(found)];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return a.charCodeAt(i) - b.charCodeAt(i);
  }
  return a.length - b.length;
}

function fold(name: string): string {
  return name
    .replaceAll(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '')
    .replaceAll('\0', '\uffff')
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
