import { type BTreeHeader, encodeBTreeHeader, headerMapSize } from '../../../src/formats/hfsplus/btree-header.js';
import { encodeChild, encodeNode, NodeKind, nodeBytesNeeded } from '../../../src/formats/hfsplus/btree-node.js';

/** A record for buildTree: its key with the length field, and what follows. */
export interface TreeRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A small B-tree from sorted records, for tests only: nodes filled from the left, leaves first. */
export function buildTree(records: readonly TreeRecord[], nodeSize: number, header: Partial<BTreeHeader> = {}) {
  const nodes: {
    kind: -1 | 0;
    height: number;
    records: Uint8Array[];
    first: Uint8Array;
    next: number;
    last: number;
  }[] = [];
  let level = records.map(({ key, value }) => ({ key, bytes: join(key, value) }));
  let height = 0;
  let root = 0;
  let firstLeaf = 0;
  let lastLeaf = 0;
  while (level.length > 0) {
    height++;
    const start = nodes.length;
    for (const { key, bytes } of level) {
      const open = nodes.length > start ? nodes[nodes.length - 1] : undefined;
      if (open && nodeBytesNeeded([...open.records, bytes].map((r) => r.length)) <= nodeSize) open.records.push(bytes);
      else {
        const kind = height === 1 ? NodeKind.leaf : NodeKind.index;
        nodes.push({ kind, height, records: [bytes], first: key, next: 0, last: open ? nodes.length : 0 });
        if (open) open.next = nodes.length;
      }
    }
    if (height === 1) {
      firstLeaf = 1;
      lastLeaf = nodes.length;
    }
    root = nodes.length;
    if (nodes.length - start === 1) break;
    level = nodes
      .slice(start)
      .map(({ first }, i) => ({ key: first, bytes: Buffer.concat([first, encodeChild(start + i + 1)]) }));
  }
  const totalNodes = nodes.length + 1;
  const map = new Uint8Array(headerMapSize(nodeSize));
  if (totalNodes > map.length * 8) throw new Error('a test tree needs no map nodes');
  for (let node = 0; node < totalNodes; node++) map[node >> 3]! |= 0x80 >> (node & 7);
  const record = encodeBTreeHeader({
    treeDepth: height,
    rootNode: root,
    leafRecords: records.length,
    firstLeafNode: firstLeaf,
    lastLeafNode: lastLeaf,
    nodeSize,
    maxKeyLength: 516,
    totalNodes,
    freeNodes: 0,
    reserved1: 0,
    clumpSize: nodeSize,
    btreeType: 0,
    keyCompareType: 0xcf,
    attributes: 6,
    ...header,
  });
  const bytes = new Uint8Array(totalNodes * nodeSize);
  const head = { fLink: 0, bLink: 0, kind: NodeKind.header, height: 0, records: [record, new Uint8Array(128), map] };
  bytes.set(encodeNode(head, nodeSize), 0);
  nodes.forEach(({ kind, height: at, records: own, next, last }, i) => {
    bytes.set(encodeNode({ fLink: next, bLink: last, kind, height: at, records: own }, nodeSize), (i + 1) * nodeSize);
  });
  return bytes;
}

function join(key: Uint8Array, value: Uint8Array): Uint8Array {
  const at = key.length + (key.length & 1);
  const bytes = new Uint8Array(at + value.length);
  bytes.set(key, 0);
  bytes.set(value, at);
  return bytes;
}
