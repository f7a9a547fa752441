import { MAX_NODE_SIZE, MIN_NODE_SIZE, NODE_DESCRIPTOR_SIZE } from './btree-node.js';
import { fault, need, viewOf, type Where } from './where.js';

/** Bytes of BTHeaderRec. */
export const HEADER_RECORD_SIZE = 106;
/** Bytes of the user data record after it. */
export const USER_RECORD_SIZE = 128;
/** Node 0 holds descriptor (14), header record (106), user record (128), map record, four offsets (8). */
export const MAP_RECORD_IN_HEADER_AT = NODE_DESCRIPTOR_SIZE + HEADER_RECORD_SIZE + USER_RECORD_SIZE;

/** BTHeaderRec.attributes, as masks. */
export const BTreeAttribute = { badClose: 1, bigKeys: 2, variableIndexKeys: 4 } as const;

/** BTHeaderRec.keyCompareType. */
export const KeyCompare = { caseFolding: 0xcf, binary: 0xbc } as const;

/** BTHeaderRec of TN1150, 106 bytes, the first record of node 0. */
export interface BTreeHeader {
  /** Levels; 0 for an empty tree, 1 when the root is a leaf. */
  readonly treeDepth: number;
  readonly rootNode: number;
  readonly leafRecords: number;
  readonly firstLeafNode: number;
  readonly lastLeafNode: number;
  /** Bytes. */
  readonly nodeSize: number;
  readonly maxKeyLength: number;
  readonly totalNodes: number;
  readonly freeNodes: number;
  readonly reserved1: number;
  /** Bytes. */
  readonly clumpSize: number;
  readonly btreeType: number;
  readonly keyCompareType: number;
  readonly attributes: number;
}

/** Reads a header record; FormatError for a node size that is no power of two from 512 to 32768. */
export function decodeBTreeHeader(record: Uint8Array, where: Where): BTreeHeader {
  need(record, 0, HEADER_RECORD_SIZE, 'B-tree header record', where);
  const view = viewOf(record);
  const nodeSize = view.getUint16(18);
  if (nodeSize < MIN_NODE_SIZE || nodeSize > MAX_NODE_SIZE || (nodeSize & (nodeSize - 1)) !== 0) {
    throw fault(where, 18, `a node size that is a power of two from ${MIN_NODE_SIZE} to ${MAX_NODE_SIZE}`, nodeSize);
  }
  return {
    treeDepth: view.getUint16(0),
    rootNode: view.getUint32(2),
    leafRecords: view.getUint32(6),
    firstLeafNode: view.getUint32(10),
    lastLeafNode: view.getUint32(14),
    nodeSize, // 18
    maxKeyLength: view.getUint16(20),
    totalNodes: view.getUint32(22),
    freeNodes: view.getUint32(26),
    reserved1: view.getUint16(30),
    clumpSize: view.getUint32(32),
    btreeType: view.getUint8(36),
    keyCompareType: view.getUint8(37),
    attributes: view.getUint32(38),
    // 42: u32 reserved[16]
  };
}

/** The 106 bytes of a header record. */
export function encodeBTreeHeader(header: BTreeHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_RECORD_SIZE);
  const view = viewOf(bytes);
  view.setUint16(0, header.treeDepth);
  view.setUint32(2, header.rootNode);
  view.setUint32(6, header.leafRecords);
  view.setUint32(10, header.firstLeafNode);
  view.setUint32(14, header.lastLeafNode);
  view.setUint16(18, header.nodeSize);
  view.setUint16(20, header.maxKeyLength);
  view.setUint32(22, header.totalNodes);
  view.setUint32(26, header.freeNodes);
  view.setUint16(30, header.reserved1);
  view.setUint32(32, header.clumpSize);
  view.setUint8(36, header.btreeType);
  view.setUint8(37, header.keyCompareType);
  view.setUint32(38, header.attributes);
  return bytes;
}

/** Bytes of the map record in node 0: the rest of the node. Each bit, highest first, stands for one node. */
export function headerMapSize(nodeSize: number): number {
  return nodeSize - MAP_RECORD_IN_HEADER_AT - 4 * 2;
}

/** Bytes of the only record of a map node. */
export function mapNodeMapSize(nodeSize: number): number {
  // Apple's map records in map nodes leave two bytes unused so that their size is a multiple of four.
  return nodeSize - NODE_DESCRIPTOR_SIZE - 2 * 2 - 2;
}

/** How many map nodes a tree of `totalNodes` nodes needs besides node 0. */
export function mapNodesNeeded(totalNodes: number, nodeSize: number): number {
  const beyond = Math.ceil(totalNodes / 8) - headerMapSize(nodeSize);
  return beyond <= 0 ? 0 : Math.ceil(beyond / mapNodeMapSize(nodeSize));
}
