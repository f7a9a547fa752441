import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { fromBytes, piecesOf } from '../../../src/formats/bytes.js';
import type { Entry } from '../../../src/formats/entry.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { patient } from './locate.js';
import { fixture, TRUTH, VOLUMES, type VolumeName, volumeBytes, volumeSource } from './volumes.js';

const LISTED = VOLUMES.filter((name) => TRUTH[name]);
const INODES = '\0\0\0\0HFS+ Private Data';
const open = async (name: VolumeName) => HfsVolume.open(await volumeSource(name));
const text = async (entry: Entry) => Buffer.from(await entry.data!.read(0, entry.data!.size)).toString();
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
// In the list / separates; only one volume has a name with it.
const split = (path: string) =>
  (path === 'forward/slash' ? [path] : path.split('/')).map((part) => part.normalize('NFD'));

async function walked(volume: HfsVolume, from?: string[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of volume.walk(from)) entries.push(entry);
  return entries;
}

describe.each(LISTED)('%s, as others have listed it', (name) => {
  const { volume: label, rows } = TRUTH[name]!;

  it('has every entry with its content', async () => {
    const volume = await open(name);
    expect(volume.name).toBe(label);
    for (const [kind, path, cnid, mode, data, more] of rows) {
      const at = split(path);
      const found = await volume.lookup(at);
      expect([path, found?.record.cnid]).toEqual([path, cnid]);
      expect(found!.record.bsd.mode.toString(8)).toBe(mode);
      const entry = (await volume.entry(at))!;
      if (kind === 'd') expect(entry.kind).toBe('folder');
      if (kind === 'l') expect([entry.kind, `\u2192 ${await text(entry)}`]).toEqual(['symlink', data]);
      if (kind === 'h') expect([entry.kind, `\u2192 inode ${entry.link}`]).toEqual(['file', data]);
      if (kind === 'f') {
        const content = (await volume.file(at))!;
        const bytes = await content.read(0, content.size);
        expect([path, `${bytes.length} ${digest(bytes).slice(0, 16)}`]).toEqual([path, data]);
      }
      const xattr = /xattr (\S+) (\d+) bytes/.exec(more);
      expect(entry.xattrs.map((x) => [x.name, x.value.size])).toEqual(xattr ? [[xattr[1], Number(xattr[2])]] : []);
      const resource = /resource fork (\d+)/.exec(more);
      expect(entry.resource?.size).toBe(resource ? Number(resource[1]) : undefined);
    }
  });

  it('walks exactly those that a program sees', async () => {
    const entries = await walked(await open(name));
    const seen = entries.slice(1).map(({ path }) => path.join('\n'));
    const listed = rows
      .map(([, path]) => split(path))
      .filter(([top]) => top !== INODES && !top!.startsWith('.journal'));
    expect([...seen].sort()).toEqual(listed.map((path) => path.join('\n')).sort());
    expect(entries[0]).toMatchObject({ path: [], kind: 'folder' });
  });
});

describe('walk', () => {
  it('gives 14,984 files in 604 folders, parents first', async () => {
    const volume = await open('many');
    const seen = new Set<string>();
    let files = 0;
    let folders = -1;
    let bytes = 0;
    for await (const { path, kind, data } of volume.walk()) {
      if (path.length > 0) expect(seen.has(path.slice(0, -1).join('/'))).toBe(true);
      if (kind === 'folder') {
        folders++;
        seen.add(path.join('/'));
      } else {
        files++;
        bytes += data!.size;
      }
    }
    // .fseventsd and the private directories are among the header's counts; the walk leaves out the private ones.
    expect({ files, bytes }).toEqual({ files: 14984, bytes: 60837 });
    expect(volume.header.folderCount - folders).toBe(2);
  });

  it('of part of a tree, of a file, of nothing', async () => {
    const volume = await open('dfvfsRaw');
    const paths = async (...from: string[]) => (await walked(volume, from)).map(({ path }) => path.join('/'));
    expect(await paths('A_Directory')).toEqual([
      'A_Directory',
      'A_Directory/a_file',
      'A_Directory/a_resourcefork',
      'A_Directory/another_file',
    ]);
    expect(await paths('passwords.txt')).toEqual(['passwords.txt']);
    expect(await paths('nothing')).toEqual([]);
    expect(await paths('passwords.txt', 'below')).toEqual([]);
  });

  it('of the private directory, when asked for by name', async () => {
    const entries = await walked(await open('small'), [INODES]);
    expect(entries.map(({ path }) => path.at(-1))).toEqual([INODES, 'iNode29']);
  });

  it('leaves out what was deleted while open', async () => {
    const bytes = await volumeBytes('small');
    const on = patient(bytes);
    const { key, cnid } = await on.record(INODES, 'iNode29');
    // "temp299", as long as "iNode29".
    Array.from('temp299').forEach((c, i) => void on.view.setUint16(key + 8 + i * 2, c.charCodeAt(0)));
    const volume = await HfsVolume.open(fromBytes(bytes, 'volume'));
    expect((await walked(volume, [INODES])).map(({ path }) => path.at(-1))).toEqual([INODES]);
    expect(cnid).toBe(29);
  });
});

