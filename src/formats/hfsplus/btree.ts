import type { ByteSource } from '../bytes.js';
import { BTreeAttribute, type BTreeHeader, decodeBTreeHeader } from './btree-header.js';
import { type BTreeNode, decodeChild, decodeNode, MIN_NODE_SIZE, NodeKind, splitRecord } from './btree-node.js';
import type { Compare } from './names.js';
import { fault, type Where } from './where.js';

/** What one kind of tree needs to be read: how its keys look and how they are ordered. */
export interface KeyFormat<K> {
  /** In the field's words: "catalog". */
  readonly tree: string;
  decode(key: Uint8Array, where: Where): K;
  order(header: BTreeHeader): Compare<K>;
}

/** A leaf record: the bytes after its key, and where it is. */
export interface LeafRecord<K> {
  readonly key: K;
  readonly record: Uint8Array;
  /** Node number. */
  readonly node: number;
  /** Number of the record in its node. */
  readonly index: number;
}

/** More levels than any tree of 2^32 nodes has. */
export const MAX_DEPTH = 32;
/** Bytes of nodes kept for searches. */
const CACHE_BYTES = 4 << 20;
/** Bytes read at once when leaves follow one another on the disk. */
const READ_AHEAD = 256 << 10;

/** Reads a B-tree of HFS+ (TN1150) of any node size. Every fault of its structure is a FormatError. */
export class BTree<K> {
  readonly source: ByteSource;
  readonly header: BTreeHeader;
  readonly compare: Compare<K>;
  readonly #format: KeyFormat<K>;
  readonly #cache = new Map<number, BTreeNode>();
  readonly #cacheNodes: number;
  /** The last answer of where(): most come in a row for one node. */
  #where: Where = { file: '', structure: '', offset: -1 };

  private constructor(source: ByteSource, header: BTreeHeader, format: KeyFormat<K>) {
    this.source = source;
    this.header = header;
    this.compare = format.order(header);
    this.#format = format;
    this.#cacheNodes = Math.max(16, CACHE_BYTES / header.nodeSize);
  }

  /** Opens the tree whose fork is `source`. */
  static async open<K>(source: ByteSource, format: KeyFormat<K>): Promise<BTree<K>> {
    const where: Where = { file: source.name, structure: `${format.tree} B-tree header node`, offset: 0 };
    if (source.size < MIN_NODE_SIZE) throw fault(where, 0, 'a header node', `${source.size} bytes`);
    const head = await source.read(0, MIN_NODE_SIZE);
    // The header record lies at 14 whatever the node size is, and says what the node size is.
    const header = decodeBTreeHeader(head.subarray(14), { ...where, offset: 14 });
    if (header.totalNodes * header.nodeSize > source.size) {
      throw fault(where, 14 + 22, `at most ${Math.floor(source.size / header.nodeSize)} nodes`, header.totalNodes);
    }
    if (header.treeDepth > MAX_DEPTH) throw fault(where, 14, `at most ${MAX_DEPTH} levels`, header.treeDepth);
    if ((header.rootNode === 0) !== (header.treeDepth === 0)) {
      throw fault(where, 14 + 2, `a root node for a depth of ${header.treeDepth}`, header.rootNode);
    }
    const tree = new BTree(source, header, format);
    const node = decodeNode(await source.read(0, header.nodeSize), where);
    if (node.kind !== NodeKind.header) throw fault(where, 8, 'a header node (kind 1)', node.kind);
    return tree;
  }

  /** Where node `number` lies in the fork. */
  where(number: number): Where {
    const offset = number * this.header.nodeSize;
    if (this.#where.offset !== offset) {
      this.#where = { file: this.source.name, structure: `${this.#format.tree} B-tree node ${number}`, offset };
    }
    return this.#where;
  }

