import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ApmMap, readPartitionMap, regrow } from '../../../src/formats/partition-map/index.js';
import { HFS_STATUS, type MadeEntry, putMap } from './apple-2048.js';
import { assemble, source } from './disks.js';

/** A map of any form: drivers, comments and free space in front, free space behind, entries in any order. */
const maps = fc.record({
  form: fc.constantFrom(
    { blockSize: 512, unit: 512 },
    { blockSize: 1024, unit: 1024 },
    { blockSize: 2048, unit: 2048 },
    { blockSize: 4096, unit: 4096 },
    { blockSize: 2048, unit: 512 },
  ),
  front: fc.array(
    fc.constantFrom('Apple_Driver43', 'Apple_Driver_ATAPI', 'Apple_Free', 'Apple_Patches', 'Apple_Boot'),
    {
      maxLength: 5,
    },
  ),
  free: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 2 }),
  voids: fc.integer({ min: 0, max: 2 }),
  order: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
  volume: fc.integer({ min: 1, max: 200 }),
  cut: fc.boolean(),
});

const CD_DRIVERS = ['Apple_Driver43', 'Apple_Driver_ATAPI', 'Apple_Patches'];

describe('regrow of any Apple map', () => {
  it('keeps its form and everything in front, byte for byte but for lengths; read back there is nothing to say', async () => {
    await fc.assert(
      fc.asyncProperty(
        maps,
        fc.integer({ min: 1, max: 300 }),
        fc.infiniteStream(fc.nat(255)),
        async (made, wanted, noise) => {
          const { blockSize, unit } = made.form;
          const per = unit / 512;
          // Old school: whole blocks of the descriptor's, too.
          const step = blockSize / unit;
          const entries: MadeEntry[] = [
            { name: 'Apple', type: 'Apple_partition_map', start: 1, count: 15 * step, status: 3 },
          ];
          let at = 16 * step;
          for (const front of made.front) {
            // Drivers at multiples of 2048 count in 2048 in old-school maps: that has a test of its own.
            const type = step > 1 && /Driver|Patches/.test(front) ? 'Apple_Boot' : front;
            entries.push({ name: type, type, start: at, count: 3, status: 0x303 });
            at += 4 * step;
          }
          const start = at;
          const count = made.volume * step;
          const hfs = { name: 'Macintosh', type: 'Apple_HFS', start, count, status: HFS_STATUS };
          at += count;
          entries.push(hfs);
          for (const [i, blocks] of made.free.entries()) {
            entries.push({ name: `free ${i}`, type: 'Apple_Free', start: at, count: blocks });
            at += blocks;
          }
          for (let i = 0; i < made.voids; i++) entries.push({ name: '', type: 'Apple_Void', start: 0, count: 0 });
          const mixed = entries
            .map((entry, i) => ({ entry, key: made.order[i]! }))
            .sort((a, b) => a.key - b.key)
            // Where an old-school entry stands at a multiple of 2048 bytes, a driver's counts in blocks of 2048.
            .map(({ entry }, i) =>
              step > 1 && (i + 1) % step === 0 && CD_DRIVERS.includes(entry.type)
                ? { ...entry, start: entry.start / step, count: 1 }
                : entry,
            );
          const disk = new Uint8Array((made.cut ? start + count : at) * unit);
          putMap(disk, { blockSize, stride: unit, stated: Math.floor((at * unit) / blockSize), entries: mixed });
          // Boot fields, processors, what drivers keep: everything from byte 92 on.
          for (let i = 1; i <= mixed.length; i++) {
            for (let b = 92; b < 512; b++) disk[i * unit + b] = noise.next().value ?? 0;
          }
          const map = (await readPartitionMap(source(disk))) as ApmMap;
          expect(map.unit).toBe(unit);
          const partition = map.partitions.find(({ name }) => name === 'Macintosh')!;
          const sectors = wanted * step * per;
          const after = assemble(regrow(map, partition, sectors), disk);
          const again = (await readPartitionMap(source(after))) as ApmMap;
          expect([again.warnings, again.notes]).toEqual([[], []]);
          expect([again.blockSize, again.unit]).toEqual([blockSize, unit]);
          const free = made.free.reduce((sum, blocks) => sum + blocks, 0);
          expect(after.length).toBe((start + wanted * step + free) * unit);
          expect(again.partitions.find(({ name }) => name === 'Macintosh')?.sectorCount).toBe(sectors);
          expect(again.partitions.map(({ name, type }) => [name, type])).toEqual(
            map.partitions.map(({ name, type }) => [name, type]),
          );
          for (let i = 1; i <= mixed.length; i++) {
            const moved = mixed[i - 1]!.start >= start && mixed[i - 1]!.count > 0;
            const [was, is] = [disk, after].map((bytes) => Buffer.from(bytes.subarray(i * unit, i * unit + 512)));
            // Start, length and length of data may differ of the volume and what follows; nothing else.
            for (const [from, to] of moved
              ? ([
                  [8, 16],
                  [84, 88],
                ] as const)
              : []) {
              was!.fill(0, from, to);
              is!.fill(0, from, to);
            }
            expect(is!.equals(was!)).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