describe('entries', () => {
  it('hard links have what their inode has', async () => {
    const volume = await open('keramics');
    const [first, second] = [await volume.entry(['file_hardlink1']), await volume.entry(['testdir1', 'testfile1'])];
    expect([first!.link, second!.link]).toEqual([21, 21]);
    expect(first!.bsd).toMatchObject({ mode: 0o100644, special: 0 });
    expect(await text(second!)).toBe('Keramics\n');
    const content = (await volume.file(['file_hardlink1']))!;
    expect(digest(await content.read(0, content.size))).toBe(
      '71d1281b05e2236c962dd4ed4283b11fcfdbb8e61214d9ad6c707fbd7daf9d81',
    );
  });

  it('have attributes as stored, inline and in a fork', async () => {
    const volume = await open('keramics');
    const value = async (...path: string[]) => {
      const xattr = (await volume.entry(path))!.xattrs[0]!;
      return new Uint8Array(await xattr.value.read(0, xattr.value.size));
    };
    expect(Buffer.from(await value('testdir1', 'xattr1')).toString()).toBe('My 1st extended attribute');
    expect(await value('testdir1', 'large_xattr')).toHaveLength(8158);
  });

  it('give their data as pieces of the source', async () => {
    const volume = await open('goafs');
    const data = (await volume.entry(['big.bin']))!.data!;
    const pieces = [...piecesOf(data, 0, data.size)];
    expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(262144);
    expect(pieces.every(({ kind }) => kind === 'bytes')).toBe(true);
  });

  it('are found whatever the case, symbolic links not followed', async () => {
    const volume = await open('goafs');
    expect(volume.caseSensitive).toBe(false);
    expect(await volume.entry(['SUBDIR', 'Nested', 'DEEP.txt'])).toBeDefined();
    expect(await volume.file(['link.txt'])).toBeUndefined();
    expect(await volume.file(['subdir'])).toBeUndefined();
    expect(await volume.file(['subdir', ''])).toBeUndefined();
  });
});

describe('HFSX', () => {
  it('with binary order tells case apart', async () => {
    const bytes = await volumeBytes('roninNested');
    const view = new DataView(bytes.buffer);
    view.setUint32(1024, 0x48580005);
    view.setUint8(patient(bytes).tree('catalogFile') + 14 + 37, 0xbc);
    const volume = await HfsVolume.open(fromBytes(bytes, 'HFSX'));
    expect(volume.caseSensitive).toBe(true);
    // In folder 19, SUB: the root's records are in the other order here.
    expect((await volume.files.child(19, 'NESTED.TXT'))?.record.cnid).toBe(20);
    expect(await volume.files.child(19, 'nested.txt')).toBeUndefined();
  });
});

describe('refused', () => {
  it('classic HFS, nothing, too little', async () => {
    const refuse = (bytes: Uint8Array) => expect(HfsVolume.open(fromBytes(bytes, 'disk'))).rejects;
    await refuse(fixture('udif/dfvfs-hfs.raw.gz')).toThrow(
      /disk: volume header at byte 1024: expected H\+ or HX, found BD/,
    );
    await refuse(new Uint8Array(8192)).toBeInstanceOf(FormatError);
    await refuse(new Uint8Array(100)).toThrow(/a volume header/);
    await refuse((await volumeBytes('small')).subarray(0, 500_000)).toThrow(/at most 122 blocks/);
  });

  it('a hard link without its inode', async () => {
    const bytes = await volumeBytes('small');
    const on = patient(bytes);
    on.view.setUint32((await on.record('files', 'link1')).record + 44, 4711);
    const volume = await HfsVolume.open(fromBytes(bytes, 'volume'));
    await expect(volume.entry(['files', 'link1'])).rejects.toThrow(/iNode4711/);
  });

  it('to go into a directory hard link, though the link itself is an entry', async () => {
    const bytes = await volumeBytes('small');
    const on = patient(bytes);
    const { record } = await on.record('hello.txt');
    bytes.set(Buffer.from('fdrpMACS'), record + 48);
    on.view.setUint16(record + 2, 0x22);
    const volume = await HfsVolume.open(fromBytes(bytes, 'volume'));
    expect(await volume.entry(['hello.txt'])).toMatchObject({ kind: 'file' });
    await expect(volume.entry(['hello.txt', 'x'])).rejects.toThrow(/directory hard link/);
  });

  it('folders in a ring', async () => {
    const bytes = await volumeBytes('small');
    const on = patient(bytes);
    const { record } = await on.record('files', 'second');
    on.view.setUint32(record + 8, 21);
    const volume = await HfsVolume.open(fromBytes(bytes, 'volume'));
    await expect(walked(volume)).rejects.toThrow(/each folder once/);
  });
});