  /** Node `number`, whose kind and height must be as given; `from` is the node that points to it. */
  async node(number: number, height: number, from: Where): Promise<BTreeNode> {
    this.#checkNumber(number, from);
    const kept = this.#cache.get(number);
    if (kept) {
      this.#cache.delete(number);
      this.#cache.set(number, kept);
      return this.#checkKind(kept, number, height);
    }
    const bytes = await this.source.read(number * this.header.nodeSize, this.header.nodeSize);
    const node = this.#checkKind(decodeNode(bytes, this.where(number)), number, height);
    this.#cache.set(number, node);
    if (this.#cache.size > this.#cacheNodes) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest);
        break;
      }
    }
    return node;
  }

  /** The record with exactly this key. */
  async search(key: K): Promise<LeafRecord<K> | undefined> {
    const leaf = await this.#descend(key);
    if (!leaf) return undefined;
    const index = this.#lastNotAbove(leaf.node, leaf.number, key);
    if (index < 0) return undefined;
    const found = this.#leafRecord(leaf.node, leaf.number, index);
    return this.compare(found.key, key) === 0 ? found : undefined;
  }

  /** All leaf records in order, from the first whose key is not below `from`. */
  async *records(from?: K): AsyncGenerator<LeafRecord<K>> {
    let last: K | undefined;
    for await (const leaf of this.leaves(from)) {
      let index = 0;
      if (from !== undefined && last === undefined) {
        index = this.#lastNotAbove(leaf.node, leaf.number, from);
        if (index < 0 || this.compare(this.#leafRecord(leaf.node, leaf.number, index).key, from) < 0) index++;
      }
      for (; index < leaf.node.numRecords; index++) {
        const record = this.#leafRecord(leaf.node, leaf.number, index);
        if (last !== undefined && this.compare(last, record.key) >= 0) {
          throw fault(
            this.where(leaf.number),
            0,
            'keys in rising order',
            `record ${index} not above the one before it`,
          );
        }
        last = record.key;
        yield record;
      }
    }
  }

  /** All leaf nodes in order, from the one where `from` is or would be. Reads ahead where they lie one after another. */
  async *leaves(from?: K): AsyncGenerator<{ node: BTreeNode; number: number }> {
    if (this.header.treeDepth === 0) return;
    const { nodeSize, totalNodes, firstLeafNode } = this.header;
    let current = from === undefined ? undefined : await this.#descend(from);
    if (!current) {
      const node = await this.node(firstLeafNode, 1, this.where(0));
      if (node.bLink !== 0) throw fault(this.where(firstLeafNode), 4, 'no node before the first leaf', node.bLink);
      current = { node, number: firstLeafNode };
    }
    let window: { first: number; count: number; bytes: Uint8Array } = { first: 0, count: 0, bytes: new Uint8Array(0) };
    let ahead = 1;
    for (let seen = 1; ; seen++) {
      yield current;
      const number: number = current.number;
      const next: number = current.node.fLink;
      if (next === 0) return;
      if (seen >= totalNodes) throw fault(this.where(number), 0, `at most ${totalNodes} leaves`, 'a ring of leaves');
      this.#checkNumber(next, this.where(number));
      if (next < window.first || next >= window.first + window.count) {
        ahead = next === number + 1 ? Math.min(ahead * 4, Math.max(1, READ_AHEAD / nodeSize)) : 1;
        const count = Math.min(ahead, totalNodes - next);
        window = { first: next, count, bytes: await this.source.read(next * nodeSize, count * nodeSize) };
      }
      const at = (next - window.first) * nodeSize;
      const leaf = decodeNode(window.bytes.subarray(at, at + nodeSize), this.where(next));
      this.#checkKind(leaf, next, 1);
      if (leaf.bLink !== number) throw fault(this.where(next), 4, `${number} as the node before it`, leaf.bLink);
      current = { node: leaf, number: next };
    }
  }

  /** The leaf in which `key` is or would be. */
  async #descend(key: K): Promise<{ node: BTreeNode; number: number } | undefined> {
    const { treeDepth, rootNode } = this.header;
    if (treeDepth === 0) return undefined;
    let number = rootNode;
    let node = await this.node(number, treeDepth, this.where(0));
    for (let height = treeDepth; height > 1; height--) {
      const where = this.where(number);
      if (node.numRecords === 0) throw fault(where, 10, 'at least one index record', 0);
      const index = Math.max(0, this.#lastNotAbove(node, number, key));
      const record = node.records[index]!;
      number = decodeChild(record, this.#keyEnd(record, node.kind, where), where);
      node = await this.node(number, height - 1, where);
    }
    return { node, number };
  }

  /** The number of the last record whose key is not above `key`, -1 when there is none. */
  #lastNotAbove(node: BTreeNode, number: number, key: K): number {
    let low = 0;
    let high = node.numRecords;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(this.#key(node.records[middle]!, number), key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #key(record: Uint8Array, number: number): K {
    const where = this.where(number);
    return this.#format.decode(splitRecord(record, this.header.maxKeyLength, where).key, where);
  }

  #keyEnd(record: Uint8Array, kind: NodeKind, where: Where): number {
    const { attributes, maxKeyLength } = this.header;
    const fixed = kind === NodeKind.index && (attributes & BTreeAttribute.variableIndexKeys) === 0;
    return fixed ? 2 + maxKeyLength : splitRecord(record, maxKeyLength, where).at;
  }

  #leafRecord(node: BTreeNode, number: number, index: number): LeafRecord<K> {
    const where = this.where(number);
    const bytes = node.records[index]!;
    const { key, at } = splitRecord(bytes, this.header.maxKeyLength, where);
    return { key: this.#format.decode(key, where), record: bytes.subarray(at), node: number, index };
  }

  #checkNumber(number: number, from: Where): void {
    if (number === 0 || number >= this.header.totalNodes) {
      throw fault(from, 0, `a node number from 1 to ${this.header.totalNodes - 1}`, number);
    }
  }

  #checkKind(node: BTreeNode, number: number, height: number): BTreeNode {
    const kind = height > 1 ? NodeKind.index : NodeKind.leaf;
    if (node.kind !== kind) throw fault(this.where(number), 8, `a node of kind ${kind}`, node.kind);
    if (node.height !== height) throw fault(this.where(number), 9, `height ${height}`, node.height);
    return node;
  }
}
