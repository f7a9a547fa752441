import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { findHfsPartition, readPartitionMap, regrow } from '../../../src/formats/partition-map/index.js';
import { orFormatError } from '../../helpers/damage.js';
import { fixtureBytes } from '../udif/fixtures.js';
import { assemble, source } from './disks.js';
import { bootRecord, wildDisks } from './wild-maps.js';

const volume = fixtureBytes('dfvfs-hfsplus.raw.gz');
const disks = wildDisks(volume);

describe('maps seen in the wild', () => {
  it.each(disks)('$name: the volume is found and opened', async ({ bytes, scheme, index, firstSector }) => {
    const map = await readPartitionMap(source(bytes));
    expect(map.scheme).toBe(scheme);
    expect(map.warnings).toEqual([]);
    const found = await findHfsPartition(map, source(bytes));
    expect(found).toMatchObject({ index, firstSector, volumeOffset: firstSector * 512, wrapped: false });
    expect((await HfsVolume.open(found.source)).name).toBe('hfsplus_test');
  });

  it.each(disks)('$name: regrown, everything in front of the volume stays, and it is read back', async (disk) => {
    const map = await readPartitionMap(source(disk.bytes));
    const partition = await findHfsPartition(map, source(disk.bytes));
    for (const volumeSectors of [64, 8112, 20_000]) {
      const after = assemble(regrow(map, partition, volumeSectors), disk.bytes);
      after.set(volume.subarray(0, 2048), disk.firstSector * 512);
      const again = await readPartitionMap(source(after));
      expect([again.scheme, again.warnings, again.notes]).toEqual([disk.scheme, [], []]);
      const found = await findHfsPartition(again, source(after));
      expect(found).toMatchObject({ index: disk.index, firstSector: disk.firstSector, sectorCount: volumeSectors });
      const others = (partitions: typeof map.partitions) =>
        partitions.filter(
          ({ firstSector, type }) => firstSector < disk.firstSector && type !== '0xEE' && type !== '0x05',
        );
      expect(others(again.partitions)).toEqual(others(map.partitions));
    }
  });

  it('any byte of a map changed: a FormatError or a map, never a partition outside the disk', async () => {
    for (const { bytes, name } of disks) {
      const front = name.startsWith('a logical') ? 64 * 512 : 8192;
      for (let at = 0; at < front; at += at % 2048 < 160 ? 3 : 61) {
        for (const value of [0, 0x7f, 0xff]) {
          const before = bytes[at]!;
          bytes[at] = value;
          const map = await orFormatError(() => readPartitionMap(source(bytes)));
          bytes[at] = before;
          if (map instanceof FormatError) continue;
          for (const { firstSector, sectorCount } of map.partitions) {
            expect(sectorCount).toBeGreaterThanOrEqual(0);
            if (sectorCount > 0) expect(firstSector + sectorCount).toBeLessThanOrEqual(map.totalSectors);
          }
        }
      }
    }
  });
});

