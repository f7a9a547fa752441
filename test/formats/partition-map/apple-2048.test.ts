import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { type ApmMap, findHfsPartition, readPartitionMap, regrow } from '../../../src/formats/partition-map/index.js';
import { HFS_STATUS, headOf, type MadeMap, OWN, plain2048, sparseDisk } from './apple-2048.js';
import { assemble, source, volume } from './disks.js';

const read = async (map: MadeMap, size: number) => (await readPartitionMap(sparseDisk(headOf(map), size))) as ApmMap;

/** Type, first sector, sectors. */
const listed = ({ partitions }: ApmMap) =>
  partitions.map(({ type, firstSector, sectorCount }) => [type, firstSector, sectorCount]);

describe("the map of Apple's images up to 10.10: blocks of 2048 (real-media.md 1.2)", () => {
  it.each([
    [379_515, 0x222d_b4f8],
    [2_513_837, 0x7f02_bc54],
    [3_794_611, 0x698a_85ed],
  ])('block 0 with %i blocks has the CRC that was measured', (blocks, crc) => {
    expect(crc32(headOf(plain2048(blocks)).subarray(0, 512))).toBe(crc);
  });

  it('so have its 15 blocks of map, and it is read in sectors', async () => {
    const head = headOf(plain2048(379_515));
    expect(crc32(head.subarray(2048))).toBe(0x935f_fda4);
    const map = await read(plain2048(379_515), 379_515 * 2048);
    expect(map).toMatchObject({ scheme: 'apm', blockSize: 2048, unit: 2048, totalSectors: 1_518_060 });
    expect([map.warnings, map.notes]).toEqual([[], []]);
    expect(listed(map)).toEqual([
      ['Apple_partition_map', 4, 60],
      ['Apple_HFS', 64, 1_517_984],
      ['Apple_Free', 1_518_048, 12],
    ]);
  });

  it('regrown by "keep" it is the same form: a smaller one becomes the measured one, byte for byte', async () => {
    const map = await read(plain2048(1000), 1000 * 2048);
    const layout = regrow(map, map.partitions[1]!, (379_515 - 19) * 4);
    expect(layout).toMatchObject({ totalSectors: 1_518_060, volumeFirstSector: 64, volumeSectors: 1_517_984 });
    const head = new Uint8Array(32_768);
    head.set(layout.extents[0]!.bytes);
    expect(crc32(head.subarray(0, 512))).toBe(0x222d_b4f8);
    expect(crc32(head.subarray(2048))).toBe(0x935f_fda4);
  });

  it('with an ATAPI driver, as on the 10.6 DVD and 10.7.5: the volume is the fourth, boot fields stay', async () => {
    const map = {
      blockSize: 2048,
      stated: 1033 + 3,
      entries: [
        OWN,
        { name: 'Macintosh', type: 'Apple_Driver_ATAPI', start: 16, count: 16, status: 0x303 },
        { name: '', type: 'Apple_Free', start: 32, count: 1 },
        { name: 'disk image', type: 'Apple_HFS', start: 33, count: 1000, status: HFS_STATUS },
        { name: '', type: 'Apple_Free', start: 1033, count: 3 },
      ],
    };
    const head = headOf(map);
    // Boot code's fields, and the signature that drivers keep at 136.
    head.set([1, 2, 3, 4, 5, 6, 7, 8], 4096 + 92);
    head.set(new TextEncoder().encode('68000'), 4096 + 120);
    head.set(new TextEncoder().encode('ptDR'), 4096 + 136);
    const found = (await readPartitionMap(sparseDisk(head, 1036 * 2048))) as ApmMap;
    expect(listed(found)[3]).toEqual(['Apple_HFS', 132, 4000]);
    const { bytes } = regrow(found, found.partitions[3]!, 8000).extents[0]!;
    expect(Buffer.from(bytes.subarray(4096, 8192)).equals(head.subarray(4096, 8192))).toBe(true);
    const again = (await readPartitionMap(sparseDisk(bytes, (33 + 2000 + 3) * 2048))) as ApmMap;
    expect([again.warnings, again.notes]).toEqual([[], []]);
    expect(listed(again).slice(3)).toEqual([
      ['Apple_HFS', 132, 8000],
      ['Apple_Free', 8132, 12],
    ]);
  });
});

