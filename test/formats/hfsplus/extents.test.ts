import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { fromBytes, piecesOf } from '../../../src/formats/bytes.js';
import { encodeAttributeKey, encodeAttributeRecord } from '../../../src/formats/hfsplus/attribute-record.js';
import { readXattrs } from '../../../src/formats/hfsplus/attributes.js';
import { BTree } from '../../../src/formats/hfsplus/btree.js';
import { encodeExtentKey, encodeExtentRecord } from '../../../src/formats/hfsplus/extent-record.js';
import { allExtents, forkSource } from '../../../src/formats/hfsplus/extents.js';
import { decodeForkData, type Extent, encodeForkData } from '../../../src/formats/hfsplus/fork-data.js';
import { ATTRIBUTES_TREE, EXTENTS_TREE } from '../../../src/formats/hfsplus/trees.js';
import { buildTree } from './build-tree.js';

const where = { file: 'volume: file', structure: 'data fork', offset: 0 };
/** 100 blocks of 512 bytes, each filled with its number. */
const disk = Uint8Array.from({ length: 51200 }, (_, i) => i >> 9);
const blocks = { source: fromBytes(disk, 'volume'), header: { blockSize: 512, totalBlocks: 100 } };
/** Every second block from 2 on, one block each. */
const scattered = (from: number, count: number): Extent[] =>
  Array.from({ length: count }, (_, i) => ({ startBlock: 2 + (from + i) * 2, blockCount: 1 }));
const overflow = (...records: [fork: number, cnid: number, start: number, extents: Extent[]][]) =>
  BTree.open(
    fromBytes(
      buildTree(
        records.map(([forkType, fileID, startBlock, extents]) => ({
          key: encodeExtentKey({ forkType, fileID, startBlock }),
          value: encodeExtentRecord(extents),
        })),
        512,
        { maxKeyLength: 10, attributes: 2 },
      ),
      'volume: extents file',
    ),
    EXTENTS_TREE,
  );
const fork = (logicalSize: number, totalBlocks: number, extents: Extent[]) => ({
  logicalSize,
  clumpSize: 0,
  totalBlocks,
  extents,
});

describe('a fork', () => {
  it('is read over all its extents, cut at its logical size', async () => {
    const source = forkSource(blocks, scattered(0, 3), 1100, where);
    const bytes = await source.read(0, 1100);
    expect([bytes[0], bytes[511], bytes[512], bytes[1024], bytes[1099]]).toEqual([2, 2, 4, 6, 6]);
    expect([...piecesOf(source, 500, 30)].map(({ length }) => length)).toEqual([12, 18]);
    await expect(source.read(1000, 101)).rejects.toBeInstanceOf(FormatError);
  });

  it('goes on in the extents overflow file, in several records', async () => {
    const tree = await overflow(
      [0, 20, 8, scattered(90, 1)],
      [0, 21, 8, scattered(8, 8)],
      [0, 21, 16, scattered(16, 4)],
      [0xff, 21, 8, scattered(91, 1)],
    );
    const data = fork(20 * 512, 20, scattered(0, 8));
    const extents = await allExtents(tree, 21, 0, data);
    expect(extents).toEqual(scattered(0, 20));
    const bytes = await forkSource(blocks, extents, data.logicalSize, where).read(0, data.logicalSize);
    expect([bytes[8 * 512], bytes[19 * 512]]).toEqual([18, 40]);
    expect(await allExtents(tree, 21, 0xff, fork(0, 9, scattered(0, 8)))).toHaveLength(9);
  });

  it.each<[string, RegExp, Extent[], number]>([
    ['outside the volume', /inside the 100 blocks/, [{ startBlock: 99, blockCount: 2 }], 10],
    ['far outside', /inside the 100 blocks/, [{ startBlock: 0xffff_ffff, blockCount: 0xffff_ffff }], 10],
    ['too short', /extents for 1025 bytes, found extents for 1024/, scattered(0, 2), 1025],
    ['longer than the volume', /inside/, [0, 1].map(() => ({ startBlock: 0, blockCount: 60 })), 50_000],
  ])('%s is a FormatError', (_, message, extents, size) => {
    expect(() => forkSource(blocks, extents, size, where)).toThrow(message);
  });

  it('with a gap in the overflow file is a FormatError', async () => {
    const tree = await overflow([0, 21, 9, scattered(9, 1)]);
    await expect(allExtents(tree, 21, 0, fork(5120, 10, scattered(0, 8)))).rejects.toThrow(/from block 8 of file 21/);
    const empty = await overflow([0, 21, 8, []]);
    await expect(allExtents(empty, 21, 0, fork(5120, 10, scattered(0, 8)))).rejects.toThrow(/without blocks/);
  });

  it('is written as 80 bytes', () => {
    const data = { logicalSize: 2 ** 40 + 5, clumpSize: 7, totalBlocks: 9, extents: scattered(0, 8) };
    expect(decodeForkData(encodeForkData(data), 0, where)).toEqual(data);
    expect(() => encodeForkData({ ...data, extents: scattered(0, 9) })).toThrow(/do not fit/);
  });
});

describe('an extended attribute', () => {
  const attributes = (...records: [name: string, start: number, value: Uint8Array][]) =>
    BTree.open(
      fromBytes(
        buildTree(
          records.map(([name, startBlock, value]) => ({
            key: encodeAttributeKey({ fileID: 30, startBlock, name }),
            value,
          })),
          1024,
          { maxKeyLength: 266 },
        ),
        'volume: attributes file',
      ),
      ATTRIBUTES_TREE,
    );
  const inFork = (size: number, total: number, extents: Extent[]) =>
    encodeAttributeRecord({ kind: 'fork', fork: fork(size, total, extents) });
  const more = (extents: Extent[]) => encodeAttributeRecord({ kind: 'extents', extents });

  it('is read inline, from a fork, and from a fork with more extents', async () => {
    const tree = await attributes(
      ['a', 0, encodeAttributeRecord({ kind: 'inline', value: Uint8Array.of(1, 2, 3) })],
      ['b', 0, inFork(12 * 512, 12, scattered(0, 8))],
      ['b', 8, more(scattered(8, 4))],
      ['c', 0, encodeAttributeRecord({ kind: 'inline', value: new Uint8Array(0) })],
    );
    const xattrs = await readXattrs(tree, blocks, 30);
    expect(xattrs.map(({ name, value }) => [name, value.size])).toEqual([
      ['a', 3],
      ['b', 6144],
      ['c', 0],
    ]);
    expect((await xattrs[1]!.value.read(11 * 512, 1))[0]).toBe(24);
    expect(await readXattrs(tree, blocks, 31)).toEqual([]);
  });

  it('with extents of nothing or too few is a FormatError', async () => {
    const lost = await attributes(['b', 8, more(scattered(8, 4))]);
    await expect(readXattrs(lost, blocks, 30)).rejects.toThrow(/the extents that follow/);
    const short = await attributes(['b', 0, inFork(12 * 512, 12, scattered(0, 8))]);
    await expect(readXattrs(short, blocks, 30)).rejects.toThrow(/extents for 6144 bytes/);
  });
});
