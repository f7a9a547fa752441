import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppendAllocator, FreeSpaceAllocator } from '../../../../src/formats/hfsplus/write/allocator.js';
import { Bitmap } from '../../../../src/formats/hfsplus/write/bitmap.js';

const blocks = fc.array(fc.boolean(), { minLength: 1, maxLength: 200 });

function bitmapOf(used: readonly boolean[]): Bitmap {
  const bitmap = new Bitmap(used.length);
  used.forEach((on, startBlock) => {
    if (on) bitmap.use({ startBlock, blockCount: 1 });
  });
  return bitmap;
}

describe('Bitmap', () => {
  it('has the highest bit of a byte first', () => {
    const bitmap = new Bitmap(20);
    bitmap.use({ startBlock: 0, blockCount: 1 });
    bitmap.use({ startBlock: 6, blockCount: 7 });
    expect([...bitmap.bytes]).toEqual([0b1000_0011, 0b1111_1000, 0]);
  });

  it('agrees with an array of booleans', () => {
    fc.assert(
      fc.property(blocks, fc.nat(), fc.nat(), fc.boolean(), (used, a, b, on) => {
        const bitmap = bitmapOf(used);
        const startBlock = a % used.length;
        const blockCount = b % (used.length - startBlock + 1);
        const model = used.map((was, i) => (i >= startBlock && i < startBlock + blockCount ? on : was));
        if (on) bitmap.use({ startBlock, blockCount });
        else bitmap.free({ startBlock, blockCount });
        expect(model.map((_, i) => bitmap.isUsed(i))).toEqual(model);
        expect(bitmap.countUsed()).toBe(model.filter(Boolean).length);
        expect(bitmap.allUsed({ startBlock, blockCount })).toBe(on || blockCount === 0);
        for (const wanted of [true, false]) {
          const runs = [...bitmap.runs(wanted)];
          const listed = runs.flatMap((r) => Array.from({ length: r.blockCount }, (_, i) => r.startBlock + i));
          expect(listed).toEqual(model.flatMap((is, i) => (is === wanted ? [i] : [])));
          for (const [i, run] of runs.entries()) {
            if (i > 0) expect(run.startBlock).toBeGreaterThan(runs[i - 1]!.startBlock + runs[i - 1]!.blockCount);
          }
        }
      }),
    );
  });

  it('takes over only the bits of blocks that are there', () => {
    const bitmap = Bitmap.resized(Uint8Array.of(0xff, 0xff), 11, 40, 8);
    expect([...bitmap.bytes]).toEqual([0xff, 0xe0, 0, 0, 0, 0, 0, 0]);
    expect([...Bitmap.resized(bitmap.bytes, 40, 9).bytes]).toEqual([0xff, 0x80]);
  });

  it('says that blocks outside the volume are not used, and refuses to mark them', () => {
    const bitmap = bitmapOf([true, true]);
    expect(bitmap.allUsed({ startBlock: 1, blockCount: 0xffff_ffff })).toBe(false);
    expect(() => bitmap.use({ startBlock: 1, blockCount: 2 })).toThrow(/not in a volume of 2/);
  });
});

describe('FreeSpaceAllocator', () => {
  it('gives nothing from its end on, whole or scattered, and says what lies behind', () => {
    const bitmap = bitmapOf([true, false, false, true, false, false, false, false, false, false]);
    const free = new FreeSpaceAllocator(bitmap, 'test', 6);
    // The longest run is mostly behind the end.
    expect(free.take(3)).toEqual([
      { startBlock: 1, blockCount: 2 },
      { startBlock: 4, blockCount: 1 },
    ]);
    expect(() => free.take(2)).toThrow(
      /2 free blocks are needed, 1 are there; 4 more lie so near the end of the disk that boot loaders cannot read them/,
    );
    expect(() => free.take(9)).toThrow(/9 free blocks are needed, 1 are there\.$/);
    expect(free.take(1)).toEqual([{ startBlock: 5, blockCount: 1 }]);
  });

  it('gives only free blocks, each once, in one run where that is possible', () => {
    fc.assert(
      fc.property(blocks, fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 8 }), (used, wishes) => {
        const bitmap = bitmapOf(used);
        const free = new FreeSpaceAllocator(bitmap, 'test');
        const given = new Set<number>();
        for (const wish of wishes) {
          const left = used.length - bitmap.countUsed();
          const longest = Math.max(0, ...[...bitmap.runs(false)].map((run) => run.blockCount));
          if (wish > left) {
            expect(() => free.take(wish)).toThrow(`${wish} free blocks are needed, ${left} are there`);
            continue;
          }
          const runs = free.take(wish);
          if (wish <= longest) expect(runs).toHaveLength(1);
          for (const { startBlock, blockCount } of runs) {
            for (let block = startBlock; block < startBlock + blockCount; block++) {
              expect(used[block] || given.has(block)).toBe(false);
              given.add(block);
            }
          }
          expect(runs.reduce((sum, run) => sum + run.blockCount, 0)).toBe(wish);
        }
      }),
    );
  });
});

describe('AppendAllocator', () => {
  it('gives one run after another, none for nothing, broken ones only when asked', () => {
    const blocks = new AppendAllocator(10);
    expect(blocks.take(5)).toEqual([{ startBlock: 10, blockCount: 5 }]);
    expect(blocks.take(0)).toEqual([]);
    expect(blocks.take(5, 2)).toEqual([
      { startBlock: 15, blockCount: 2 },
      { startBlock: 18, blockCount: 2 },
      { startBlock: 21, blockCount: 1 },
    ]);
    expect(blocks.end).toBe(22);
  });

  it('refuses more blocks than a volume can have', () => {
    expect(() => new AppendAllocator(10).take(0xffff_fffa)).toThrow(/more than the 4294967295 allocation blocks/);
  });
});