describe('what lies past the end of the disk is cut off', () => {
  it('UDTO leaves out the free space it counts: a note, no warning, and the map is as it is', async () => {
    const map = await read(plain2048(1000), 997 * 2048);
    expect(map.warnings).toEqual([]);
    expect(map.notes).toEqual(['the driver descriptor counts 1000 blocks of 2048 bytes, the disk has 997']);
    expect(map.partitions[2]).toMatchObject({ firstSector: 3988, sectorCount: 0, statedSectors: 12 });
  });

  it('an HFS partition that ends past it ends with the disk; the volume inside decides', async () => {
    const map = await read(plain2048(1000), 900 * 2048 + 2);
    expect(map.partitions[1]).toMatchObject({ firstSector: 64, sectorCount: 3536, statedSectors: 3924 });
    expect(map.notes).toContain('entry 2 (Apple_HFS) ends 198656 bytes past the end of the disk');
    const disk = new Uint8Array(900 * 2048);
    disk.set(headOf(plain2048(1000)));
    disk.set(volume(100, 'H+'), 32_768);
    const found = await findHfsPartition(await readPartitionMap(source(disk)), source(disk));
    expect(found.source.size).toBe(3536 * 512);
  });

  it('padding behind the end and an odd number of bytes', async () => {
    for (const size of [1000 * 2048 + 1, 1000 * 2048 + 163_842]) {
      expect((await read(plain2048(1000), size)).warnings).toEqual([]);
    }
  });

  it('an HFS partition that starts past it: a FormatError in blocks and in bytes', async () => {
    await expect(read(plain2048(1000), 32_768)).rejects.toThrow(
      /partition map entry 2, block 2 of 2048 bytes, \(Apple_HFS "disk image"\) at byte 4096: expected a start below block 16, where the disk ends at byte 32768, found block 16, byte 32768/,
    );
  });
});

describe('old school: 2048 in the descriptor, entries every 512 bytes', () => {
  const entries = [
    { ...OWN, count: 63 },
    { name: 'disk image', type: 'Apple_HFS', start: 64, count: 4000, status: HFS_STATUS },
  ];

  it('is read in units of 512', async () => {
    const map = await read({ blockSize: 2048, stride: 512, stated: 1016, entries }, 1016 * 2048);
    expect(map).toMatchObject({ blockSize: 2048, unit: 512, warnings: [], notes: [] });
    expect(listed(map)[1]).toEqual(['Apple_HFS', 64, 4000]);
    const again = (await readPartitionMap(source(assemble(regrow(map, map.partitions[1]!, 800))))) as ApmMap;
    expect(again).toMatchObject({ blockSize: 2048, unit: 512, totalSectors: 864, warnings: [], notes: [] });
    expect(listed(again)[1]).toEqual(['Apple_HFS', 64, 800]);
  });

  it('with entries every 2048 bytes as well, for readers that go by the descriptor: both are kept right', async () => {
    const head = headOf({ blockSize: 2048, stride: 512, stated: 1016, entries });
    const cd = headOf({ ...plain2048(1016), entries: [OWN, { ...entries[1]!, start: 16, count: 1000 }] });
    head.set(cd.subarray(2048, 8192), 2048);
    const map = (await readPartitionMap(sparseDisk(head, 1016 * 2048))) as ApmMap;
    expect(map).toMatchObject({ unit: 512, cdEntries: 2 });
    const { bytes } = regrow(map, map.partitions[1]!, 2000).extents[0]!;
    const view = new DataView(bytes.buffer);
    expect([view.getUint32(4), view.getUint32(1024 + 12), view.getUint32(4096 + 12)]).toEqual([516, 2000, 500]);
    expect([view.getUint32(4096 + 84), view.getUint32(2048 + 12)]).toEqual([500, 15]);
  });

  it('a CD driver at a multiple of 2048 counts in 2048', async () => {
    const driver = { name: 'Macintosh', type: 'Apple_Driver_ATAPI', start: 8, count: 8, status: 0x303 };
    const four = [...entries, { name: '', type: 'Apple_Void', start: 0, count: 0 }, driver];
    const map = await read({ blockSize: 2048, stride: 512, stated: 1016, entries: four }, 1016 * 2048);
    expect(listed(map)[3]).toEqual(['Apple_Driver_ATAPI', 32, 32]);
    const three = [entries[0]!, driver, entries[1]!];
    const other = await read({ blockSize: 2048, stride: 512, stated: 1016, entries: three }, 1016 * 2048);
    expect(listed(other)[1]).toEqual(['Apple_Driver_ATAPI', 8, 8]);
  });
});

