import { describe, expect, test } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { planApm } from '../../src/formats/partition-map/index.js';
import { diskState } from '../../src/guest-folder/disk-state.js';
import { inMap } from '../guest-disk/disks.js';
import { noise } from '../helpers/entries.js';
import { systemDisk, systemVolume, type ToySystem } from './systems.js';

const stateOf = (disk: Uint8Array) => diskState(fromBytes(disk, 'disk.qcow2'));
const SYSTEM = {
  kind: 'system',
  volume: 'Macintosh HD',
  system: { version: '10.10.5', build: '14F27' },
  hasPlist: false,
};

describe('a system', () => {
  test.each(['gpt', 'apm', 'none'] as const)('is seen in a disk with the map: %s', async (map) => {
    expect(await stateOf(inMap(await systemVolume(), map))).toEqual(SYSTEM);
  });

  test('has its kernel where the release has it', async () => {
    expect(await stateOf(await systemDisk({ version: '10.9.5' }))).toMatchObject({
      kind: 'system',
      system: { version: '10.9.5' },
    });
  });

  test('with the Recovery HD that OS X makes behind it is one', async () => {
    const recovery = await systemVolume({ name: 'Recovery HD', version: null, kernel: false });
    expect(await stateOf(twoVolumes(await systemVolume(), recovery, 'Apple_Boot'))).toEqual(SYSTEM);
  });

  test('with the plist is told from one without', async () => {
    expect(await stateOf(await systemDisk({ plist: true }))).toMatchObject({ kind: 'system', hasPlist: true });
  });
});

describe('no system is', () => {
  test.each<[string, ToySystem, RegExp]>([
    ['a volume that was only erased', { version: null, kernel: false, blessed: false }, /no system is on it/],
    ['one whose kernel is still to come', { kernel: false }, /the kernel of 10\.10\.5 is not on it/],
    ['one that is not blessed yet', { blessed: false }, /not blessed/],
  ])('%s', async (_, toy, why) => {
    expect(await stateOf(await systemDisk(toy))).toEqual({
      kind: 'no-system',
      volume: 'Macintosh HD',
      why: expect.stringMatching(why),
    });
  });

  test('one that was not unmounted: what is on it is not gone by', async () => {
    expect(await stateOf(await systemDisk({ unmounted: false }))).toEqual({ kind: 'unclean', volume: 'Macintosh HD' });
  });

  test('an empty disk', async () => {
    expect(await stateOf(Buffer.alloc(1 << 20))).toEqual({ kind: 'empty' });
  });

  test('a disk of another system', async () => {
    expect(await stateOf(noise('other', 1 << 20))).toMatchObject({ kind: 'no-volume' });
    const apfs = Buffer.alloc(1 << 20);
    apfs.write('NXSB', 32);
    expect(await stateOf(apfs)).toEqual({ kind: 'no-volume', why: expect.stringContaining('APFS') });
  });

  test('two of them: which one is not guessed', async () => {
    const [one, two] = [await systemVolume({ name: 'One' }), await systemVolume({ name: 'Two' })];
    const disk = twoVolumes(one, two);
    expect(await stateOf(disk)).toEqual({ kind: 'several', volumes: ['One', 'Two'] });
  });

  test('a damaged one: that is said, not thrown', async () => {
    const volume = await systemVolume();
    // The catalog's header node.
    const catalog = volume.readUInt32BE(1024 + 272 + 16) * 4096;
    volume.fill(0xff, catalog, catalog + 512);
    expect(await stateOf(volume)).toEqual({ kind: 'unreadable', why: expect.stringContaining('expected') });
  });
});

/** An Apple map whose second HFS entry is written over the free space behind the first. */
function twoVolumes(one: Buffer, two: Buffer, type = 'Apple_HFS'): Buffer {
  const sectors = (one.length + two.length) / 512;
  const layout = planApm({ volumeSectors: sectors });
  const disk = Buffer.alloc(layout.totalSectors * 512);
  for (const { offset, bytes } of layout.extents) disk.set(bytes, offset);
  const start = layout.volumeFirstSector;
  disk.set(one, start * 512);
  disk.set(two, start * 512 + one.length);
  const entries = [1, 2, 3, 4].map((i) => i * 512).filter((at) => disk.toString('latin1', at, at + 2) === 'PM');
  const hfs = entries.find((at) => disk.toString('latin1', at + 48, at + 57) === 'Apple_HFS')!;
  const last = (entries.length + 1) * 512;
  disk.copy(disk, last, hfs, hfs + 512);
  disk.fill(0, last + 48, last + 80);
  disk.write(type, last + 48, 'latin1');
  const put = (at: number, first: number, count: number) => {
    disk.writeUInt32BE(first, at + 8);
    disk.writeUInt32BE(count, at + 12);
    disk.writeUInt32BE(count, at + 84);
  };
  put(hfs, start, one.length / 512);
  put(last, start + one.length / 512, two.length / 512);
  for (const at of [...entries, last]) disk.writeUInt32BE(entries.length + 1, at + 4);
  return disk;
}
