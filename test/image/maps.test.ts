import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import { checkVolume } from '../../src/formats/hfsplus/check.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { emptyVolume, endOfUse, planVolume, StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { openHostFile } from '../../src/host/host-file.js';
import { NativeTool } from '../../src/image/native.js';
import type { MapChoice } from '../../src/image/types.js';
import { type WildDisk, wildDisks } from '../formats/partition-map/wild-maps.js';
import { fixtureBytes } from '../formats/udif/fixtures.js';
import { FSCK_TOOLS, fsck } from '../helpers/judges/fsck.js';
import { needs } from '../helpers/judges/needs.js';
import { PARTED_TOOLS, partedPrint, SGDISK_TOOLS, sgdiskVerify } from '../helpers/judges/partition-tools.js';
import { SEVEN_ZIP_TOOLS, sevenZip } from '../helpers/judges/seven-zip.js';
import { SLEUTH_KIT_TOOLS, sleuthKit } from '../helpers/judges/sleuth-kit.js';
import { scratch } from '../helpers/judges/tool.js';
import { points } from '../helpers/long.js';
import { materialize } from '../helpers/materialize.js';
import { snapshot } from '../helpers/tree-snapshot.js';

/** Bytes that a loader reads at once from whatever it wants. */
const READ_AHEAD = 64 * 512;
const NOW = 3_600_000_000;
const volume = fixtureBytes('dfvfs-hfsplus.raw.gz');
const disks = wildDisks(volume);
const folder = scratch('maps');
const tool = new NativeTool();
afterAll(() => tool.close());

/** What the recipe of 10.6 does: the image as it is, as an ISO. */
async function converted(bytes: Uint8Array, map?: MapChoice): Promise<string> {
  const from = join(folder, 'from.img');
  const to = join(folder, `to-${(count++).toString()}.iso`);
  writeFileSync(from, bytes);
  const file = await openHostFile(from);
  const work = { signal: new AbortController().signal, report: () => undefined, note: () => undefined };
  await tool.convert(await tool.open(file), 'iso', to, work, map === undefined ? {} : { map });
  await file.close();
  return to;
}
let count = 0;

/** Opens an ISO, holds it to what every ISO must be, and returns what it is. */
async function proved(path: string) {
  const file = await openHostFile(path);
  const disk = await openDisk(file);
  const { partition, volume: found } = await openVolume(disk);
  expect([disk.map.warnings, disk.map.notes]).toEqual([[], []]);
  expect(disk.map.totalSectors * 512).toBe(file.size);
  expect((await checkVolume(partition.source)).filter(({ severity }) => severity === 'error')).toEqual([]);
  const { blockSize, totalBlocks } = found.header;
  expect(partition.source.size).toBe(totalBlocks * blockSize);
  expect(file.size - partition.volumeOffset - (await endOfUse(found))).toBeGreaterThanOrEqual(READ_AHEAD);
  const files = await snapshot(found);
  await file.close();
  return { map: disk.map, partition, files, size: file.size };
}

const filesBefore = await snapshot(await HfsVolume.open(fromBytes(volume, 'volume')));