describe('other block sizes', () => {
  it.each([512, 1024, 4096])('%i: read and regrown in its own blocks', async (blockSize) => {
    const per = blockSize / 512;
    const entries = [
      { ...OWN, count: 7 },
      { name: 'x', type: 'Apple_HFS', start: 8, count: 100, status: HFS_STATUS },
    ];
    const map = await read({ blockSize, stated: 108, entries }, 108 * blockSize);
    expect(map).toMatchObject({ blockSize, unit: blockSize, warnings: [], notes: [] });
    expect(listed(map)[1]).toEqual(['Apple_HFS', 8 * per, 100 * per]);
    const again = (await readPartitionMap(source(assemble(regrow(map, map.partitions[1]!, 40 * per))))) as ApmMap;
    expect(listed(again)[1]).toEqual(['Apple_HFS', 8 * per, 40 * per]);
    expect(again.notes).toEqual([]);
  });

  it('without a driver descriptor: sectors, as OS X has it', async () => {
    const map = await read(
      { blockSize: 0, stated: 0, stride: 512, entries: [OWN, { name: 'x', type: 'Apple_HFS', start: 64, count: 9 }] },
      73 * 512,
    );
    expect(listed(map)[1]).toEqual(['Apple_HFS', 64, 9]);
  });

  it.each([0, 1, 513, 8192, 65_535])('%i: a FormatError', async (blockSize) => {
    const head = headOf(plain2048(100));
    new DataView(head.buffer).setUint16(2, blockSize);
    await expect(readPartitionMap(sparseDisk(head, 100 * 2048))).rejects.toThrow(
      `driver descriptor map at byte 2: expected blocks of 512, 1024, 2048 or 4096 bytes, found ${blockSize}`,
    );
  });
});

describe('a damaged map', () => {
  it('an entry without "PM" among the counted: named by its number, its block and its byte', async () => {
    const head = headOf(plain2048(1000));
    head[3 * 2048] = 0;
    await expect(readPartitionMap(sparseDisk(head, 1000 * 2048))).rejects.toThrow(
      /partition map entry 3, block 3 of 2048 bytes, at byte 6144: expected "PM", as one of 3 entries, found something else/,
    );
  });

  it.each([0, 1025, 0x7fff_ffff, 0xffff_ffff])('%i entries', async (mapEntries) => {
    const error = await read({ ...plain2048(1000), mapEntries }, 1000 * 2048).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toContain(`expected 1 to 999 entries, found ${mapEntries}`);
  });

  it("the map's own entry knows best how many there are; others that differ are named", async () => {
    const head = headOf(plain2048(1000));
    new DataView(head.buffer).setUint32(2 * 2048 + 4, 77);
    const map = (await readPartitionMap(sparseDisk(head, 1000 * 2048))) as ApmMap;
    expect(map.partitions).toHaveLength(3);
    expect(map.warnings).toEqual(['entry 2 says 77 entries, the map has 3']);
  });

  it('no entry for the map itself: OS X would see no map', async () => {
    const [, hfs, free] = plain2048(1000).entries;
    const map = await read({ ...plain2048(1000), entries: [hfs!, free!] }, 1000 * 2048);
    expect(map.warnings).toEqual([expect.stringContaining('no entry is the map itself')]);
  });
});
