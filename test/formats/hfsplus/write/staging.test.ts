import { beforeEach, describe, expect, it } from 'vitest';
import { fromBytes } from '../../../../src/formats/bytes.js';
import type { Entry, Path, Tree } from '../../../../src/formats/entry.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../../../src/formats/hfsplus/write/index.js';
import { expectClean } from '../../../helpers/clean-volume.js';
import { entry, SOME_DATE } from '../../../helpers/entries.js';
import { HFS_FIXTURES } from '../../../helpers/hfs-fixtures.js';
import { materialize } from '../../../helpers/materialize.js';
import { snapshot } from '../../../helpers/tree-snapshot.js';

const NOW = 3_600_000_000;

async function written(staged: StagedVolume): Promise<HfsVolume> {
  const bytes = await materialize(await planVolume(staged, { now: NOW }));
  await expectClean(bytes);
  return HfsVolume.open(fromBytes(bytes, 'written'));
}

async function empty(options: { caseSensitive?: boolean; journaled?: boolean } = {}): Promise<StagedVolume> {
  const base = await emptyVolume({ name: 'Disk', created: SOME_DATE, ...options });
  return new StagedVolume(await HfsVolume.open(base), { now: NOW });
}

const treeOf = (name: string, entries: readonly Entry[]): Tree => ({
  name,
  async *walk(from: Path = []) {
    for (const item of entries) if (from.every((part, i) => item.path[i] === part)) yield item;
  },
  async close() {},
});

const fullWithoutDate = (staged: StagedVolume | HfsVolume, path: Path) =>
  staged.entry(path).then((found) => found && { modified: found.dates.modified, changed: found.dates.changed });