describe.each(points(disks, 1))('$name', (disk: WildDisk) => {
  it('becomes a disk with a new Apple map of 512-byte blocks, whole to readers of CDs, too', async () => {
    const { map, partition, files, size } = await proved(await converted(disk.bytes));
    expect(map).toMatchObject({ scheme: 'apm', blockSize: 512, unit: 512 });
    expect(partition).toMatchObject({ index: 2, firstSector: 64, type: 'Apple_HFS' });
    expect([partition.sectorCount % 4, size % 2048, map.partitions.length]).toEqual([0, 0, 2]);
    expect(files).toEqual(filesBefore);
  });

  it('keeps its own form with "keep"', async () => {
    const before = await openDisk(fromBytes(disk.bytes, 'before'));
    const { map, partition, files } = await proved(await converted(disk.bytes, 'keep'));
    expect(map.scheme).toBe(disk.scheme === 'none' ? 'apm' : disk.scheme);
    if (before.map.scheme === 'apm' && map.scheme === 'apm') {
      expect([map.blockSize, map.unit, map.cdEntries]).toEqual([
        before.map.blockSize,
        before.map.unit,
        before.map.cdEntries,
      ]);
    }
    if (before.map.scheme === 'gpt' && map.scheme === 'gpt') expect(map.lbaSize).toBe(before.map.lbaSize);
    if (disk.scheme !== 'none') expect(partition).toMatchObject({ index: disk.index, firstSector: disk.firstSector });
    expect(files).toEqual(filesBefore);
  });

  it('gets a GUID partition table where that is asked for', async (context) => {
    const path = await converted(disk.bytes, 'gpt');
    const { map, files } = await proved(path);
    expect(map.scheme).toBe('gpt');
    expect(files).toEqual(filesBefore);
    if (map.scheme !== 'gpt' || map.lbaSize !== 512) return;
    needs(context, ...SGDISK_TOOLS);
    expect(await sgdiskVerify(path)).toMatchObject({ ok: true });
  });

  it("is clean to Apple's fsck, and parted, 7-Zip and The Sleuth Kit see its files", async (context) => {
    needs(context, ...FSCK_TOOLS, ...PARTED_TOOLS, ...SEVEN_ZIP_TOOLS, ...SLEUTH_KIT_TOOLS);
    const path = await converted(disk.bytes);
    expect(await fsck(path)).toMatchObject({ status: 0 });
    expect(await partedPrint(path)).toMatchObject({ map: 'mac', complaints: '' });
    for (const { entries } of [await sevenZip(path), await sleuthKit(path)]) {
      expect([...entries.keys()].some((name) => name.endsWith('passwords.txt'))).toBe(true);
    }
  });
});

describe('a volume nobody changed', () => {
  it('stays byte for byte where 64 sectors follow its last block in use', async () => {
    const roomy = await roomyVolume(8);
    const path = await converted(roomy);
    await proved(path);
    expect(
      readFileSync(path)
        .subarray(64 * 512)
        .equals(roomy),
    ).toBe(true);
  });

  it.each(points([0, 1, 6], 2))('is planned anew with %i free blocks at its end', async (free) => {
    const tight = await roomyVolume(free);
    const { files } = await proved(await converted(tight));
    expect(files).toEqual(await snapshot(await HfsVolume.open(fromBytes(tight, 'volume'))));
  });

  const behind: [string, number][] = [
    ['two bytes', 2],
    ['160 KiB of zeros', 163_840],
    ['one block less a byte', 4095],
  ];
  it.each(points(behind, 1))('with %s behind it is built, and is right', async (_what, more) => {
    const padded = Buffer.concat([volume, Buffer.alloc(more)]);
    for (const map of ['apm', 'keep', 'gpt'] as const) {
      expect((await proved(await converted(padded, map))).files).toEqual(filesBefore);
    }
  });

  it('in a partition that is larger', async () => {
    const padded = Buffer.concat([volume, Buffer.alloc(40 * 4096)]);
    for (const { bytes, name } of points(wildDisks(padded), 3)) {
      for (const map of ['apm', 'keep'] as const) {
        expect((await proved(await converted(bytes, map))).files, name).toEqual(filesBefore);
      }
    }
  });

  it('with blocks of 512 bytes, an odd number of them: made a multiple of what the map counts in', async () => {
    for (const blockSize of [512, 1024]) {
      const small = await roomyVolume(3, blockSize);
      for (const map of ['apm', 'keep', 'gpt'] as const) await proved(await converted(small, map));
    }
  });
});

/** A volume with `free` free blocks at its end, just before the alternate header's. */
async function roomyVolume(free: number, blockSize?: number): Promise<Buffer> {
  const base =
    blockSize === undefined
      ? fromBytes(volume, 'volume')
      : await emptyVolume({ name: 'Small', created: NOW, blockSize });
  const staged = new StagedVolume(await HfsVolume.open(base), { now: NOW });
  return materialize(await planVolume(staged, { now: NOW, reserveBlocks: free }));
}
