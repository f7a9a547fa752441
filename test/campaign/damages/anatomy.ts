import { BTreeAttribute, decodeBTreeHeader } from '../../../src/formats/hfsplus/btree-header.js';
import { decodeNode, decodeRecordOffsets } from '../../../src/formats/hfsplus/btree-node.js';
import { decodeVolumeHeader, type VolumeHeader } from '../../../src/formats/hfsplus/header.js';

export const TREES = ['catalog', 'extents', 'attributes'] as const;
export type TreeName = (typeof TREES)[number];

/** A node of a B-tree; `at` is its first byte in the volume. */
export interface NodeAt {
  readonly tree: TreeName;
  readonly number: number;
  readonly at: number;
  readonly size: number;
  readonly kind: 'header' | 'map' | 'index' | 'leaf';
  readonly records: number;
}

/** What a record of a leaf is, by its first bytes; 'overflow' of the extents tree. */
export type RecordKind =
  | 'folder'
  | 'file'
  | 'folder-thread'
  | 'file-thread'
  | 'overflow'
  | 'inline'
  | 'fork'
  | 'extents'
  | 'child';

/** A record of an index or leaf node; places are bytes of the volume. */
export interface RecordAt {
  readonly node: NodeAt;
  readonly index: number;
  /** Its key with the length field. */
  readonly key: number;
  /** What follows the key. */
  readonly data: number;
  readonly end: number;
  readonly kind: RecordKind;
}

/** Where everything of a sound volume is, for whoever wants to damage it. Trees in one extent, as they are made. */
export interface Anatomy {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly header: VolumeHeader;
  readonly nodes: readonly NodeAt[];
  readonly records: readonly RecordAt[];
  /** First bytes of nodes nobody uses. */
  readonly unused: readonly { readonly tree: TreeName; readonly at: number }[];
}

const WHERE = { file: 'anatomy', structure: 'test', offset: 0 };
const CATALOG: readonly RecordKind[] = ['folder', 'file', 'folder-thread', 'file-thread'];
const ATTRIBUTES: readonly RecordKind[] = ['inline', 'fork', 'extents'];

export function anatomy(name: string, bytes: Uint8Array): Anatomy {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = decodeVolumeHeader(bytes.slice(1024, 1536), WHERE);
  const nodes: NodeAt[] = [];
  const unused: { tree: TreeName; at: number }[] = [];
  const records: RecordAt[] = [];
  for (const tree of TREES) {
    const { extents, totalBlocks } = header[`${tree}File`];
    if (totalBlocks === 0) continue;
    if (extents.length !== 1) throw new Error(`${name}: the ${tree} file has ${extents.length} extents`);
    const start = extents[0]!.startBlock * header.blockSize;
    const head = decodeBTreeHeader(bytes.subarray(start + 14, start + 120), WHERE);
    const used = usedNodes(bytes, start, head.nodeSize, head.totalNodes);
    for (let number = 0; number < head.totalNodes; number++) {
      const at = start + number * head.nodeSize;
      if (!used(number)) {
        unused.push({ tree, at });
        continue;
      }
      const node = decodeNode(bytes.subarray(at, at + head.nodeSize), WHERE);
      const kind = (['leaf', 'index', 'header', 'map'] as const)[node.kind + 1]!;
      const known: NodeAt = { tree, number, at, size: head.nodeSize, kind, records: node.numRecords };
      nodes.push(known);
      if (kind !== 'leaf' && kind !== 'index') continue;
      const fixed = kind === 'index' && (head.attributes & BTreeAttribute.variableIndexKeys) === 0;
      records.push(...recordsOf(bytes, view, known, fixed ? head.maxKeyLength : undefined));
    }
  }
  return { name, bytes, view, header, nodes, records, unused };
}

/** By the map in node 0 and in the nodes it links to. */
function usedNodes(bytes: Uint8Array, start: number, nodeSize: number, total: number) {
  const maps: Uint8Array[] = [];
  for (let number = 0; ; ) {
    const node = decodeNode(bytes.subarray(start + number * nodeSize, start + (number + 1) * nodeSize), WHERE);
    maps.push(node.records.at(-1)!);
    if (node.fLink === 0) break;
    number = node.fLink;
  }
  const map = Buffer.concat(maps);
  if (map.length * 8 < total) throw new Error('a map that is too short');
  return (number: number) => (map[number >> 3]! & (0x80 >> (number & 7))) !== 0;
}

function recordsOf(bytes: Uint8Array, view: DataView, node: NodeAt, fixedKey: number | undefined): RecordAt[] {
  const offsets = decodeRecordOffsets(bytes.subarray(node.at, node.at + node.size), node.records, WHERE);
  return Array.from({ length: node.records }, (_, index) => {
    const key = node.at + offsets[index]!;
    const length = view.getUint16(key);
    const data = key + 2 + (fixedKey ?? length + (length & 1));
    return { node, index, key, data, end: node.at + offsets[index + 1]!, kind: kindOf(view, node, data) };
  });
}

function kindOf(view: DataView, node: NodeAt, data: number): RecordKind {
  if (node.kind === 'index') return 'child';
  if (node.tree === 'extents') return 'overflow';
  return node.tree === 'catalog' ? CATALOG[view.getUint16(data) - 1]! : ATTRIBUTES[(view.getUint32(data) >> 4) - 1]!;
}