describe('StagedVolume.put', () => {
  let staged: StagedVolume;
  beforeEach(async () => {
    staged = await empty();
  });

  it('keeps everything an entry says', async () => {
    const special = { uid: 0, gid: 0, adminFlags: 1, ownerFlags: 2, mode: 0o20666, special: 0x0300_0002 };
    const finderInfo = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
    const dates = { created: 1, modified: 2, changed: 3, accessed: 4, backedUp: 5 };
    const all = [
      entry(['device'], { kind: 'special', bsd: special, dates, flags: 0x81 }),
      entry(['file'], { text: 'x', finderInfo, dates, flags: 0x81, textEncoding: 140 }),
      entry(['folder'], { finderInfo, dates, flags: 0x80, textEncoding: 4 }),
    ];
    for (const one of all) await staged.put(one);
    const volume = await written(staged);
    for (const one of all) {
      const { data: _, ...rest } = one;
      expect(await volume.entry(one.path)).toMatchObject(rest);
    }
    expect(volume.header.encodingsBitmap).toBe((1n << 49n) | (1n << 12n) | (1n << 4n) | 1n);
  });

  it('makes a symbolic link one that the kernel knows', async () => {
    await staged.put(entry(['link'], { kind: 'symlink', text: 'somewhere' }));
    const found = await (await written(staged)).entry(['link']);
    expect(Buffer.from(found!.finderInfo.subarray(0, 8)).toString()).toBe('slnkrhap');
    expect(found?.kind).toBe('symlink');
  });

  it('clears the flag of compressed files where the attribute is not there', async () => {
    const bsd = { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0x22, mode: 0o100644, special: 0 };
    const decmpfs = {
      name: 'com.apple.decmpfs',
      value: fromBytes(Buffer.from('fpmc\x09\0\0\0\x02\0\0\0\0\0\0\0\xccok', 'latin1'), 'd'),
    };
    await staged.put(entry(['plain'], { text: 'x', bsd }));
    await staged.put(entry(['compressed'], { text: '', bsd, xattrs: [decmpfs] }));
    const volume = await written(staged);
    expect((await volume.entry(['plain']))?.bsd.ownerFlags).toBe(0x02);
    expect((await volume.entry(['compressed']))?.bsd.ownerFlags).toBe(0x22);
    for (const side of [staged, volume]) {
      const content = await side.file(['compressed']);
      expect(Buffer.from(await content!.read(0, content!.size)).toString()).toBe('ok');
    }
  });

  it('lets a replaced file keep its CNID, and gives a new parent date', async () => {
    await staged.put(entry(['folder']));
    await staged.put(entry(['folder', 'boot.efi'], { text: 'old' }));
    const first = await written(staged);
    const again = new StagedVolume(first, { now: NOW + 1 });
    await again.put(entry(['folder', 'BOOT.EFI'], { text: 'new' }));
    const second = await written(again);
    const cnid = async (volume: HfsVolume) => (await volume.lookup(['folder', 'boot.efi']))?.record.cnid;
    expect(await cnid(second)).toBe(await cnid(first));
    expect((await second.lookup(['folder', 'boot.efi']))?.key.name).toBe('BOOT.EFI');
    expect(second.header.nextCatalogID).toBe(first.header.nextCatalogID);
    expect(await fullWithoutDate(second, ['folder'])).toEqual({ modified: NOW + 1, changed: NOW + 1 });
  });

  it.each([
    ['a folder over a file', entry(['file']), /is a file; a folder cannot take its place/],
    ['a file over a folder', entry(['folder'], { text: 'x' }), /is a folder; a file cannot take its place/],
    ['into nothing', entry(['nowhere', 'x'], { text: 'x' }), /there is no folder \/nowhere/],
    ['into a file', entry(['file', 'x'], { text: 'x' }), /there is no folder \/file/],
    ['into the private folder', entry(['\0\0\0\0HFS+ Private Data', 'x'], { text: 'x' }), /the file system's own/],
    ['a name too long', entry(['x'.repeat(256)], { text: 'x' }), /256 UTF-16 units; HFS\+ holds 255/],
    ['a name of nothing visible', entry(['\u200c\ufeff'], { text: 'x' }), /HFS\+ cannot hold this name/],
    ['an empty name', entry([''], { text: 'x' }), /HFS\+ cannot hold this name/],
    ['a link without a target', entry(['x'], { kind: 'symlink' }), /needs a target/],
    ['Finder info of 31 bytes', entry(['x'], { text: '', finderInfo: new Uint8Array(31) }), /31 bytes instead of 32/],
    [
      'a resource fork as an attribute',
      entry(['x'], {
        text: '',
        xattrs: [{ name: 'com.apple.ResourceFork', value: fromBytes(new Uint8Array(1), 'r') }],
      }),
      /no extended attribute of HFS\+/,
    ],
    [
      'an attribute twice',
      entry(['x'], {
        text: '',
        xattrs: ['a', 'a'].map((name) => ({ name, value: fromBytes(new Uint8Array(1), 'a') })),
      }),
      /cannot be stored/,
    ],
  ])('refuses %s and stays as it was', async (_what, bad, message) => {
    await staged.put(entry(['folder']));
    await staged.put(entry(['file'], { text: 'x' }));
    const before = await snapshot(staged);
    await expect(staged.put(bad)).rejects.toThrow(message);
    expect(await snapshot(staged)).toEqual(before);
    expect(await snapshot(await written(staged))).toEqual(before);
  });

  it('gives a folder that is there owner, dates and attributes, and keeps what is in it', async () => {
    await staged.put(entry(['folder'], { xattrs: [{ name: 'old', value: fromBytes(Buffer.from('old'), 'old') }] }));
    await staged.put(entry(['folder', 'file'], { text: 'x' }));
    await staged.put(entry(['folder', 'sub']));
    const later = new StagedVolume(await written(staged), { now: NOW });
    const bsd = { uid: 1, gid: 2, adminFlags: 0, ownerFlags: 0, mode: 0o40700, special: 0 };
    await later.put(entry(['FOLDER'], { bsd, xattrs: [{ name: 'new', value: fromBytes(Buffer.from('new'), 'new') }] }));
    const volume = await written(later);
    const found = await volume.entry(['folder']);
    expect(found).toMatchObject({ bsd, xattrs: [{ name: 'new' }] });
    expect((await volume.lookup(['folder']))?.key.name).toBe('folder');
    expect([...(await snapshot(volume)).keys()]).toEqual(['/', '/folder', '/folder/file', '/folder/sub']);
  });
});

describe('what is given again', () => {
  const note = (text: string) => ({ xattrs: [{ name: 'note', value: fromBytes(Buffer.from(text), text) }] });
  const again = { again: true, finderInfo: new Uint8Array(32).fill(7) } as const;

  it('adds attributes, fork and Finder info to files, also under one of several names, and to folders', async () => {
    const staged = await empty();
    const entries = [
      entry(['f']),
      entry(['f', 'plain'], { text: 'plain' }),
      entry(['f', 'one'], { text: 'shared', link: 1 }),
      entry(['f', 'two'], { text: 'shared', link: 1 }),
      entry(['f', 'plain'], { text: 'plain', ...again, ...note('p'), resource: fromBytes(Buffer.from('fork'), 'r') }),
      entry(['f', 'two'], { text: 'shared', link: 1, ...again, ...note('l') }),
      entry(['f'], { ...again, ...note('f'), bsd: { ...entry(['f']).bsd, uid: 3, mode: 0o40711 } }),
    ];
    await staged.copyFrom(treeOf('again', entries), [], []);
    const volume = await written(staged);
    const noteOf = async (path: Path) => {
      const value = (await volume.entry(path))?.xattrs.find(({ name }) => name === 'note')?.value;
      return value && Buffer.from(await value.read(0, value.size)).toString();
    };
    for (const [path, text] of [
      [['f', 'plain'], 'p'],
      [['f', 'one'], 'l'],
      [['f', 'two'], 'l'],
      [['f'], 'f'],
    ] as const) {
      expect(await noteOf(path)).toBe(text);
      expect((await volume.entry(path))?.finderInfo).toEqual(again.finderInfo);
    }
    const plain = (await volume.entry(['f', 'plain']))!;
    expect(Buffer.from(await plain.data!.read(0, 5)).toString()).toBe('plain');
    expect(Buffer.from(await plain.resource!.read(0, 4)).toString()).toBe('fork');
    expect((await volume.entry(['f']))?.bsd).toMatchObject({ uid: 3, mode: 0o40711 });
    const [one, two] = await Promise.all([volume.entry(['f', 'one']), volume.entry(['f', 'two'])]);
    expect(one!.link).toBe(two!.link);
  });
});

describe('dates of folders', () => {
  it('are those they were put with, whatever was added to them later; base folders get the date of the change', async () => {
    const staged = await empty();
    await staged.put(entry(['put']));
    await staged.put(entry(['put', 'file'], { text: 'x' }));
    expect(await fullWithoutDate(staged, ['put'])).toEqual({ modified: SOME_DATE, changed: SOME_DATE });
    expect(await fullWithoutDate(staged, [])).toEqual({ modified: NOW, changed: NOW });
    const later = new StagedVolume(await written(staged), { now: NOW + 5 });
    await later.remove(['put', 'file']);
    expect(await fullWithoutDate(await written(later), ['put'])).toEqual({ modified: NOW + 5, changed: NOW + 5 });
  });

  it('of /System/Library/Extensions are never touched, nor those the caller names', async () => {
    const staged = await empty();
    for (const path of [['System'], ['System', 'Library'], ['System', 'Library', 'Extensions'], ['Kept']]) {
      await staged.put(entry(path));
    }
    const keepDates = (folder: Path) => folder.join('/') === 'Kept';
    const later = new StagedVolume(await written(staged), { now: NOW + 5, keepDates });
    for (const folder of [['System', 'Library', 'Extensions'], ['Kept'], ['System']]) {
      await later.put(entry([...folder, 'new'], { text: 'x' }));
    }
    const dates = { created: 1, modified: 1, changed: 1, accessed: 1, backedUp: 1 };
    await later.put(entry(['System', 'Library', 'Extensions'], { dates }));
    const volume = await written(later);
    const old = { modified: SOME_DATE, changed: SOME_DATE };
    expect(await fullWithoutDate(volume, ['System', 'Library', 'Extensions'])).toEqual(old);
    expect(await fullWithoutDate(volume, ['Kept'])).toEqual(old);
    expect(await fullWithoutDate(volume, ['System'])).toEqual({ modified: NOW + 5, changed: NOW + 5 });
  });
});

describe('StagedVolume.remove', () => {
  it('refuses the root, what is not there, folders that hold something, the journal and private folders', async () => {
    const staged = await empty({ journaled: true });
    await staged.put(entry(['folder']));
    await staged.put(entry(['folder', 'a:b/c'], { text: 'x' }));
    await expect(staged.remove([])).rejects.toThrow(/root folder cannot be removed/);
    await expect(staged.remove(['nothing'])).rejects.toThrow(/there is no \/nothing to remove/);
    await expect(staged.remove(['folder'])).rejects.toThrow(/\/folder is not empty, it holds a\/b:c/);
    await expect(staged.remove(['.journal'])).rejects.toThrow(/file system's own/);
    await staged.remove(['folder', 'a:b/c']);
    await staged.remove(['folder']);
    expect([...(await snapshot(await written(staged))).keys()]).toEqual(['/']);
  });

  it('of one hard link of a real volume leaves the other; of both, the file goes, too', async () => {
    for (const gone of [['link1'], ['link2'], ['link1', 'link2']]) {
      const base = await HFS_FIXTURES['hfsplusrs-small.img']!();
      const staged = new StagedVolume(base, { now: NOW });
      for (const name of gone) await staged.remove(['files', name]);
      const volume = await written(staged);
      const left = ['link1', 'link2'].filter((name) => !gone.includes(name));
      for (const name of left) {
        const content = await volume.file(['files', name]);
        expect(Buffer.from(await content!.read(0, content!.size))).toHaveLength(8);
      }
      for (const name of gone) expect(await volume.entry(['files', name])).toBeUndefined();
      const inodes = (await volume.privateDirectory())!;
      let count = 0;
      for await (const _ of volume.children(inodes)) count++;
      expect(count).toBe(left.length > 0 ? 1 : 0);
    }
  });
});

describe('StagedVolume.copyFrom', () => {
  const source = treeOf('source', [
    entry(['from']),
    entry(['from', 'one'], { text: 'same', link: 5 }),
    entry(['from', 'sub']),
    entry(['from', 'sub', 'two'], { text: 'same', link: 5 }),
    entry(['other'], { text: 'same', link: 5 }),
    entry(['from', 'alone'], { text: 'alone', link: 6 }),
  ]);

  it('copies a subtree to another place, hard links as hard links, also across two copies of one tree', async () => {
    const staged = await empty();
    await staged.copyFrom(source, ['from'], ['to']);
    await staged.copyFrom(source, ['other'], ['another']);
    const before = await snapshot(staged);
    expect([...before.keys()].sort()).toEqual([
      '/',
      '/another',
      '/to',
      '/to/alone',
      '/to/one',
      '/to/sub',
      '/to/sub/two',
    ]);
    const volume = await written(staged);
    expect(await snapshot(volume)).toEqual(before);
    const links = await Promise.all(
      [['to', 'one'], ['to', 'sub', 'two'], ['another']].map(async (path) => (await volume.entry(path))?.link),
    );
    expect(new Set(links).size).toBe(1);
    expect(links[0]).toBeDefined();
    // A file of whose names only one was copied is a plain file.
    expect((await volume.entry(['to', 'alone']))?.link).toBeUndefined();
    expect((await volume.lookup(['to', 'alone']))?.record.bsd.special).toBe(1);
  });

  it('keeps links of different trees apart though their numbers are equal', async () => {
    const staged = await empty();
    const other = treeOf('other', [entry(['x'], { text: 'other', link: 5 })]);
    await staged.copyFrom(source, ['from', 'one'], ['one']);
    await staged.copyFrom(other, ['x'], ['x']);
    await staged.put(entry(['y'], { text: 'put', link: 5 }));
    const volume = await written(staged);
    for (const path of [['one'], ['x'], ['y']]) expect((await volume.entry(path))?.link).toBeUndefined();
  });

  it('copies a whole real volume, with every hard link, attribute and fork', async () => {
    for (const name of ['hfsplusrs-small.img', 'keramics-zlib.dmg', 'dfvfs-hfsplus.raw', 'sparkle-app.dmg']) {
      const from = await HFS_FIXTURES[name]!();
      const staged = await empty({ caseSensitive: true });
      await staged.copyFrom(from, [], []);
      expect(await snapshot(await written(staged))).toEqual(await snapshot(from));
    }
  });

  it('stages nothing when there is nothing at the path, and stops when told to', async () => {
    const staged = await empty();
    await staged.copyFrom(source, ['nothing'], ['to']);
    expect([...(await snapshot(staged)).keys()]).toEqual(['/']);
    const { signal } = new AbortController();
    const stopped = AbortSignal.abort(new Error('stopped'));
    await expect(staged.copyFrom(source, ['from'], ['to'], { signal: stopped })).rejects.toThrow('stopped');
    expect([...(await snapshot(staged)).keys()]).toEqual(['/']);
    await staged.copyFrom(source, ['from'], ['to'], { signal });
    expect((await snapshot(staged)).size).toBe(6);
  });
});
