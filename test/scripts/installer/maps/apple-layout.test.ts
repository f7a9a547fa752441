import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { apple512, apple2048 } from '../../../../scripts/installer/maps/apple-layout.js';

const crcOf = (bytes: Uint8Array | undefined) => crc32(bytes!).toString(16).toUpperCase().padStart(8, '0');

/** Entries as they stand, in the map's own units. */
function entriesOf(bytes: Uint8Array, block: number) {
  const buffer = Buffer.from(bytes);
  const found: [name: string, type: string, start: number, count: number, status: number][] = [];
  for (let at = 0; buffer.toString('latin1', at, at + 2) === 'PM'; at += block) {
    const text = (from: number) => buffer.toString('latin1', at + from, at + from + 32).replace(/\0.*$/, '');
    expect(buffer.readUInt32BE(at + 84)).toBe(buffer.readUInt32BE(at + 12));
    found.push([
      text(16),
      text(48),
      ...([8, 12, 88].map((field) => buffer.readUInt32BE(at + field)) as [number, number, number]),
    ]);
  }
  for (let i = 0; i < found.length; i++) expect(buffer.readUInt32BE(i * block + 4)).toBe(found.length);
  return found;
}

// The numbers are those of facts/real-media.md section 1.2.
describe('2048-byte blocks', () => {
  test('the checksums that were published of Apple’s own block 0 and map', () => {
    const plain = apple2048((379_515 - 19) * 4);
    expect(plain.pieces.map(({ offset, bytes }) => [offset, bytes.length])).toEqual([
      [0, 512],
      [2048, 30_720],
    ]);
    expect(plain.pieces.map(({ bytes }) => crcOf(bytes))).toEqual(['222DB4F8', '935FFDA4']);
    expect(crcOf(apple2048((2_513_837 - 19) * 4).pieces[0]?.bytes)).toBe('7F02BC54');
  });

  test('the 10.6 DVD: driver, free block, volume, and free blocks that are not there', () => {
    const boot = Buffer.alloc(44, 0x5a);
    const dvd = apple2048(13_157_944, { driver: { blocks: 505_105, boot }, pastEnd: true });
    expect(crcOf(dvd.pieces[0]?.bytes)).toBe('698A85ED');
    expect(entriesOf(dvd.pieces[1]!.bytes, 2048)).toEqual([
      ['Apple', 'Apple_partition_map', 1, 15, 3],
      ['Macintosh', 'Apple_Driver_ATAPI', 16, 505_105, 0x303],
      ['', 'Apple_Free', 505_121, 1, 0],
      ['disk image', 'Apple_HFS', 505_122, 3_289_486, 0x40000033],
      ['', 'Apple_Free', 3_794_608, 3, 0],
    ]);
    expect(dvd.volumeFirstSector).toBe(2_020_488);
    expect(dvd.totalSectors).toBe((3_794_611 - 3) * 4);
    const driver = Buffer.from(dvd.pieces[1]!.bytes).subarray(2048);
    expect(driver.subarray(92, 92 + 44).equals(boot)).toBe(true);
  });

  test.each([
    ['InstallESD of 10.9.5', 1_334_447, 5_465_933_824],
    ['BaseSystem of 10.9.5', 312_764, 1_281_120_256],
  ])('%s: as many bytes as the real one', (_, blocks, bytes) => {
    const { totalSectors, volumeFirstSector } = apple2048(blocks * 8);
    expect(totalSectors * 512).toBe(bytes);
    expect(volumeFirstSector).toBe(64);
  });

  test('blkx tables: DDM, free or ISO, map, partitions', () => {
    const names = (layout: ReturnType<typeof apple2048>) =>
      layout.stretches.map(({ name, firstSector, sectorCount }) => [name, firstSector, sectorCount]);
    expect(names(apple2048(800))).toEqual([
      ['Driver Descriptor Map (DDM', 0, 1],
      [' (Apple_Free', 1, 3],
      ['Apple (Apple_partition_map', 4, 60],
      ['disk image (Apple_HFS', 64, 800],
      [' (Apple_Free', 864, 12],
    ]);
    expect(names(apple2048(800, { driver: { blocks: 2, boot: Buffer.alloc(0) }, pastEnd: true }))).toEqual([
      ['Driver Descriptor Map (DDM', 0, 1],
      [' (Apple_ISO', 1, 3],
      ['Apple (Apple_partition_map', 4, 60],
      ['Macintosh (Apple_Driver_ATAPI', 64, 8],
      [' (Apple_Free', 72, 4],
      ['disk image (Apple_HFS', 76, 800],
    ]);
  });
});

describe('512-byte blocks', () => {
  test.each([512, 2048] as const)('the descriptor says %d', (described) => {
    const { pieces, totalSectors, volumeFirstSector } = apple512(800, described);
    expect(entriesOf(pieces[1]!.bytes, 512)).toEqual([
      ['Apple', 'Apple_partition_map', 1, 63, 3],
      ['disk image', 'Apple_HFS', 64, 800, 0x40000033],
      ['', 'Apple_Free', 864, 16, 0],
    ]);
    const block = Buffer.from(pieces[0]!.bytes);
    expect([block.readUInt16BE(2), block.readUInt32BE(4) * described]).toEqual([described, totalSectors * 512]);
    expect([volumeFirstSector, totalSectors]).toEqual([64, 880]);
  });
});
