import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../../src/formats/bytes.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import { type InPlacePlan, planInPlace, StagedVolume } from '../../../../src/formats/hfsplus/write/index.js';
import { expectClean } from '../../../helpers/clean-volume.js';
import { entry, noise } from '../../../helpers/entries.js';
import { HFS_FIXTURES } from '../../../helpers/hfs-fixtures.js';
import { snapshot } from '../../../helpers/tree-snapshot.js';

const NOW = 3_800_000_000;
const WITH_FREE_SPACE = [
  'dfvfs-hfsplus.raw',
  'goafs-hfsplus.dmg',
  'ronin-hfsplus-volume.bin',
  'hfsplusrs-small.img',
  'keramics-zlib.dmg',
  'brew-container.dmg (journaled)',
  'udif-gpt.dmg (journaled)',
];

async function stage(base: HfsVolume): Promise<StagedVolume> {
  const staged = new StagedVolume(base, { now: NOW });
  for await (const { path, kind } of base.walk()) if (kind === 'file') await staged.remove(path);
  await staged.put(entry(['Extra']));
  await staged.put(entry(['Extra', 'org.chameleon.Boot.plist'], { text: '<plist/>' }));
  await staged.put(entry(['Extra', 'big'], { data: fromBytes(noise('big', 50_000), 'big') }));
  return staged;
}

/** The writes of a plan in their order, extents in pieces as a writer might make them. */
async function writes(plan: InPlacePlan): Promise<{ offset: number; bytes: Uint8Array }[]> {
  const all: { offset: number; bytes: Uint8Array }[] = [];
  for (const { offset, length, source, from } of plan.extents) {
    for (let at = 0; at < length; at += 8192) {
      const bytes = await source.read(from + at, Math.min(8192, length - at));
      all.push({ offset: offset + at, bytes: Uint8Array.from(bytes) });
    }
  }
  return [...all, ...plan.headers];
}

const open = (bytes: Uint8Array) => HfsVolume.open(fromBytes(bytes, 'disk'));

describe.each(WITH_FREE_SPACE)('planInPlace on %s', (name) => {
  it('is the volume before or the volume after, wherever the writing ends', async () => {
    const base = await HFS_FIXTURES[name]!();
    const disk = Buffer.from(await base.source.read(0, base.source.size));
    const before = await snapshot(base);
    const staged = await stage(base);
    const after = await snapshot(staged);
    const todo = await writes(await planInPlace(staged, { now: NOW }));
    for (const [i, { offset, bytes }] of todo.entries()) {
      // A write torn in the middle, too. A sector is written whole or not at all.
      if (bytes.length > 512) disk.set(bytes.subarray(0, 512 * Math.floor(bytes.length / 1024)), offset);
      if (i % 7 === 0 || i >= todo.length - 2) expect(await snapshot(await open(disk))).toEqual(before);
      disk.set(bytes, offset);
    }
    expect(await snapshot(await open(disk))).toEqual(after);
    await expectClean(disk);
  });

  it('can be done again and again without losing blocks', async () => {
    const base = await HFS_FIXTURES[name]!();
    const disk = Buffer.from(await base.source.read(0, base.source.size));
    const free: number[] = [];
    for (let round = 0; round < 4; round++) {
      const staged = new StagedVolume(await open(disk), { now: NOW });
      await staged.put(entry(['plist'], { text: `round ${round}` }));
      for (const { offset, bytes } of await writes(await planInPlace(staged, { now: NOW }))) disk.set(bytes, offset);
      free.push((await open(disk)).header.freeBlocks);
    }
    expect(free.slice(1)).toEqual([free[1], free[1], free[1]]);
    await expectClean(disk);
  });
});

describe('planInPlace', () => {
  it('says how many blocks are missing', async () => {
    const staged = new StagedVolume(await HFS_FIXTURES['ronin-hfsplus-volume.bin']!(), { now: NOW });
    await staged.put(entry(['big'], { data: fromBytes(new Uint8Array(4096 * 180), 'big') }));
    await expect(planInPlace(staged, { now: NOW })).rejects.toThrow(/180 free blocks are needed, 163 are there/);
  });
});
