import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../../src/formats/bytes.js';
import type { BTree } from '../../../../src/formats/hfsplus/btree.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import { planVolume, StagedVolume } from '../../../../src/formats/hfsplus/write/index.js';
import { expectClean } from '../../../helpers/clean-volume.js';
import { entry, noise } from '../../../helpers/entries.js';
import { HFS_FIXTURES } from '../../../helpers/hfs-fixtures.js';
import { LONG, points } from '../../../helpers/long.js';
import { materialize } from '../../../helpers/materialize.js';
import { snapshot } from '../../../helpers/tree-snapshot.js';

const NOW = 3_800_000_000;

/** Plans, writes, has Apple's fsck look at it where that is here, and reads it again. */
async function finish(staged: StagedVolume) {
  const bytes = await materialize(await planVolume(staged, { now: NOW }));
  await expectClean(bytes);
  return HfsVolume.open(fromBytes(bytes, 'finished'));
}

/** All records of a tree, byte for byte. */
async function recordsOf<K>(tree: BTree<K>): Promise<string[]> {
  const records: string[] = [];
  for await (const { key, record } of tree.records()) {
    records.push(`${JSON.stringify(key)} ${Buffer.from(record).toString('hex')}`);
  }
  return records;
}

// 15,000 files.
const LARGE = 'hfsplusrs-many2.img';
const small = Object.entries(HFS_FIXTURES).filter(([name]) => name !== LARGE);

describe.each(LONG ? Object.entries(HFS_FIXTURES) : points(small, 6))('%s', (_name, open) => {
  it('stays as it is when nothing is staged, its records byte for byte', async () => {
    const base = await open();
    const staged = new StagedVolume(base);
    const before = await snapshot(base);
    expect(await snapshot(staged)).toEqual(before);
    const after = await finish(staged);
    expect(await snapshot(after)).toEqual(before);
    const { fileCount, folderCount, finderInfo, nextCatalogID, writeCount, created, journalInfoBlock } = base.header;
    expect(after.header).toMatchObject({ fileCount, folderCount, nextCatalogID, created, journalInfoBlock });
    expect(Buffer.from(after.header.finderInfo).equals(finderInfo)).toBe(true);
    expect(after.header).toMatchObject({ writeCount: writeCount + 1, modified: NOW });
    expect(await recordsOf(after.catalog)).toEqual(await recordsOf(base.catalog));
    if (base.attributes) expect(await recordsOf(after.attributes!)).toEqual(await recordsOf(base.attributes));
  });

  it('holds what is put, not what is removed, and everything else', async () => {
    const base = await open();
    const staged = new StagedVolume(base, { now: NOW });
    const paths: string[][] = [];
    for await (const { path, kind } of staged.walk()) if (kind !== 'folder') paths.push([...path]);
    for (const path of paths.filter((_, i) => i % 2 === 0)) await staged.remove(path);
    const kept = paths.filter((_, i) => i % 2 === 1);
    if (kept[0]) await staged.put(entry(kept[0], { text: 'replaced' }));
    await staged.put(entry(['Added']));
    await staged.put(entry(['Added', 'big'], { data: fromBytes(noise('big', 1_000_000), 'big') }));
    const xattrs = [
      { name: 'large', value: fromBytes(noise('large', 20_000), 'large') },
      { name: 'small', value: fromBytes(noise('small', 20), 'small') },
    ];
    await staged.put(entry(['Added', 'link a'], { text: 'shared', link: 1, xattrs }));
    await staged.put(entry(['Added', 'link b'], { text: 'shared', link: 1, xattrs }));
    const expected = await snapshot(staged);
    const after = await finish(staged);
    expect(await snapshot(after)).toEqual(expected);
    for (const path of paths.filter((_, i) => i % 2 === 0)) expect(await after.entry(path)).toBeUndefined();
  });
});
