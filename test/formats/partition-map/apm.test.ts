import { describe, expect, it } from 'vitest';
import { FormatError, SourceError } from '../../../src/errors.js';
import { zeros } from '../../../src/formats/bytes.js';
import { concat } from '../../../src/formats/concat.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { findHfsPartition, planApm, readPartitionMap, regrow } from '../../../src/formats/partition-map/index.js';
import { orFormatError } from '../../helpers/damage.js';
import { fixture, fixtureBytes } from '../udif/fixtures.js';
import { assemble, source, wholeDisk } from './disks.js';

/** ronin-apm-map.bin is the start of a disk of 6144 sectors. */
function roninDisk() {
  const head = fixture('ronin-apm-map.bin');
  const rest = zeros(6144 * 512 - head.size);
  return concat(
    [
      { source: head, offset: 0, length: head.size },
      { source: rest, offset: 0, length: rest.size },
    ],
    'ronin',
  );
}

describe('readPartitionMap: APM', () => {
  it('reads a disk of hdiutil with free space at the end', async () => {
    const map = await readPartitionMap(fixture('dfvfs-apm.dmg.gz'));
    expect(map).toMatchObject({
      scheme: 'apm',
      sectorSize: 512,
      totalSectors: 8192,
      warnings: [],
      partitions: [
        { index: 1, name: 'Apple', type: 'Apple_partition_map', firstSector: 1, sectorCount: 63 },
        { index: 2, name: 'disk image', type: 'Apple_HFS', firstSector: 64, sectorCount: 8112 },
        { index: 3, name: '', type: 'Apple_Free', firstSector: 8176, sectorCount: 16 },
      ],
    });
  });

  it('reads a disk of hdiutil without', async () => {
    const map = await readPartitionMap(roninDisk());
    expect(map).toMatchObject({ scheme: 'apm', totalSectors: 6144, warnings: [] });
    expect(map.partitions.map(({ type, firstSector, sectorCount }) => [type, firstSector, sectorCount])).toEqual([
      ['Apple_partition_map', 1, 63],
      ['Apple_HFS', 64, 6080],
    ]);
  });

  it('notes when the disk has another size than its map: no damage (real-media.md 1.2)', async () => {
    const bytes = fixtureBytes('dfvfs-apm.dmg.gz');
    const longer = new Uint8Array(bytes.length + 512);
    longer.set(bytes);
    expect(await readPartitionMap(source(longer))).toMatchObject({
      warnings: [],
      notes: ['the driver descriptor counts 8192 blocks of 512 bytes, the disk has 8193'],
    });
  });

  it('cut short or with any field made absurd: a FormatError or a map', async () => {
    const bytes = fixtureBytes('dfvfs-apm.dmg.gz').subarray(0, 8192 * 512);
    for (const cut of [1024, 1536, 2047, 2048, 64 * 512]) {
      await expect(readPartitionMap(source(bytes.subarray(0, cut)))).rejects.toThrow(FormatError);
    }
    // Cut inside the volume: the map is whole, the volume is not.
    const cut = source(bytes.subarray(0, 70 * 512));
    const { source: rest } = await findHfsPartition(await readPartitionMap(cut), cut);
    await expect(HfsVolume.open(rest)).rejects.toThrow(FormatError);
    for (const block of [0, 512, 1024, 1536]) {
      for (let at = 0; at < 96; at++) {
        for (const value of [0, 1, 0x7f, 0xff]) {
          const changed = bytes.slice(0, 2048 + 512);
          changed[block + at] = value;
          const rest = zeros(bytes.length - changed.length);
          const disk = concat(
            [
              { source: source(changed), offset: 0, length: changed.length },
              { source: rest, offset: 0, length: rest.size },
            ],
            'x',
          );
          await orFormatError(() => readPartitionMap(disk));
        }
      }
    }
  });
});

