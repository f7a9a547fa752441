import { describe, expect, it } from 'vitest';
import { FormatError, SourceError } from '../../../src/errors.js';
import { type GptMap, GuidType, planGpt, readPartitionMap, regrow } from '../../../src/formats/partition-map/index.js';
import { orFormatError } from '../../helpers/damage.js';
import { assemble, DISK_GUID, PARTITION_GUID, source, volume, wholeDisk } from './disks.js';

describe('readPartitionMap: GPT', () => {
  it.each([
    ['ronin-zlib.dmg', 8192, 8112],
    ['keramics-zlib.dmg', 3836, 3760],
    ['brew-container.dmg', 4546, 4472],
    ['dfvfs-hfsplus_zlib.dmg', 3817, 3744],
  ])('reads %s', async (file, totalSectors, sectorCount) => {
    expect(await readPartitionMap(source(await wholeDisk(file)))).toMatchObject({
      scheme: 'gpt',
      totalSectors,
      warnings: [],
      partitions: [{ index: 1, name: 'disk image', type: GuidType.hfs, firstSector: 40, sectorCount }],
    });
  });

  it.each([
    ['signature', 512],
    ['header CRC', 512 + 16],
    ['a reserved byte under the CRC', 512 + 20],
    ['entries', 1024 + 40],
  ])('uses the backup when the primary is damaged: %s', async (_what, at) => {
    const disk = await wholeDisk('keramics-zlib.dmg');
    disk[at]! ^= 0xff;
    const map = await readPartitionMap(source(disk));
    expect(map.warnings).toEqual([
      expect.stringMatching(/^the primary GPT is damaged, its backup was used: .*GPT header/),
    ]);
    expect(map.partitions).toMatchObject([{ type: GuidType.hfs, firstSector: 40, sectorCount: 3760 }]);
  });

  it('says when the backup is damaged; padding behind it is no damage (real-media.md 1.2)', async () => {
    const disk = await wholeDisk('keramics-zlib.dmg');
    expect((await readPartitionMap(source(disk.with(disk.length - 500, 0xaa)))).warnings).toEqual([
      expect.stringMatching(/^the backup GPT is damaged or not at the end/),
    ]);
    const longer = new Uint8Array(disk.length + 1025);
    longer.set(disk);
    expect(await readPartitionMap(source(longer))).toMatchObject({
      warnings: [],
      notes: ['the disk goes on 1025 bytes behind the end of its GPT'],
    });
  });

  it('says when there is no protective MBR', async () => {
    const disk = await wholeDisk('keramics-zlib.dmg');
    disk.fill(0, 0, 512);
    expect((await readPartitionMap(source(disk))).warnings).toEqual(['there is no protective MBR']);
  });

  it('both damaged: a FormatError that says what is wrong with the primary', async () => {
    const disk = await wholeDisk('keramics-zlib.dmg');
    disk[512 + 16]! ^= 1;
    disk[disk.length - 496]! ^= 1;
    await expect(readPartitionMap(source(disk))).rejects.toThrow(/GPT header at byte 512: expected CRC 0x/);
    // Without a signature only the MBR says that there was a GPT.
    disk[512] = 0;
    await expect(readPartitionMap(source(disk))).rejects.toThrow(FormatError);
  });

  it('cut short: a FormatError, or a partition that ends with the disk', async () => {
    const disk = await wholeDisk('keramics-zlib.dmg');
    for (const cut of [513, 1023, 1024, 5000, 20000, 3000 * 512]) {
      const result = await orFormatError(() => readPartitionMap(source(disk.subarray(0, cut))));
      if (cut === 3000 * 512)
        expect(result).toMatchObject({ partitions: [{ sectorCount: 2960, statedSectors: 3760 }] });
      else if (cut === 20000)
        expect(result).toMatchObject({
          partitions: [],
          warnings: [
            expect.stringMatching(/^the backup GPT/),
            'partition 1 is left out: blocks 40 to 3799 of a disk of 39',
          ],
        });
      else if (cut >= 1024) expect(result).toBeInstanceOf(FormatError);
    }
  });

  it('fields made absurd, CRCs made right: a FormatError or a map', async () => {
    const { crc32 } = await import('node:zlib');
    const good = await wholeDisk('keramics-zlib.dmg');
    // Only the primary: with its backup gone nothing is papered over.
    good.fill(0, good.length - 512);
    for (let at = 8; at < 92; at++) {
      if (at >= 16 && at < 20) continue;
      for (const value of [0, 1, 0x7f, 0xff]) {
        const disk = good.slice();
        disk[512 + at] = value;
        const header = disk.slice(512, 512 + 92);
        header.fill(0, 16, 20);
        new DataView(disk.buffer).setUint32(512 + 16, crc32(header), true);
        await orFormatError(() => readPartitionMap(source(disk)));
      }
    }
  });
});

