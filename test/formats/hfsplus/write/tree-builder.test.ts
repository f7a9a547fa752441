import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../../src/formats/bytes.js';
import {
  type AttributeKey,
  compareAttributeKeys,
  encodeAttributeKey,
} from '../../../../src/formats/hfsplus/attribute-record.js';
import { BTree } from '../../../../src/formats/hfsplus/btree.js';
import { compareExtentKeys, type ExtentKey, encodeExtentKey } from '../../../../src/formats/hfsplus/extent-record.js';
import { ATTRIBUTES_TREE, EXTENTS_TREE } from '../../../../src/formats/hfsplus/trees.js';
import { buildTree, type TreeFormat, type TreeRecord } from '../../../../src/formats/hfsplus/write/tree-builder.js';

const extentsFormat = (nodeSize: number): TreeFormat<ExtentKey> => ({
  name: 'extents',
  nodeSize,
  maxKeyLength: 10,
  clumpSize: 65536,
  btreeType: 0,
  keyCompareType: 0,
  attributes: 2,
  encode: encodeExtentKey,
  compare: compareExtentKeys,
});

const attributesFormat = (nodeSize: number): TreeFormat<AttributeKey> => ({
  ...extentsFormat(nodeSize),
  name: 'attributes',
  maxKeyLength: 266,
  attributes: 6,
  encode: encodeAttributeKey,
  compare: compareAttributeKeys,
});

/** `count` extent records with rising keys. */
function* extents(count: number): Generator<TreeRecord<ExtentKey>> {
  for (let i = 0; i < count; i++) {
    const record = Buffer.alloc(64);
    record.writeUInt32BE(i + 1, 4);
    yield { key: { fileID: 16 + (i >> 2), forkType: i & 2 ? 0xff : 0, startBlock: i & 1 }, record };
  }
}

/** Attributes whose names and values have all kinds of lengths, odd ones too. */
function attributes(count: number, longest: number): TreeRecord<AttributeKey>[] {
  return Array.from({ length: count }, (_, i) => ({
    key: { fileID: 20 + i, startBlock: 0, name: 'n'.repeat(1 + ((i * 37) % 127)) },
    record: Buffer.alloc(16 + ((i * 7919) % longest), i & 0xff),
  }));
}

async function readBack<K>(tree: BTree<K>): Promise<TreeRecord<K>[]> {
  const records: TreeRecord<K>[] = [];
  for await (const { key, record } of tree.records()) records.push({ key, record });
  return records;
}

describe('buildTree', () => {
  it.each([
    [512, 0],
    [512, 1],
    [512, 5],
    [512, 6],
    [1024, 1000],
    [4096, 3000],
    [32768, 5000],
  ])('nodes of %i bytes, %i records with keys of fixed length', async (nodeSize, count) => {
    const built = await buildTree(extents(count), extentsFormat(nodeSize), { multiple: 4096 });
    expect(built.source.size % 4096).toBe(0);
    expect(built.source.size).toBe(built.totalNodes * nodeSize);
    const tree = await BTree.open(built.source, EXTENTS_TREE);
    expect(tree.header).toMatchObject({ leafRecords: count, totalNodes: built.totalNodes, clumpSize: 65536 });
    expect(await readBack(tree)).toEqual([...extents(count)].map((r) => ({ ...r, record: new Uint8Array(r.record) })));
    for (const { key } of [...extents(count)].filter((_, i) => i % 97 === 0)) {
      expect((await tree.search(key))?.key).toEqual(key);
    }
  });

  it.each([4096, 8192, 32768])('nodes of %i bytes, records and keys of all lengths', async (nodeSize) => {
    const records = attributes(2000, nodeSize / 4);
    const built = await buildTree(records, attributesFormat(nodeSize), { multiple: 512 });
    const tree = await BTree.open(built.source, ATTRIBUTES_TREE);
    expect(tree.header.treeDepth).toBeGreaterThan(1);
    const found = await readBack(tree);
    expect(found.map((r) => r.key)).toEqual(records.map((r) => r.key));
    for (const [i, { record }] of found.entries()) {
      const { length } = records[i]!.record;
      expect(record.length - length).toBe(length & 1);
      expect(Buffer.from(record.subarray(0, length)).equals(records[i]!.record)).toBe(true);
    }
    for (const { key } of records.filter((_, i) => i % 53 === 0)) expect((await tree.search(key))?.key).toEqual(key);
  });

  it('chains map nodes when the header node cannot map all nodes', async () => {
    // At 512 bytes the header maps 2048 nodes and each map node 3936 more.
    const built = await buildTree(extents(60_000), extentsFormat(512), { multiple: 4096 });
    expect(built.totalNodes).toBeGreaterThan(2048 + 2 * 3936);
    const bytes = Buffer.from(await built.source.read(0, built.source.size));
    const node = (n: number) => bytes.subarray(n * 512, (n + 1) * 512);
    const maps = [node(0).subarray(248, 504)];
    for (let next = node(0).readUInt32BE(0); next !== 0; next = node(next).readUInt32BE(0)) {
      expect(node(next).readInt8(8)).toBe(2);
      expect([node(next).readUInt16BE(510), node(next).readUInt16BE(508)]).toEqual([14, 506]);
      maps.push(node(next).subarray(14, 506));
    }
    expect(maps.length).toBe(4);
    const bits = Buffer.concat(maps);
    for (let n = 0; n < bits.length * 8; n++) {
      const used = n < built.totalNodes && node(n).some((byte) => byte !== 0);
      expect((bits[n >> 3]! >> (7 - (n & 7))) & 1, `node ${n}`).toBe(used ? 1 : 0);
    }
    const tree = await BTree.open(fromBytes(bytes, 'tree'), EXTENTS_TREE);
    expect(await readBack(tree)).toHaveLength(60_000);
  });

  it('leaves room for more nodes where asked', async () => {
    const built = await buildTree(extents(10), extentsFormat(4096), { multiple: 4096, minimumNodes: 50 });
    expect(built).toMatchObject({ totalNodes: 50, freeNodes: 48 });
    const rest = await built.source.read(2 * 4096, 48 * 4096);
    expect(rest.every((byte) => byte === 0)).toBe(true);
  });

  it('refuses records that are out of order, double or too long', async () => {
    const build = (records: TreeRecord<ExtentKey>[]) => buildTree(records, extentsFormat(512), { multiple: 512 });
    const [first, second] = extents(2) as unknown as [TreeRecord<ExtentKey>, TreeRecord<ExtentKey>];
    await expect(build([second, first])).rejects.toThrow(/out of order/);
    await expect(build([first, first])).rejects.toThrow(/out of order/);
    await expect(build([{ ...first, record: new Uint8Array(500) }])).rejects.toThrow(
      /nodes of 512 bytes, which are too small/,
    );
  });

  it('measures a tree without keeping its nodes', async () => {
    const built = await buildTree(extents(2000), extentsFormat(512), { multiple: 4096 });
    const measured = await buildTree(extents(2000), extentsFormat(512), { multiple: 4096, measureOnly: true });
    expect({ ...measured, source: measured.source.size }).toEqual({ ...built, source: built.source.size });
    expect(measured.treeDepth).toBeGreaterThan(2);
  });
});
