import type { ByteSource } from '../../bytes.js';
import type { KeyFormat } from '../btree.js';
import { BTreeAttribute, type BTreeHeader, decodeBTreeHeader } from '../btree-header.js';
import { type BTreeNode, decodeChild, decodeNode, MIN_NODE_SIZE, NodeKind, splitRecord } from '../btree-node.js';
import type { Compare } from '../names.js';
import type { Where } from '../where.js';
import type { Findings } from './finding.js';
import { checkMap } from './map-check.js';
import { NodeReader } from './node-reader.js';

/** What a kind of tree must look like. */
export interface TreeRules<K> {
  readonly format: KeyFormat<K>;
  readonly maxKeyLength: number;
  /** BTreeAttribute bits that must be set. */
  readonly attributes: number;
  /** TN1150's btreeType, where Apple's fsck wants one; attributes files of Apple's own volumes have 0 and 255 (measured). */
  readonly btreeType?: number;
  /** Nodes that are not in use must be zeros (bit 31 of the volume's attributes). */
  readonly unusedZeroed: boolean;
  /** Is given every leaf record in order; FormatErrors it throws become findings. */
  readonly visit: (key: K, record: Uint8Array, where: Where) => void;
}

/** A node as its parent knows it. */
interface Child {
  readonly number: number;
  /** Its first key with the length field, as its parent has it; undefined for the root. */
  readonly key: Uint8Array | undefined;
}

/** A bound, no rule: a catalog of 2^26 nodes of 4096 bytes has 256 GB. */
const MOST_NODES = 2 ** 26;

/** More levels than any tree of 2^32 nodes has. */
const MAX_DEPTH = 32;

/**
 * Checks all of a B-tree: header, every node of every level from the root down (kind, height, links, keys), map, unused nodes.
 * Returns the header, undefined where it cannot be read.
 */
export async function checkTree<K>(
  source: ByteSource,
  rules: TreeRules<K>,
  findings: Findings,
): Promise<BTreeHeader | undefined> {
  try {
    const start: Where = { file: source.name, structure: `${rules.format.tree} B-tree header`, offset: 14 };
    const head = await source.read(0, Math.min(MIN_NODE_SIZE, source.size));
    const header = decodeBTreeHeader(head.subarray(14), start);
    const nodes = Math.floor(source.size / header.nodeSize);
    if (nodes > MOST_NODES) {
      findings.error(start.structure, 'the fork', `at most ${MOST_NODES} nodes`, nodes);
      return header;
    }
    const check = new TreeCheck(source, header, rules, findings);
    await check.run();
    return header;
  } catch (error) {
    findings.fault(error);
    return undefined;
  }
}

class TreeCheck<K> {
  readonly #nodes: NodeReader;
  readonly #used: Uint8Array;
  readonly #compare: Compare<K>;
  readonly #header: BTreeHeader;
  readonly #rules: TreeRules<K>;
  readonly #findings: Findings;
  readonly #tree: string;
  #leafRecords = 0;

  constructor(source: ByteSource, header: BTreeHeader, rules: TreeRules<K>, findings: Findings) {
    this.#nodes = new NodeReader(source, header.nodeSize, `${rules.format.tree} B-tree`);
    this.#used = new Uint8Array(this.#nodes.count);
    this.#compare = rules.format.order(header);
    this.#header = header;
    this.#rules = rules;
    this.#findings = findings;
    this.#tree = `${rules.format.tree} B-tree header`;
  }