describe('planGpt', () => {
  it('writes the very bytes hdiutil writes', async () => {
    const real = await wholeDisk('ronin-zlib.dmg');
    const layout = planGpt({ volumeSectors: 8112, diskGuid: DISK_GUID, partitionGuid: PARTITION_GUID });
    expect(layout).toMatchObject({ totalSectors: 8192, volumeFirstSector: 40, volumeSectors: 8112 });
    const ours = assemble(layout);
    real.fill(0x5a, 40 * 512, (40 + 8112) * 512);
    expect(Buffer.from(ours).equals(real)).toBe(true);
  });

  it.each([1, 7, 8, 100, 8113])('a volume of %i sectors is read back', async (volumeSectors) => {
    const layout = planGpt({ volumeSectors, name: 'ÖS X', diskGuid: DISK_GUID, partitionGuid: PARTITION_GUID });
    const map = await readPartitionMap(source(assemble(layout)));
    expect(map.warnings).toEqual([]);
    expect(map.partitions).toEqual([
      { index: 1, name: 'ÖS X', type: GuidType.hfs, firstSector: 40, sectorCount: volumeSectors },
    ]);
  });
});

describe('regrow: GPT', () => {
  it.each(['keramics-zlib.dmg', 'dfvfs-hfsplus_zlib.dmg', 'ronin-zlib.dmg'])(
    '%s: GUIDs and names stay',
    async (file) => {
      const before = await wholeDisk(file);
      const map = (await readPartitionMap(source(before))) as GptMap;
      for (const sectors of [8, 3768, 12345]) {
        const layout = regrow(map, map.partitions[0]!, sectors);
        const again = (await readPartitionMap(source(assemble(layout, before)))) as GptMap;
        expect(again.warnings).toEqual([]);
        expect(again.totalSectors).toBe(layout.totalSectors);
        expect(again.partitions).toEqual([{ ...map.partitions[0], sectorCount: sectors }]);
        expect(again.header.subarray(56, 72)).toEqual(map.header.subarray(56, 72));
        expect(again.entries.subarray(0, 40)).toEqual(map.entries.subarray(0, 40));
        expect(Buffer.compare(again.entries.subarray(48), map.entries.subarray(48))).toBe(0);
      }
    },
  );

  it('mends a damaged primary from the backup', async () => {
    const before = await wholeDisk('keramics-zlib.dmg');
    before.fill(0xee, 512, 34 * 512);
    // The signature must be gone from nowhere else: the MBR still promises a GPT.
    const map = await readPartitionMap(source(before));
    const after = assemble(regrow(map, map.partitions[0]!, 4000), before);
    expect((await readPartitionMap(source(after))).warnings).toEqual([]);
  });

  it('refuses when another partition lies behind', async () => {
    const disk = await wholeDisk('keramics-zlib.dmg');
    const map = (await readPartitionMap(source(disk))) as GptMap;
    const behind = { index: 2, name: 'Recovery HD', type: 'X', firstSector: 3800, sectorCount: 3 };
    const two: GptMap = { ...map, partitions: [...map.partitions, behind] };
    expect(() => regrow(two, map.partitions[0]!, 4000)).toThrow(SourceError);
    expect(() => regrow(two, map.partitions[0]!, 4000)).toThrow(/"Recovery HD" \(X\) lies behind it/);
  });

  it('refuses a volume in an HFS wrapper', async () => {
    const map = await readPartitionMap(source(volume(100, 'BD')));
    const whole = { index: 0, name: '', type: '', firstSector: 0, sectorCount: 100, wrapped: true };
    expect(() => regrow(map, whole, 200)).toThrow(/wrapper/);
  });
});
