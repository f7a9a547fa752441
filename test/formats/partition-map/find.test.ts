import { describe, expect, it } from 'vitest';
import { FormatError, SourceError } from '../../../src/errors.js';
import {
  findHfsPartition,
  planApm,
  planGpt,
  readPartitionMap,
  regrow,
} from '../../../src/formats/partition-map/index.js';
import { fixture, IMAGES, openFixture } from '../udif/fixtures.js';
import { assemble, DISK_GUID, PARTITION_GUID, source, volume, wholeDisk } from './disks.js';

async function find(bytes: Uint8Array, index?: number) {
  const disk = source(bytes);
  return findHfsPartition(await readPartitionMap(disk), disk, index === undefined ? {} : { index });
}

/** A disk with an APM and a volume of 100 sectors that has this signature. */
function apmDisk(signature: string, type = 'Apple_HFS'): Uint8Array {
  const disk = assemble(planApm({ volumeSectors: 100 }));
  disk.set(volume(100, signature), 64 * 512);
  disk.fill(0, 1024 + 48, 1024 + 80);
  disk.set(new TextEncoder().encode(type), 1024 + 48);
  return disk;
}

/** A master boot record with these entries: type, first sector, sectors. */
function mbrDisk(sectors: number, entries: readonly (readonly [number, number, number])[]): Uint8Array {
  const disk = new Uint8Array(sectors * 512);
  const view = new DataView(disk.buffer);
  for (const [i, [type, first, count]] of entries.entries()) {
    disk[446 + i * 16 + 4] = type;
    view.setUint32(446 + i * 16 + 8, first, true);
    view.setUint32(446 + i * 16 + 12, count, true);
  }
  disk.set([0x55, 0xaa], 510);
  return disk;
}

describe('findHfsPartition on real disks', () => {
  it.each(IMAGES.filter(({ file }) => !/^udif-(adc|bz2|lzfse|raw-in|zlib\.)|sparkle-pkg/.test(file)))(
    '$file',
    async ({ file, variant }) => {
      const disk = await openFixture(file);
      const found = await findHfsPartition(await readPartitionMap(disk), disk);
      const apm = file === 'sparkle-app.dmg';
      expect(found.firstSector).toBe(variant === 2 ? 0 : apm ? 64 : 40);
      expect(found.wrapped).toBe(false);
      expect(Buffer.from(await found.source.read(1024, 2)).toString()).toBe('H+');
      expect(found.source.size).toBe(found.sectorCount * 512);
      expect(found.source.pieces).toBeDefined();
    },
  );

  it.each(['dfvfs-apm.dmg.gz', 'dfvfs-hfsplus.raw.gz', 'goafs-hfsplus.dmg.gz'])('%s, a raw disk', async (file) => {
    const disk = fixture(file);
    const map = await readPartitionMap(disk);
    const found = await findHfsPartition(map, disk);
    expect(map.scheme).toBe(file === 'dfvfs-apm.dmg.gz' ? 'apm' : 'none');
    expect(found.firstSector).toBe(file === 'dfvfs-apm.dmg.gz' ? 64 : 0);
  });

  it('refuses APFS with the reason', async () => {
    const disk = await openFixture('sparkle-pkg.dmg');
    await expect(findHfsPartition(await readPartitionMap(disk), disk)).rejects.toThrow(
      /sparkle-pkg\.dmg has no HFS\+ volume: partition 1 "disk image" at sector 40 is APFS, which osx-iso does not read\./,
    );
  });

  it('refuses classic HFS with the reason', async () => {
    const disk = fixture('dfvfs-hfs.raw.gz');
    await expect(findHfsPartition(await readPartitionMap(disk), disk)).rejects.toThrow(
      /whole disk is classic HFS, not HFS\+/,
    );
  });

  it('refuses a disk of FAT partitions, and says what it has', async () => {
    const disk = await openFixture('udif-zlib.dmg');
    const map = await readPartitionMap(disk);
    expect(map).toMatchObject({
      scheme: 'mbr',
      warnings: [],
      partitions: [
        { index: 1, firstSector: 128, sectorCount: 2048 },
        { index: 2, firstSector: 2176, sectorCount: 2048 },
      ],
    });
    const error = await findHfsPartition(map, disk).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SourceError);
    expect((error as SourceError).hint).toMatch(/^Its partitions are 1: 0x\w\w, 2048 sectors; 2:/);
  });
});

