import { SourceError } from '../../../errors.js';
import { type ByteSource, fromBytes, zeros } from '../../bytes.js';
import { concat } from '../../concat.js';
import { MAX_DEPTH } from '../btree.js';
import {
  BTreeAttribute,
  encodeBTreeHeader,
  headerMapSize,
  mapNodeMapSize,
  mapNodesNeeded,
  USER_RECORD_SIZE,
} from '../btree-header.js';
import { encodeChild, encodeNode, encodeNodeDescriptor, NODE_DESCRIPTOR_SIZE, NodeKind } from '../btree-node.js';
import { viewOf } from '../where.js';

/** A leaf record to be written. */
export interface TreeRecord<K> {
  readonly key: K;
  /** What follows the key. */
  readonly record: Uint8Array;
}

/** What a tree's header record says about its kind; taken from the old tree where there is one. */
export interface TreeFormat<K> {
  /** What errors call it: "catalog". */
  readonly name: string;
  /** Bytes; a power of two from 512 to 32768. */
  readonly nodeSize: number;
  readonly maxKeyLength: number;
  readonly clumpSize: number;
  readonly btreeType: number;
  readonly keyCompareType: number;
  readonly attributes: number;
  /** The key as stored, with its u16 length field. */
  encode(key: K): Uint8Array;
  compare(a: K, b: K): number;
}

/** A finished tree: the bytes of its fork. */
export interface BuiltTree {
  readonly source: ByteSource;
  readonly treeDepth: number;
  readonly leafRecords: number;
  readonly totalNodes: number;
  readonly freeNodes: number;
}

export interface TreeOptions {
  /** The fork's size is a multiple of this many bytes: the block size. */
  readonly multiple: number;
  /** Leave room for so many. */
  readonly minimumNodes?: number;
  /** The nodes are not kept: the tree's source is as long as they are and reads as zeros. */
  readonly measureOnly?: boolean;
}

const SLAB_BYTES = 1 << 20;
/** Most trees are small. */
const FIRST_SLAB_BYTES = 64 << 10;

/**
 * Bulk loads a B-tree (TN1150 "B-Trees"): leaves are packed in order, then each index level, then map nodes. SourceError where the nodes
 * are too small for the records, as those of a volume can be that no Apple tool made. Throws when the records are not in strictly rising
 * order: a fault of the caller, never of an input.
 */
export async function buildTree<K>(
  records: AsyncIterable<TreeRecord<K>> | Iterable<TreeRecord<K>>,
  format: TreeFormat<K>,
  { multiple, minimumNodes = 0, measureOnly = false }: TreeOptions,
): Promise<BuiltTree> {
  const store = new NodeStore(format.nodeSize, measureOnly);
  store.add(new Uint8Array(0)); // the header node, known last
  let level = new Level(store, NodeKind.leaf, 1, format.name);
  let last: TreeRecord<K> | undefined;
  let leafRecords = 0;
  for await (const record of records) {
    const key = format.encode(record.key);
    if (last && format.compare(last.key, record.key) >= 0) {
      throw new Error(`${format.name} records out of order: ${hex(format.encode(last.key))} before ${hex(key)}`);
    }
    last = record;
    level.add(key, record.record);
    leafRecords++;
  }
  level.close();
  const leaves = level.nodes;
  let treeDepth = leafRecords > 0 ? 1 : 0;
  while (level.nodes.length > 1) {
    const above = new Level(store, NodeKind.index, ++treeDepth, format.name);
    for (const { first, node } of level.nodes) above.add(indexKey(first, format), encodeChild(node));
    above.close();
    // Each must hold two at least, or the tree has no top; more levels than this nobody reads.
    if (above.nodes.length >= level.nodes.length || treeDepth > MAX_DEPTH) throw tooSmall(format);
    level = above;
  }
  const used = store.count;
  const { mapNodes, totalNodes } = measureMap(used, minimumNodes, multiple / format.nodeSize, format.nodeSize);
  const maps = nodeMaps(used + mapNodes, mapNodes, format.nodeSize);
  for (let i = 0; i < mapNodes; i++) {
    const fLink = i + 1 < mapNodes ? used + i + 1 : 0;
    store.add(encodeNode({ fLink, bLink: 0, kind: NodeKind.map, height: 0, records: [maps[i + 1]!] }, format.nodeSize));
  }
  const shape = { treeDepth, leafRecords, totalNodes, freeNodes: totalNodes - used - mapNodes };
  const header = encodeBTreeHeader({
    ...format,
    ...shape,
    rootNode: level.nodes[0]?.node ?? 0,
    firstLeafNode: leaves[0]?.node ?? 0,
    lastLeafNode: leaves.at(-1)?.node ?? 0,
    reserved1: 0,
  });
  const headerNode = { fLink: mapNodes > 0 ? used : 0, bLink: 0, kind: NodeKind.header, height: 0 };
  store.set(
    0,
    encodeNode({ ...headerNode, records: [header, new Uint8Array(USER_RECORD_SIZE), maps[0]!] }, format.nodeSize),
  );
  store.grow(totalNodes);
  return { source: store.source(format.name), ...shape };
}