describe('extended boot records', () => {
  /** Records at their sectors, on a disk of 4096 sectors. */
  function chain(records: readonly (readonly [number, Uint8Array])[]): Uint8Array {
    const disk = new Uint8Array(4096 * 512);
    for (const [sector, bytes] of records) disk.set(bytes, sector * 512);
    return disk;
  }
  const master = bootRecord([
    [0x83, 8, 8],
    [0x0f, 100, 3000],
  ]);

  it('are followed: each counts from itself, the way on from the first', async () => {
    const disk = chain([
      [0, master],
      [
        100,
        bootRecord([
          [0x83, 2, 50],
          [5, 100, 200],
        ]),
      ],
      [
        200,
        bootRecord([
          [0, 0, 0],
          [5, 300, 500],
        ]),
      ],
      [400, bootRecord([[0xaf, 1, 400]])],
    ]);
    const map = await readPartitionMap(source(disk));
    expect(
      map.partitions.map(({ index, type, firstSector, sectorCount }) => [index, type, firstSector, sectorCount]),
    ).toEqual([
      [1, '0x83', 8, 8],
      [2, '0x0F', 100, 3000],
      [5, '0x83', 102, 50],
      [6, '0xAF', 401, 400],
    ]);
    const after = assemble(regrow(map, map.partitions[3]!, 1000), disk);
    const again = await readPartitionMap(source(after));
    expect(again.partitions.map(({ sectorCount }) => sectorCount)).toEqual([8, 1301, 50, 1000]);
    expect(again.warnings).toEqual([]);
    // The record before says how far the last one's room goes.
    expect(new DataView(after.buffer).getUint32(200 * 512 + 462 + 12, true)).toBe(1001);
    expect(() => regrow(map, map.partitions[2]!, 1000)).toThrow(/partition 6 lies behind it/);
  });

  it.each([1, 2])('regrown with slot %i of the master record empty: nothing but lengths changes', async (empty) => {
    const entries: [number, number, number][] = [
      [0x83, 8, 8],
      [0x83, 20, 8],
      [0x0f, 100, 3000],
    ];
    entries[empty - 1] = [0, 0, 0];
    const record = bootRecord(entries);
    record.fill(0x90, 0, 440);
    const disk = chain([
      [0, record],
      [100, bootRecord([[0xaf, 1, 400]])],
    ]);
    const map = await readPartitionMap(source(disk));
    const after = assemble(regrow(map, map.partitions.at(-1)!, 1000), disk);
    expect(after.subarray(0, 446)).toEqual(record.subarray(0, 446));
    const again = await readPartitionMap(source(after));
    expect(again.partitions.map(({ index, sectorCount }) => [index, sectorCount])).toEqual([
      [3 - empty, 8],
      [3, 1001],
      [5, 1000],
    ]);
    expect(again.warnings).toEqual([]);
  });

  it('regrown, those in front of the volume stay, wherever they are in the chain; empty ones behind it go', async () => {
    // 100 leads to 2000, the volume's; that to 3500, which is empty and behind it; that to 1000 in front.
    const disk = chain([
      [0, bootRecord([[0x0f, 100, 3900]])],
      [
        100,
        bootRecord([
          [0x83, 10, 90],
          [5, 1900, 1500],
        ]),
      ],
      [
        2000,
        bootRecord([
          [0xaf, 10, 1000],
          [5, 3400, 100],
        ]),
      ],
      [
        3500,
        bootRecord([
          [0, 0, 0],
          [5, 900, 600],
        ]),
      ],
      [1000, bootRecord([[0x83, 10, 500]])],
    ]);
    const map = await readPartitionMap(source(disk));
    const volume = map.partitions.find(({ type }) => type === '0xAF')!;
    const again = await readPartitionMap(source(assemble(regrow(map, volume, 1200), disk)));
    expect(again.partitions.map(({ index, firstSector, sectorCount }) => [index, firstSector, sectorCount])).toEqual([
      [1, 100, 3110],
      [5, 110, 90],
      [6, 2010, 1200],
      [7, 1010, 500],
    ]);
    expect(again.warnings).toEqual([]);
  });

  it('in a circle, or without an end: a FormatError', async () => {
    const circle = chain([
      [0, master],
      [
        100,
        bootRecord([
          [0x83, 2, 50],
          [5, 100, 200],
        ]),
      ],
      [
        200,
        bootRecord([
          [0x83, 2, 50],
          [5, 0, 200],
        ]),
      ],
    ]);
    await expect(readPartitionMap(source(circle))).rejects.toThrow(
      /extended boot record 3 at byte 51200: expected a chain of at most 128 records, found one that goes round in a circle/,
    );
    const endless = chain([
      [0, master],
      ...Array.from(
        { length: 200 },
        (_, i) =>
          [
            100 + i,
            bootRecord([
              [0x83, 1, 1],
              [5, i + 1, 1],
            ]),
          ] as const,
      ),
    ]);
    await expect(readPartitionMap(source(endless))).rejects.toThrow(/at most 128 records, found a longer one/);
  });

  it('one that is missing is a warning; the others are read', async () => {
    const map = await readPartitionMap(source(chain([[0, master]])));
    expect(map.partitions).toHaveLength(2);
    expect(map.warnings).toEqual(['there is no extended boot record at sector 100']);
  });
});

describe('a GPT with blocks of 4096', () => {
  const { bytes } = disks.find(({ name }) => name.endsWith('4096'))!;

  it('whose primary is gone is read from its backup', async () => {
    const disk = bytes.slice();
    disk.fill(0, 4096, 5 * 4096);
    const map = await readPartitionMap(source(disk));
    expect(map).toMatchObject({
      scheme: 'gpt',
      lbaSize: 4096,
      warnings: [expect.stringContaining('its backup was used')],
    });
    expect(map.partitions).toMatchObject([{ firstSector: 48, sectorCount: 8112 }]);
  });

  it('says where both are damaged', async () => {
    const disk = bytes.slice();
    disk[4096 + 16]! ^= 1;
    disk[disk.length - 4096 + 16]! ^= 1;
    await expect(readPartitionMap(source(disk))).rejects.toThrow(/GPT header at byte 4096: expected CRC 0x/);
  });
});
