import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type GptMap,
  GuidType,
  planApm,
  planGpt,
  readPartitionMap,
  regrow,
} from '../../../src/formats/partition-map/index.js';
import { needs } from '../../helpers/judges/needs.js';
import { run, scratch } from '../../helpers/judges/tool.js';
import { assemble, DISK_GUID, PARTITION_GUID, source, wholeDisk } from './disks.js';

const folder = scratch('partition-map');
const EFI = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';

/** Writes the disk and asks parted for its lines of partitions: number:start:end:size:type:name:flags. */
async function parted(disk: Uint8Array): Promise<string[]> {
  const path = join(folder, 'disk.img');
  writeFileSync(path, disk);
  const { status, stdout, stderr } = await run('parted', ['-sm', path, 'unit', 's', 'print']);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.toString().trim().split('\n').slice(1);
}

/** sgdisk -v's verdict. */
async function sgdisk(disk: Uint8Array): Promise<string> {
  const path = join(folder, 'disk.img');
  writeFileSync(path, disk);
  const { stdout } = await run('sgdisk', ['-v', path]);
  return stdout.toString();
}

describe('what we write, read by others', () => {
  it.for([4096, 5000, 8112])('a new APM disk with %i sectors: parted', async (volumeSectors, context) => {
    needs(context, 'parted');
    const lines = await parted(assemble(planApm({ volumeSectors })));
    expect(lines[0]).toMatch(new RegExp(`:${volumeSectors + 64}s:file:512:512:mac:`));
    expect(lines.slice(1)).toEqual([
      '1:1s:63s:63s::Apple:;',
      `2:64s:${63 + volumeSectors}s:${volumeSectors}s::disk image:;`,
    ]);
  });

  it.for([8000, 9000])('a regrown APM disk, to %i sectors: parted', async (sectors, context) => {
    needs(context, 'parted');
    const before = await wholeDisk('dfvfs-apm.dmg.gz');
    const map = await readPartitionMap(source(before));
    const lines = await parted(assemble(regrow(map, map.partitions[1]!, sectors), before));
    expect(lines).toEqual([
      expect.stringContaining(`:${80 + sectors}s:file:512:512:mac:`),
      '1:1s:63s:63s::Apple:;',
      `2:64s:${63 + sectors}s:${sectors}s::disk image:;`,
    ]);
  });

  it.for([8, 100, 8112, 8113])('a new GPT disk with %i sectors: sgdisk -v, parted', async (volumeSectors, context) => {
    needs(context, 'parted', 'sgdisk');
    const layout = planGpt({ volumeSectors, diskGuid: DISK_GUID, partitionGuid: PARTITION_GUID });
    const disk = assemble(layout);
    expect(await sgdisk(disk)).toMatch(/No problems found\./);
    expect(await parted(disk)).toEqual([
      expect.stringContaining(`:${layout.totalSectors}s:file:512:512:gpt:`),
      `1:40s:${39 + volumeSectors}s:${volumeSectors}s::disk image:;`,
    ]);
  });

  it.for(['keramics-zlib.dmg', 'brew-container.dmg', 'dfvfs-hfsplus_zlib.dmg', 'ronin-zlib.dmg'])(
    'a regrown GPT disk, %s: sgdisk -v, parted',
    async (file, context) => {
      needs(context, 'parted', 'sgdisk');
      const before = await wholeDisk(file);
      const map = await readPartitionMap(source(before));
      for (const sectors of [80, 8000, 20001]) {
        const disk = assemble(regrow(map, map.partitions[0]!, sectors), before);
        expect(await sgdisk(disk)).toMatch(/No problems found\./);
        expect((await parted(disk))[1]).toBe(`1:40s:${39 + sectors}s:${sectors}s::disk image:;`);
      }
    },
  );
});

describe('what sgdisk makes, read and regrown by us', () => {
  it('an EFI partition before the HFS+ one stays', async (context) => {
    needs(context, 'sgdisk');
    const path = join(folder, 'efi.img');
    writeFileSync(path, new Uint8Array(20000 * 512));
    const made = await run('sgdisk', [
      ...['-a', '8', '-n', '1:40:2087', '-t', '1:ef00', '-c', '1:EFI System Partition'],
      ...['-n', '2:2088:19000', '-t', '2:af00', '-c', '2:Macintosh HD', path],
    ]);
    expect(made.status).toBe(0);
    const before = Uint8Array.from(readFileSync(path));
    before.fill(0xe1, 40 * 512, 2088 * 512);
    const map = (await readPartitionMap(source(before))) as GptMap;
    expect(map.warnings).toEqual([]);
    expect(map.partitions).toEqual([
      { index: 1, name: 'EFI System Partition', type: EFI, firstSector: 40, sectorCount: 2048 },
      { index: 2, name: 'Macintosh HD', type: GuidType.hfs, firstSector: 2088, sectorCount: 16913 },
    ]);
    const after = assemble(regrow(map, map.partitions[1]!, 30000), before);
    expect(await sgdisk(after)).toMatch(/No problems found\./);
    expect(Buffer.compare(after.subarray(40 * 512, 2088 * 512), before.subarray(40 * 512, 2088 * 512))).toBe(0);
    expect((await readPartitionMap(source(after))).partitions[1]?.sectorCount).toBe(30000);
    expect(() => regrow(map, map.partitions[0]!, 3000)).toThrow(/"Macintosh HD" .* lies behind it/);
  });
});