function tooSmall({ name, nodeSize }: { readonly name: string; readonly nodeSize: number }): SourceError {
  return new SourceError(`The ${name} tree has nodes of ${nodeSize} bytes, which are too small for its records.`, {
    hint: 'TN1150 wants 4096 at least for catalog and attributes. Copy what is on the volume to a new one, on a Mac.',
  });
}

/** The key of an index record: the child's first key, filled up to maxKeyLength in trees with fixed index keys. */
function indexKey<K>(key: Uint8Array, format: TreeFormat<K>): Uint8Array {
  if (format.attributes & BTreeAttribute.variableIndexKeys) return key;
  const fixed = new Uint8Array(2 + format.maxKeyLength);
  fixed.set(key);
  return fixed;
}

/** How many map nodes and nodes in all there are: each map node is itself a node to be mapped. */
function measureMap(used: number, minimum: number, perBlock: number, nodeSize: number) {
  const step = Math.max(1, perBlock);
  for (let mapNodes = 0; ; ) {
    const totalNodes = Math.ceil(Math.max(minimum, used + mapNodes) / step) * step;
    const needed = mapNodesNeeded(totalNodes, nodeSize);
    if (needed <= mapNodes) return { mapNodes, totalNodes };
    mapNodes = needed;
  }
}

/** The map records, that of the header node first, with the first `used` bits set. */
function nodeMaps(used: number, mapNodes: number, nodeSize: number): Uint8Array[] {
  let left = used;
  return Array.from({ length: mapNodes + 1 }, (_, i) => {
    const map = new Uint8Array(i === 0 ? headerMapSize(nodeSize) : mapNodeMapSize(nodeSize));
    const bits = Math.min(left, map.length * 8);
    map.fill(0xff, 0, bits >>> 3);
    if (bits & 7) map[bits >>> 3] = 0xff << (8 - (bits & 7));
    left -= bits;
    return map;
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** One level of the tree while it is filled: its nodes are numbered one after another. Records go straight to their place. */
class Level {
  readonly nodes: { readonly first: Uint8Array; readonly node: number }[] = [];
  readonly #store: NodeStore;
  readonly #kind: NodeKind;
  readonly #height: number;
  /** The node that is being filled, used again for the next. */
  readonly #node: Uint8Array;
  readonly #fields: DataView;
  #first: Uint8Array | undefined;
  #count = 0;
  #at = NODE_DESCRIPTOR_SIZE;

  constructor(
    store: NodeStore,
    kind: NodeKind,
    height: number,
    readonly tree: string,
  ) {
    this.#store = store;
    this.#kind = kind;
    this.#height = height;
    this.#node = new Uint8Array(store.nodeSize);
    this.#fields = viewOf(this.#node);
  }

  /** A record: `key` as stored, padded to even, and what follows it. */
  add(key: Uint8Array, rest: Uint8Array): void {
    const keyed = key.length + (key.length & 1);
    const length = keyed + rest.length + (rest.length & 1);
    // The offsets of the records, this one's and that of the free space lie at the node's end.
    if (this.#at + length > this.#node.length - 2 * (this.#count + 2)) this.close();
    if (this.#at + length > this.#node.length - 2 * (this.#count + 2)) {
      throw tooSmall({ name: this.tree, nodeSize: this.#node.length });
    }
    this.#first ??= Uint8Array.from(key);
    this.#node.set(key, this.#at);
    this.#node.set(rest, this.#at + keyed);
    this.#fields.setUint16(this.#node.length - 2 * ++this.#count, this.#at);
    this.#at += length;
  }

  /** Gives the node away that is being filled, and links it with the one before. */
  close(): void {
    if (!this.#first) return;
    const number = this.#store.count;
    const bLink = this.nodes.at(-1)?.node ?? 0;
    const numRecords = this.#count;
    this.#fields.setUint16(this.#node.length - 2 * (numRecords + 1), this.#at);
    encodeNodeDescriptor({ fLink: 0, bLink, kind: this.#kind, height: this.#height, numRecords }, this.#node);
    this.#store.add(this.#node);
    if (bLink) this.#store.setForwardLink(bLink, number);
    this.nodes.push({ first: this.#first, node: number });
    this.#first = undefined;
    this.#node.fill(0);
    this.#count = 0;
    this.#at = NODE_DESCRIPTOR_SIZE;
  }
}

/** Nodes in slabs, so that the fork is a few large pieces. */
class NodeStore {
  readonly nodeSize: number;
  count = 0;
  /** Undefined: nodes are only counted. */
  readonly #slabs: Uint8Array[] | undefined;

  constructor(nodeSize: number, measureOnly: boolean) {
    this.nodeSize = nodeSize;
    this.#slabs = measureOnly ? undefined : [];
  }

  /** Takes a copy. */
  add(node: Uint8Array): void {
    this.grow(this.count + 1);
    this.set(this.count - 1, node);
  }

  set(number: number, node: Uint8Array): void {
    this.#at(number)?.set(node);
  }

  setForwardLink(number: number, next: number): void {
    const node = this.#at(number);
    if (node) viewOf(node).setUint32(0, next);
  }

  /** Zeroed nodes up to `count`. */
  grow(count: number): void {
    this.count = count;
    const slabs = this.#slabs;
    const bytes = count * this.nodeSize;
    if (!slabs || bytes === 0) return;
    if (slabs.length <= 1) slabs[0] = enlarged(slabs[0], Math.min(bytes, SLAB_BYTES));
    while (slabs.length * SLAB_BYTES < bytes) slabs.push(new Uint8Array(SLAB_BYTES));
  }

  source(name: string): ByteSource {
    const size = this.count * this.nodeSize;
    if (!this.#slabs) return zeros(size, name);
    const parts = this.#slabs.map((slab, i) => ({
      source: fromBytes(slab, name),
      offset: 0,
      length: Math.min(SLAB_BYTES, size - i * SLAB_BYTES),
    }));
    return concat(parts, name);
  }

  #at(number: number): Uint8Array | undefined {
    const at = number * this.nodeSize;
    const slab = this.#slabs?.[Math.floor(at / SLAB_BYTES)];
    return slab?.subarray(at % SLAB_BYTES, (at % SLAB_BYTES) + this.nodeSize);
  }
}

/** A slab that holds so many bytes, with what was in the one before. */
function enlarged(slab: Uint8Array | undefined, bytes: number): Uint8Array {
  if (slab && slab.length >= bytes) return slab;
  const larger = new Uint8Array(Math.min(SLAB_BYTES, Math.max(FIRST_SLAB_BYTES, 2 * bytes)));
  if (slab) larger.set(slab);
  return larger;
}