describe('findHfsPartition by type and signature', () => {
  it('takes HFSX and Apple_HFSX', async () => {
    expect((await find(apmDisk('HX'))).index).toBe(2);
    expect((await find(apmDisk('HX', 'Apple_HFSX'))).index).toBe(2);
  });

  it('wants both: neither the type nor the signature is enough', async () => {
    await expect(find(apmDisk('H+', 'Apple_Boot'))).rejects.toThrow(/no HFS\+ volume/);
    await expect(find(apmDisk('xx'))).rejects.toThrow(
      /partition 2 "disk image" at sector 64 is without an HFS\+ signature/,
    );
  });

  it('takes the partition the user names, whatever its type, if the signature is right', async () => {
    expect(await find(apmDisk('H+', 'Apple_Boot'), 2)).toMatchObject({ index: 2, firstSector: 64 });
    await expect(find(apmDisk('H+'), 1)).rejects.toThrow(/no HFS\+ volume/);
    await expect(find(apmDisk('H+'), 9)).rejects.toThrow(/has no partition 9/);
  });

  it('lists them when there are several', async () => {
    const disk = mbrDisk(300, [
      [0xaf, 8, 100],
      [0x83, 108, 8],
      [0xaf, 120, 100],
    ]);
    disk.set(volume(100, 'H+'), 8 * 512);
    await expect(find(disk)).resolves.toMatchObject({ index: 1 });
    disk.set(volume(100, 'HX'), 120 * 512);
    await expect(find(disk)).rejects.toThrow(
      /more than one HFS\+ volume: partition 1 at sector 8, partition 3 at sector 120/,
    );
    expect((await find(disk, 3)).firstSector).toBe(120);
  });

  it('GPT: takes the HFS one behind an EFI partition, and explains APFS and CoreStorage', async () => {
    const disk = assemble(planGpt({ volumeSectors: 100, diskGuid: DISK_GUID, partitionGuid: PARTITION_GUID }));
    disk.set(volume(100, 'H+'), 40 * 512);
    expect((await find(disk)).source.size).toBe(100 * 512);
    const { crc32 } = await import('node:zlib');
    disk.set([0x72, 0x6f, 0x74, 0x53, 0x67, 0x61], 1024); // CoreStorage's GUID differs in its first two groups
    const view = new DataView(disk.buffer);
    view.setUint32(512 + 88, crc32(disk.subarray(1024, 34 * 512)), true);
    const header = disk.slice(512, 512 + 92);
    header.fill(0, 16, 20);
    view.setUint32(512 + 16, crc32(header), true);
    await expect(find(disk)).rejects.toThrow(/CoreStorage/);
  });

  it('finds the HFS+ volume inside an HFS wrapper', async () => {
    const bytes = volume(400, 'BD');
    const view = new DataView(bytes.buffer);
    view.setUint32(1024 + 20, 4096);
    view.setUint16(1024 + 28, 16);
    view.setUint16(1024 + 124, 0x482b);
    view.setUint16(1024 + 126, 2);
    view.setUint16(1024 + 128, 10);
    const start = 16 * 512 + 2 * 4096;
    bytes.set(new TextEncoder().encode('H+'), start + 1024);
    const found = await find(bytes);
    expect(found).toMatchObject({ wrapped: true, index: 0 });
    expect(found.source.size).toBe(40960);
    expect(Buffer.from(await found.source.read(1024, 2)).toString()).toBe('H+');
    view.setUint16(1024 + 128, 100);
    await expect(find(bytes)).rejects.toThrow(FormatError);
  });

  it('a partition that ends behind the disk ends with it, as OS X has it: the volume inside decides', async () => {
    const disk = mbrDisk(100, [[0xaf, 8, 100]]);
    disk.set(volume(92, 'H+'), 8 * 512);
    expect((await find(disk)).source.size).toBe(92 * 512);
  });
});

describe('no map', () => {
  it('a bare volume with a boot sector is no MBR', async () => {
    const disk = await wholeDisk('dfvfs-hfsplus.raw.gz');
    disk.set(mbrDisk(1, [[0xaf, 1, 10]]));
    expect(await readPartitionMap(source(disk))).toMatchObject({ scheme: 'none', partitions: [] });
    expect((await find(disk)).sectorCount).toBe(disk.length / 512);
  });

  it.each([0, 1, 511, 512, 1023, 1535])('%i bytes of nothing', async (size) => {
    expect(await readPartitionMap(source(new Uint8Array(size)))).toMatchObject({ scheme: 'none' });
    await expect(find(new Uint8Array(size))).rejects.toThrow(SourceError);
  });

  it('regrows to just the volume', async () => {
    const map = await readPartitionMap(source(volume(100, 'H+')));
    const whole = { index: 0, name: '', type: '', firstSector: 0, sectorCount: 100 };
    expect(regrow(map, whole, 300)).toEqual({
      totalSectors: 300,
      volumeFirstSector: 0,
      volumeSectors: 300,
      extents: [],
    });
  });
});

describe('MBR', () => {
  it('is read where a partition begins behind the end of the disk: that one is left out, as OS X has it', async () => {
    const disk = mbrDisk(300, [
      [0xaf, 8, 100],
      [0x0c, 500, 100],
    ]);
    disk.set(volume(100, 'H+'), 8 * 512);
    expect(await find(disk)).toMatchObject({ index: 1, firstSector: 8 });
    expect((await readPartitionMap(source(disk))).warnings).toEqual([
      'partition 2 is left out: it begins behind the 300 sectors of the disk',
    ]);
  });

  it('without an entry for it, a GUID map is one of earlier, whole or not', async () => {
    const layout = planGpt({ volumeSectors: 1000, diskGuid: DISK_GUID, partitionGuid: PARTITION_GUID });
    for (const damage of [0, 1]) {
      const disk = assemble(layout);
      disk[512 + 16]! ^= damage;
      disk.set(mbrDisk(1, [[0xaf, 200, 100]]));
      disk.set(volume(100, 'H+'), 200 * 512);
      expect(await find(disk)).toMatchObject({ index: 1, firstSector: 200 });
      const { scheme, notes } = await readPartitionMap(source(disk));
      expect([scheme, notes]).toEqual(['mbr', [expect.stringMatching(/^a GUID map is left over/)]]);
    }
  });

  it('regrows the last partition only', async () => {
    const before = mbrDisk(300, [
      [0x0c, 8, 100],
      [0xaf, 120, 100],
    ]);
    const map = await readPartitionMap(source(before));
    const after = await readPartitionMap(source(assemble(regrow(map, map.partitions[1]!, 500), before)));
    expect(after).toMatchObject({ totalSectors: 620, warnings: [] });
    expect(after.partitions).toEqual([map.partitions[0], { ...map.partitions[1], sectorCount: 500 }]);
    expect(() => regrow(map, map.partitions[0]!, 500)).toThrow(/partition 2 lies behind it/);
  });
});
