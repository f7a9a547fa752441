import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { type ByteSource, fromBytes } from '../../../src/formats/bytes.js';
import { BTree } from '../../../src/formats/hfsplus/btree.js';
import { type CatalogKey, catalogKeyOrder, encodeCatalogKey } from '../../../src/formats/hfsplus/catalog-key.js';
import { compareCaseInsensitive } from '../../../src/formats/hfsplus/names.js';
import { catalogTree } from '../../../src/formats/hfsplus/trees.js';
import { buildTree } from './build-tree.js';

const order = catalogKeyOrder(compareCaseInsensitive);
const open = (bytes: Uint8Array) => BTree.open(fromBytes(bytes, 'tree'), catalogTree('H+'));
const records = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    key: encodeCatalogKey({ parentID: 16 + Math.floor(i / 7), name: `file ${String(i).padStart(5, '0')}` }),
    value: new Uint8Array([0, 1, i >> 8, i & 0xff]),
  }));

async function all(tree: BTree<CatalogKey>, from?: CatalogKey): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of tree.records(from)) names.push(key.name);
  return names;
}

describe('reading', () => {
  it.each([512, 1024, 4096, 8192, 32768])('finds and lists everything at node size %i', async (nodeSize) => {
    const tree = await open(buildTree(records(900), nodeSize, nodeSize === 512 ? { maxKeyLength: 200 } : {}));
    expect(await all(tree)).toHaveLength(900);
    for (const i of [0, 1, 450, 898, 899]) {
      const found = await tree.search({ parentID: 16 + Math.floor(i / 7), name: `FILE ${String(i).padStart(5, '0')}` });
      expect([...found!.record]).toEqual([0, 1, i >> 8, i & 0xff]);
    }
    expect(await tree.search({ parentID: 16, name: 'file 00000a' })).toBeUndefined();
    expect(await tree.search({ parentID: 1, name: '' })).toBeUndefined();
    expect(await all(tree, { parentID: 16 + 128, name: '' })).toHaveLength(900 - 128 * 7);
    expect(await all(tree, { parentID: 9999, name: '' })).toEqual([]);
  });

  it('agrees with a sorted list, wherever it starts', async () => {
    const keys = fc.uniqueArray(
      fc.record({ parentID: fc.integer({ min: 1, max: 9 }), name: fc.string({ minLength: 1, maxLength: 30 }) }),
      { maxLength: 120, comparator: (a, b) => order(a, b) === 0 },
    );
    const from = fc.record({ parentID: fc.integer({ min: 0, max: 10 }), name: fc.string({ maxLength: 30 }) });
    await fc.assert(
      fc.asyncProperty(keys, from, async (list, start) => {
        const sorted = [...list].sort(order);
        const built = sorted.map((key) => ({ key: encodeCatalogKey(key), value: new Uint8Array([0, 9]) }));
        const tree = await open(buildTree(built, 512));
        const expected = sorted.filter((key) => order(key, start) >= 0).map(({ name }) => name);
        expect(await all(tree, start)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('reads leaves ahead: far fewer reads than nodes', async () => {
    const bytes = buildTree(records(3000), 512);
    let reads = 0;
    const counted: ByteSource = {
      ...fromBytes(bytes, 'tree'),
      read: async (at, length) => {
        reads++;
        return bytes.subarray(at, at + length);
      },
    };
    const tree = await BTree.open(counted, catalogTree('H+'));
    expect(await all(tree)).toHaveLength(3000);
    expect(reads).toBeLessThan(20);
  });

  it('has nothing when empty', async () => {
    const tree = await open(buildTree([], 4096));
    expect(await all(tree)).toEqual([]);
    expect(await tree.search({ parentID: 2, name: '' })).toBeUndefined();
  });
});

describe('a damaged tree is a FormatError', () => {
  const damaged = (damage: (bytes: Uint8Array, view: DataView) => void) => async () => {
    const bytes = buildTree(records(300), 512);
    damage(bytes, new DataView(bytes.buffer));
    const tree = await open(bytes);
    await all(tree);
    await all(tree, { parentID: 30, name: '' });
  };
  it.each<[string, RegExp, (bytes: Uint8Array, view: DataView) => void]>([
    ['more nodes than the file', /at most \d+ nodes/, (_, view) => view.setUint32(14 + 22, 9999)],
    ['node size 0', /node size/, (_, view) => view.setUint16(14 + 18, 0)],
    ['root outside', /a node number/, (_, view) => view.setUint32(14 + 2, 5000)],
    ['no root', /a root node/, (_, view) => view.setUint32(14 + 2, 0)],
    ['depth of 200', /at most 32 levels/, (_, view) => view.setUint16(14, 200)],
    ['leaves in a ring', /before it/, (_, view) => view.setUint32(3 * 512, 2)],
    ['leaf linked to itself', /before it/, (_, view) => view.setUint32(3 * 512, 3)],
    ['leaf linked to an index node', /kind|height/, (bytes, view) => view.setUint32(3 * 512, bytes.length / 512 - 1)],
    ['link outside', /a node number/, (_, view) => view.setUint32(3 * 512, 0xffff_ffff)],
    ['keys not rising', /rising order/, (_, view) => view.setUint32(3 * 512 + 14 + 2, 1)],
    ['record count', /record/, (_, view) => view.setUint16(3 * 512 + 10, 500)],
    ['record offsets', /record offset/, (_, view) => view.setUint16(4 * 512 - 4, 0xfff0)],
    ['node kind', /kind/, (_, view) => view.setInt8(3 * 512 + 8, 77)],
    ['node height', /height 1/, (_, view) => view.setUint8(3 * 512 + 9, 3)],
    ['key length', /key length/, (_, view) => view.setUint16(3 * 512 + 14, 0xffff)],
  ])('%s', async (_, message, damage) => {
    await expect(damaged(damage)()).rejects.toThrow(message);
    await expect(damaged(damage)()).rejects.toBeInstanceOf(FormatError);
  });

  it('at every length it is cut to', async () => {
    const bytes = buildTree(records(60), 512);
    for (let length = 0; length < bytes.length; length += 97) {
      await expect(open(bytes.subarray(0, length))).rejects.toBeInstanceOf(FormatError);
    }
  });
});