  async run(): Promise<void> {
    this.#checkHeader();
    this.#used[0] = 1;
    await this.#checkLevels();
    this.#findings.equal(this.#tree, 'leafRecords', this.#leafRecords, this.#header.leafRecords);
    await checkMap(this.#nodes, this.#used, this.#header, this.#tree, this.#findings);
    if (this.#rules.unusedZeroed) await this.#checkUnused();
  }

  #checkHeader(): void {
    const { totalNodes, nodeSize, maxKeyLength, attributes, treeDepth, rootNode } = this.#header;
    const findings = this.#findings;
    findings.equal(this.#tree, 'totalNodes', this.#nodes.count, totalNodes);
    findings.equal(this.#tree, 'maxKeyLength', this.#rules.maxKeyLength, maxKeyLength);
    if (this.#rules.btreeType !== undefined)
      findings.equal(this.#tree, 'btreeType', this.#rules.btreeType, this.#header.btreeType);
    const wanted = this.#rules.attributes | BTreeAttribute.bigKeys;
    if ((attributes & wanted) !== wanted) findings.error(this.#tree, 'attributes', `bits ${wanted}`, attributes);
    if (this.#nodes.size % nodeSize !== 0) {
      findings.error(this.#tree, 'the fork', `a multiple of ${nodeSize} bytes`, this.#nodes.size);
    }
    if ((treeDepth === 0) !== (rootNode === 0))
      findings.error(this.#tree, 'rootNode', 'a root for the depth', rootNode);
  }

  /** From the root down, one level after another, each in the order its parents give. */
  async #checkLevels(): Promise<void> {
    const { treeDepth, rootNode, firstLeafNode, lastLeafNode } = this.#header;
    if (treeDepth > MAX_DEPTH) {
      this.#findings.error(this.#tree, 'treeDepth', `at most ${MAX_DEPTH}`, treeDepth);
      return;
    }
    let level: Child[] = treeDepth === 0 ? [] : [{ number: rootNode, key: undefined }];
    for (let height = treeDepth; height >= 1; height--) {
      if (height === 1) {
        this.#findings.equal(this.#tree, 'firstLeafNode', level[0]?.number ?? 0, firstLeafNode);
        this.#findings.equal(this.#tree, 'lastLeafNode', level.at(-1)?.number ?? 0, lastLeafNode);
      }
      level = await this.#checkLevel(level, height);
    }
  }

  async #checkLevel(level: readonly Child[], height: number): Promise<Child[]> {
    const below: Child[] = [];
    let last: K | undefined;
    for (const [i, child] of level.entries()) {
      const where = this.#nodes.where(child.number);
      if (child.number === 0 || child.number >= this.#nodes.count || this.#used[child.number] === 1) {
        this.#findings.error(where.structure, 'its number', 'a node of the tree nothing else points to', child.number);
        continue;
      }
      this.#used[child.number] = 1;
      let node: BTreeNode;
      try {
        node = decodeNode(await this.#nodes.read(child.number), where);
      } catch (error) {
        this.#findings.fault(error);
        continue;
      }
      const { structure } = where;
      const kind = height > 1 ? NodeKind.index : NodeKind.leaf;
      this.#findings.equal(structure, 'kind', kind, node.kind);
      this.#findings.equal(structure, 'height', height, node.height);
      this.#findings.equal(structure, 'fLink', level[i + 1]?.number ?? 0, node.fLink);
      this.#findings.equal(structure, 'bLink', level[i - 1]?.number ?? 0, node.bLink);
      if (node.kind !== kind) continue;
      last = this.#checkRecords(node, child, where, last, below);
    }
    return below;
  }

  /** Keys in order; of index nodes the children, of leaves the records. Returns the last key. */
  #checkRecords(node: BTreeNode, child: Child, where: Where, before: K | undefined, below: Child[]): K | undefined {
    const { format, visit, maxKeyLength } = this.#rules;
    const leaf = node.kind === NodeKind.leaf;
    let last = before;
    // An empty root leaf is what an empty tree may have; any other node must hold something.
    if (node.numRecords === 0) this.#findings.error(where.structure, 'numRecords', 'at least one record', 0);
    for (const [i, record] of node.records.entries()) {
      try {
        const { key, at } = splitRecord(record, maxKeyLength, where);
        if (i === 0 && child.key && Buffer.compare(key, child.key) !== 0) {
          this.#findings.error(where.structure, 'first key', 'the key its parent has for it', 'another');
        }
        const decoded = format.decode(key, where);
        if (last !== undefined && this.#compare(last, decoded) >= 0) {
          this.#findings.error(where.structure, `record ${i}`, 'a key above the one before', 'one not above it');
        }
        last = decoded;
        if (leaf) {
          this.#leafRecords++;
          visit(decoded, record.subarray(at), where);
        } else {
          const fixed = (this.#header.attributes & BTreeAttribute.variableIndexKeys) === 0;
          below.push({ number: decodeChild(record, fixed ? 2 + maxKeyLength : at, where), key });
        }
      } catch (error) {
        this.#findings.fault(error);
      }
    }
    return last;
  }

  async #checkUnused(): Promise<void> {
    for (let number = 0; number < this.#nodes.count; number++) {
      if (this.#used[number] === 1) continue;
      const bytes = await this.#nodes.read(number);
      if (!isZero(bytes)) this.#findings.error(this.#nodes.where(number).structure, 'an unused node', 'zeros', 'data');
    }
  }
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  // The first is zero and each is like the one before it: a comparison of memory, at its speed.
  return bytes.length === 0 || (bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0);
}
