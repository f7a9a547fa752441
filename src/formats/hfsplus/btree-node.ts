import { fault, need, viewOf, type Where } from './where.js';

/** Bytes of BTNodeDescriptor. */
export const NODE_DESCRIPTOR_SIZE = 14;
export const MIN_NODE_SIZE = 512;
export const MAX_NODE_SIZE = 32768;

/** BTNodeDescriptor.kind, i8. */
export const NodeKind = { leaf: -1, index: 0, header: 1, map: 2 } as const;
export type NodeKind = (typeof NodeKind)[keyof typeof NodeKind];

/** BTNodeDescriptor of TN1150, 14 bytes. */
export interface NodeDescriptor {
  /** Node number of the next node of this level, 0 at the end. */
  readonly fLink: number;
  /** Node number of the previous node of this level, 0 at the start. */
  readonly bLink: number;
  readonly kind: NodeKind;
  /** 1 for leaves, 0 for header and map nodes. */
  readonly height: number;
  readonly numRecords: number;
  readonly reserved: number;
}

/** A node taken apart: `records[i]` is everything from the i-th offset to the next, padding included. */
export interface BTreeNode extends NodeDescriptor {
  readonly records: readonly Uint8Array[];
}

/** Reads the 14 bytes at the start of a node. */
export function decodeNodeDescriptor(bytes: Uint8Array, where: Where): NodeDescriptor {
  need(bytes, 0, NODE_DESCRIPTOR_SIZE, 'node descriptor', where);
  const view = viewOf(bytes);
  const kind = view.getInt8(8);
  if (kind < -1 || kind > 2) throw fault(where, 8, 'a node kind of -1, 0, 1 or 2', kind);
  return {
    fLink: view.getUint32(0),
    bLink: view.getUint32(4),
    kind: kind as NodeKind, // 8
    height: view.getUint8(9),
    numRecords: view.getUint16(10),
    reserved: view.getUint16(12),
  };
}

/**
 * Where each record starts and, last, where the free space starts: numRecords + 1 offsets, stored as u16 from the node's end
 * backwards. FormatError unless they start at 14, rise, are even and stay below the offsets themselves.
 */
export function decodeRecordOffsets(bytes: Uint8Array, numRecords: number, where: Where): number[] {
  const tableStart = bytes.length - 2 * (numRecords + 1);
  if (tableStart < NODE_DESCRIPTOR_SIZE) throw fault(where, 10, 'as many records as fit a node', numRecords);
  const view = viewOf(bytes);
  const offsets: number[] = [];
  let last = 0;
  for (let i = 0; i <= numRecords; i++) {
    const at = bytes.length - 2 * (i + 1);
    const offset = view.getUint16(at);
    if (i === 0 && offset !== NODE_DESCRIPTOR_SIZE) throw fault(where, at, 'the first record at 14', offset);
    if (i > 0 && offset <= last) throw fault(where, at, `a record offset above ${last}`, offset);
    if (offset > tableStart || (offset & 1) !== 0) {
      throw fault(where, at, `an even record offset of at most ${tableStart}`, offset);
    }
    offsets.push(offset);
    last = offset;
  }
  return offsets;
}

/** Takes a node apart. The records are views of `bytes`. */
export function decodeNode(bytes: Uint8Array, where: Where): BTreeNode {
  const descriptor = decodeNodeDescriptor(bytes, where);
  const offsets = decodeRecordOffsets(bytes, descriptor.numRecords, where);
  const records: Uint8Array[] = [];
  for (let i = 0; i < descriptor.numRecords; i++) records.push(bytes.subarray(offsets[i]!, offsets[i + 1]!));
  return { ...descriptor, records };
}

/** Bytes that `recordSizes` take in a node: descriptor, records, offsets. To be compared with the node size. */
export function nodeBytesNeeded(recordSizes: readonly number[]): number {
  return recordSizes.reduce((sum, size) => sum + size + (size & 1) + 2, NODE_DESCRIPTOR_SIZE + 2);
}

/** Writes the 14 bytes at the start of a node. */
export function encodeNodeDescriptor(node: Omit<NodeDescriptor, 'reserved'>, bytes: Uint8Array): void {
  const view = viewOf(bytes);
  view.setUint32(0, node.fLink);
  view.setUint32(4, node.bLink);
  view.setInt8(8, node.kind);
  view.setUint8(9, node.height);
  view.setUint16(10, node.numRecords);
  view.setUint16(12, 0);
}

/** A node of `nodeSize` bytes; records of odd length are padded to even. Throws when they do not fit. */
export function encodeNode(
  node: Pick<NodeDescriptor, 'fLink' | 'bLink' | 'kind' | 'height'> & { readonly records: readonly Uint8Array[] },
  nodeSize: number,
): Uint8Array {
  const bytes = new Uint8Array(nodeSize);
  encodeNodeDescriptor({ ...node, numRecords: node.records.length }, bytes);
  const view = viewOf(bytes);
  let at = NODE_DESCRIPTOR_SIZE;
  const tableStart = nodeSize - 2 * (node.records.length + 1);
  node.records.forEach((record, i) => {
    const end = at + record.length + (record.length & 1);
    if (end > tableStart) throw new Error(`${node.records.length} records do not fit a node of ${nodeSize} bytes`);
    bytes.set(record, at);
    view.setUint16(nodeSize - 2 * (i + 1), at);
    at = end;
  });
  view.setUint16(tableStart, at);
  return bytes;
}

/**
 * The bytes of a record's key with its u16 length field in front, and where what follows it starts (keys are padded to even).
 * `maxKeyLength` is the header record's; keys longer than it are a FormatError.
 */
export function splitRecord(record: Uint8Array, maxKeyLength: number, where: Where): { key: Uint8Array; at: number } {
  need(record, 0, 2, 'key length', where);
  const length = (record[0]! << 8) | record[1]!;
  if (length > maxKeyLength || length === 0) throw fault(where, 0, `a key length of 1 to ${maxKeyLength}`, length);
  need(record, 2, length, 'key', where);
  return { key: record.subarray(0, 2 + length), at: 2 + length + (length & 1) };
}

/** What follows the key of an index record. */
export function encodeChild(child: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, child);
  return bytes;
}

/** The child's node number of an index record whose key ends at `at`. */
export function decodeChild(record: Uint8Array, at: number, where: Where): number {
  need(record, at, 4, 'child node number', where);
  return viewOf(record).getUint32(at);
}
