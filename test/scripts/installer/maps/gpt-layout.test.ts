import { describe, expect, test } from 'vitest';
import { gpt } from '../../../../scripts/installer/maps/gpt-layout.js';
import { sourceOfPlan } from '../../../../scripts/installer/plan-source.js';
import { Random } from '../../../../scripts/installer/random.js';
import { fromBytes } from '../../../../src/formats/bytes.js';
import { readPartitionMap } from '../../../../src/formats/partition-map/index.js';

const EFI = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const HFS = '48465300-0000-11AA-AA11-00306543ECAC';

describe.each([0, 2048])('with %d sectors of EFI partition', (efi) => {
  const layout = gpt(800, new Random(3), efi);

  test('is read without a complaint', async () => {
    const extents = layout.pieces.map(({ offset, bytes }) => {
      return { offset, length: bytes.length, source: fromBytes(bytes, 'gpt'), from: 0 };
    });
    const disk = sourceOfPlan({ size: layout.totalSectors * 512, extents, headers: [] }, 'gpt');
    const map = await readPartitionMap(disk);
    expect(map.warnings).toEqual([]);
    expect(map.partitions.map(({ type, firstSector, sectorCount }) => [type, firstSector, sectorCount])).toEqual([
      ...(efi ? [[EFI, 40, efi]] : []),
      [HFS, 40 + efi, 800],
    ]);
  });

  test('its stretches leave no gap', () => {
    let end = 0;
    for (const { firstSector, sectorCount } of layout.stretches) {
      expect(firstSector).toBe(end);
      end += sectorCount;
    }
    expect(end).toBe(layout.totalSectors);
  });
});

test('the names of the blkx tables are hdiutil’s', () => {
  expect(gpt(800, new Random(3)).stretches.map(({ name }, i) => `${name} : ${i})`)).toEqual([
    'Protective Master Boot Record (MBR : 0)',
    'GPT Header (Primary GPT Header : 1)',
    'GPT Partition Data (Primary GPT Table : 2)',
    ' (Apple_Free : 3)',
    'disk image (Apple_HFS : 4)',
    ' (Apple_Free : 5)',
    'GPT Partition Data (Backup GPT Table : 6)',
    'GPT Header (Backup GPT Header : 7)',
  ]);
});