describe('planApm', () => {
  it('writes the very bytes hdiutil writes', () => {
    const layout = planApm({ volumeSectors: 6080 });
    expect(layout).toMatchObject({ totalSectors: 6144, volumeFirstSector: 64, volumeSectors: 6080 });
    const disk = assemble(layout);
    expect(Buffer.from(disk.subarray(0, 2048)).equals(fixtureBytes('ronin-apm-map.bin'))).toBe(true);
    expect(disk.subarray(1536, 64 * 512).every((byte) => byte === 0)).toBe(true);
  });

  it('is read back', async () => {
    const map = await readPartitionMap(source(assemble(planApm({ volumeSectors: 1000, name: 'OS X Install' }))));
    expect(map.warnings).toEqual([]);
    expect(map.partitions[1]).toEqual({
      index: 2,
      name: 'OS X Install',
      type: 'Apple_HFS',
      firstSector: 64,
      sectorCount: 1000,
    });
  });

  it('refuses more than 2 TiB', () => {
    expect(() => planApm({ volumeSectors: 2 ** 32 })).toThrow(/2 TiB/);
  });
});

describe('regrow: APM', () => {
  it.each([8112, 20000, 100])('to %i sectors: free space behind moves, everything else stays', async (sectors) => {
    const before = await wholeDisk('dfvfs-apm.dmg.gz');
    const map = await readPartitionMap(source(before));
    const layout = regrow(map, map.partitions[1]!, sectors);
    expect(layout).toMatchObject({ totalSectors: 80 + sectors, volumeFirstSector: 64, volumeSectors: sectors });
    const after = assemble(layout, before);
    const again = await readPartitionMap(source(after));
    expect([again.warnings, again.notes]).toEqual([[], []]);
    expect(again.partitions).toEqual([
      map.partitions[0],
      { ...map.partitions[1], sectorCount: sectors },
      { ...map.partitions[2], firstSector: 64 + sectors },
    ]);
    const view = new DataView(after.buffer);
    expect(view.getUint32(4)).toBe(80 + sectors);
    expect([view.getUint32(512 + 4), view.getUint32(1024 + 4)]).toEqual([3, 3]);
    expect(view.getUint32(1024 + 84)).toBe(sectors);
    expect(view.getUint32(1024 + 88)).toBe(0x40000033);
    // The processor field's odd bytes stay.
    expect(after.subarray(1024 + 92, 1536)).toEqual(before.subarray(1024 + 92, 1536));
  });

  it('free space that would make the disk much larger goes, and its entry becomes zeros', async () => {
    const before = await wholeDisk('dfvfs-apm.dmg.gz');
    new DataView(before.buffer).setUint32(1536 + 12, 2049);
    const map = await readPartitionMap(source(before));
    const after = assemble(regrow(map, map.partitions[1]!, 200), before);
    expect(after.length).toBe(264 * 512);
    expect((await readPartitionMap(source(after))).partitions).toHaveLength(2);
    expect(after.subarray(1536, 2048).every((byte) => byte === 0)).toBe(true);
  });

  it('refuses a volume that lies over the map', async () => {
    const before = await wholeDisk('dfvfs-apm.dmg.gz');
    new DataView(before.buffer).setUint32(1024 + 8, 2);
    const map = await readPartitionMap(source(before));
    expect(() => regrow(map, map.partitions[1]!, 9000)).toThrow(/lies over the partition map/);
  });

  it('refuses when another partition lies behind', async () => {
    const before = await wholeDisk('dfvfs-apm.dmg.gz');
    before.set(new TextEncoder().encode('Apple_UFS\0'), 1536 + 48);
    const map = await readPartitionMap(source(before));
    expect(() => regrow(map, map.partitions[1]!, 9000)).toThrow(SourceError);
    expect(() => regrow(map, map.partitions[1]!, 9000)).toThrow(/Apple_UFS\) lies behind it/);
  });

  it('keeps entries whose place in the map is behind but whose blocks are before', async () => {
    const before = await wholeDisk('dfvfs-apm.dmg.gz');
    const view = new DataView(before.buffer);
    // The free space's entry becomes a driver in sectors 40 to 63; the map shrinks to 39.
    view.setUint32(512 + 12, 39);
    view.setUint32(1536 + 8, 40);
    view.setUint32(1536 + 12, 24);
    before.set(new TextEncoder().encode('Apple_Driver43\0'), 1536 + 48);
    const map = await readPartitionMap(source(before));
    const again = await readPartitionMap(source(assemble(regrow(map, map.partitions[1]!, 9000), before)));
    expect(again.partitions.map(({ index, type, firstSector }) => [index, type, firstSector])).toEqual([
      [1, 'Apple_partition_map', 1],
      [2, 'Apple_HFS', 64],
      [3, 'Apple_Driver43', 40],
    ]);
  });
});
