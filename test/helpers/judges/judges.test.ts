import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { points } from '../long.js';
import { FSCK_TOOLS, fsck } from './fsck.js';
import { GRUB_FSTEST_TOOLS, grubFstest, grubTree } from './grub-fstest.js';
import { needs } from './needs.js';
import { PARTED_TOOLS, partedPrint, SGDISK_TOOLS, sgdiskVerify } from './partition-tools.js';
import { SEVEN_ZIP_TOOLS, sevenZip } from './seven-zip.js';
import { SLEUTH_KIT_TOOLS, sleuthKit } from './sleuth-kit.js';
import { run, scratch } from './tool.js';
import { compareTrees, type Expected, type SeenTree, type TruthEntry } from './tree.js';
import { findVolume, partitions, VOLUME_TOOLS } from './volume.js';

// The judges are judged here: on images that Apple's tools made, whose contents are known (Keramics' volume
// "hfsplus_test"), and on the same images with something changed, which they must notice.

const fixture = (name: string) => join(import.meta.dirname, '..', '..', 'fixtures', 'udif', name);
const digest = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const owner = { uid: 501, gid: 20 };

const file = (text = '', more: Partial<TruthEntry> = {}): TruthEntry => ({
  ...{ kind: 'file', mode: 0o100644, ...owner, size: text.length, sha256: digest(text) },
  ...more,
});
const folder = (more: Partial<TruthEntry> = {}): TruthEntry => ({ kind: 'folder', mode: 0o40755, ...owner, ...more });
const symlink = (target: string): TruthEntry => ({ kind: 'symlink', mode: 0o120755, ...owner, target });
const hardLinked = file('Keramics\n', { link: 21 });

const keramics: Expected = {
  case_folding_µ: file(),
  directory_symboliclink1: symlink('/Volumes/hfsplus_test/testdir1'),
  emptyfile: file(),
  file_hardlink1: hardLinked,
  file_symboliclink1: symlink('/Volumes/hfsplus_test/testdir1/testfile1'),
  file_symboliclink2: symlink('/Volumes/hfsplus_test/forward:slash'),
  'forward:slash': file(),
  'nfc_te\u0301stfile\u0300': file(),
  'nfd_te\u0301stfile\u0300': file(),
  'nfd_¾': file(),
  'nfkd_3⁄4': file(),
  testdir1: folder(),
  // The attribute's value is the first 8158 bytes of the Apache licence's text.
  'testdir1/large_xattr': file('', {
    xattrs: { mylargexattr: 'd8d1b678fa626647af1523a380bdf5e38cee42012f74c23010f575531d15f176' },
  }),
  'testdir1/resourcefork1': file('', { resource: { size: 17, sha256: digest('My resource fork\n') } }),
  'testdir1/testfile1': hardLinked,
  'testdir1/xattr1': file('', { xattrs: { myxattr1: digest('My 1st extended attribute') } }),
  'testdir1/xattr2': folder({ xattrs: { myxattr2: digest('My 2nd extended attribute') } }),
};

/** The raw disk that keramics-zlib.dmg stands for (qemu-img decodes it), changed by `change`. */
async function keramicsDisk(change: (disk: Buffer) => void = () => undefined): Promise<string> {
  const path = join(scratch('raw'), 'disk.img');
  const made = await run('qemu-img', ['convert', '-f', 'dmg', '-O', 'raw', fixture('keramics-zlib.dmg'), path]);
  if (made.status !== 0) throw new Error(made.stderr);
  const disk = readFileSync(path);
  change(disk);
  writeFileSync(path, disk);
  return path;
}

/** dfvfs-apm.dmg: a raw disk with an Apple partition map. */
function apmDisk(): string {
  const path = join(scratch('raw'), 'apm.img');
  writeFileSync(path, gunzipSync(readFileSync(fixture('dfvfs-apm.dmg.gz'))));
  return path;
}

/** Puts `to` over every `from` of the same length. */
function replace(disk: Buffer, from: string, to: string, encoding: 'latin1' | 'utf16be'): void {
  const bytes = (text: string) =>
    encoding === 'latin1' ? Buffer.from(text, 'latin1') : Buffer.from(text, 'utf16le').swap16();
  let count = 0;
  for (let at = disk.indexOf(bytes(from)); at >= 0; at = disk.indexOf(bytes(from), at + 1)) {
    bytes(to).copy(disk, at);
    count++;
  }
  if (count === 0 || from.length !== to.length) throw new Error(`cannot plant "${to}"`);
}

const judges: {
  name: string;
  tools: Parameters<typeof needs>[1][];
  look: (image: string) => Promise<SeenTree>;
  counts: object;
}[] = [
  { name: '7-Zip', tools: [...SEVEN_ZIP_TOOLS], look: sevenZip, counts: { entries: 17, hashes: 10, modes: 15 } },
  {
    name: 'The Sleuth Kit',
    tools: [...SLEUTH_KIT_TOOLS],
    look: sleuthKit,
    counts: { entries: 17, hashes: 12, modes: 17 },
  },
  {
    name: 'GRUB',
    tools: [...GRUB_FSTEST_TOOLS],
    look: async (image) => grubTree(await grubFstest(image, 'forward:slash'), ['', 'testdir1'], () => true),
    counts: { entries: 14, hashes: 10, modes: 0 },
  },
];

describe.each(points(judges, 1))('$name', ({ tools, look, counts }) => {
  test('sees what Apple put into an image', async (context) => {
    needs(context, ...tools, 'qemu-img');
    const result = compareTrees(keramics, await look(await keramicsDisk()));
    expect(result.differences).toEqual([]);
    expect(result).toMatchObject(counts);
  });

  test('notices a name that is not the one that was put there', async (context) => {
    needs(context, ...tools, 'qemu-img');
    const image = await keramicsDisk((disk) => replace(disk, 'resourcefork1', 'resourcefork2', 'utf16be'));
    const { differences } = compareTrees(keramics, await look(image));
    expect(differences).toContainEqual(expect.stringMatching(/: testdir1\/resourcefork1: file is missing$/));
    expect(differences).toContainEqual(expect.stringMatching(/: testdir1\/resourcefork2: file that nobody put there$/));
  });
});

describe.each(points(judges.slice(0, 2), 1))('$name', ({ tools, look }) => {
  test('notices contents and link targets that are not those that were put there', async (context) => {
    needs(context, ...tools, 'qemu-img');
    const image = await keramicsDisk((disk) => {
      replace(disk, 'Keramics\n', 'keramics\n', 'latin1');
      replace(disk, '/Volumes/hfsplus_test/forward:slash', '/Volumes/hfsplus_test/forward:slush', 'latin1');
    });
    const { differences } = compareTrees(keramics, await look(image));
    expect(differences.map((text) => text.replace(/^.*?: /, '').replace(/ (should|has).*/, '')).sort()).toEqual(
      expect.arrayContaining(['file_symboliclink2: target']),
    );
    const linked = differences.filter((text) => /file_hardlink1|testfile1/.test(text));
    expect(linked).toHaveLength(2);
  });
});

test('compareTrees says what differs in a word a person understands', () => {
  const seen: SeenTree = {
    judge: 'X',
    entries: new Map([
      [
        'a',
        {
          kind: 'file',
          mode: 0o100755,
          size: 1,
          sha256: 'ff',
          resource: { size: 3, sha256: 'aa' },
          xattrs: { extra: '11' },
        },
      ],
      ['b', { kind: 'folder' }],
      ['more', { kind: 'file' }],
      ['.journal', { kind: 'file' }],
    ]),
  };
  const truth: Expected = { a: file('a', { xattrs: { wanted: '22' } }), b: symlink('a'), c: folder() };
  expect(compareTrees(truth, seen, (path) => path.startsWith('.journal'))).toEqual({
    differences: [
      'X: a: mode should be 0100644, is 0100755',
      `X: a: sha256 should be ${digest('a')}, is ff`,
      'X: a: resource fork should be absent, is 3 aa',
      'X: a: attribute wanted should be 22, is absent',
      'X: a: attribute extra should be absent, is 11',
      'X: b: kind should be symlink, is folder',
      'X: c: folder is missing',
      'X: more: file that nobody put there',
    ],
    entries: 2,
    hashes: 1,
    modes: 1,
    unread: [],
  });
});

describe('the volume', () => {
  test('is found behind a GPT and behind an Apple partition map', async (context) => {
    needs(context, ...VOLUME_TOOLS, 'qemu-img');
    expect(await findVolume(await keramicsDisk())).toMatchObject({ start: 20480, length: 3760 * 512 });
    expect(await findVolume(apmDisk())).toMatchObject({ start: 32768, description: 'Apple_HFS' });
    expect((await partitions(apmDisk())).map(({ description }) => description)).toEqual([
      'Apple_partition_map',
      'Apple_HFS',
      'Apple_Free',
    ]);
  });
});

describe('fsck', () => {
  test('finds a volume of Apple’s in order, and its baseline fault in another', async (context) => {
    needs(context, ...FSCK_TOOLS, 'qemu-img');
    const good = await fsck(await keramicsDisk());
    expect(good).toMatchObject({ status: 0, output: expect.stringContaining('appears to be OK') });
    const fault = await fsck(apmDisk());
    expect(fault).toMatchObject({ status: 8, output: expect.stringContaining('attributesFile.clumpSize') });
  });

  test('notices a wrong number of files', async (context) => {
    needs(context, ...FSCK_TOOLS, 'qemu-img');
    const wrong = await keramicsDisk((disk) => disk.writeUInt32BE(17, 20480 + 1024 + 32));
    expect((await fsck(wrong)).status).not.toBe(0);
  });
});

describe('partition tools', () => {
  test('read a GPT and an Apple partition map', async (context) => {
    needs(context, ...PARTED_TOOLS, 'qemu-img');
    expect(await partedPrint(await keramicsDisk())).toMatchObject({
      map: 'gpt',
      partitions: [{ number: 1, start: 20480, size: 1925120, fileSystem: 'hfs+', name: 'disk image' }],
      complaints: '',
    });
    expect(await partedPrint(apmDisk())).toMatchObject({
      map: 'mac',
      logicalSector: 512,
      partitions: [
        { number: 1, start: 512, size: 63 * 512 },
        { number: 2, start: 32768, fileSystem: 'hfs+', name: 'disk image' },
      ],
      complaints: '',
    });
  });

  test('sgdisk accepts a GPT, and nothing else', async (context) => {
    needs(context, ...SGDISK_TOOLS, 'qemu-img');
    expect((await sgdiskVerify(await keramicsDisk())).ok).toBe(true);
    expect((await sgdiskVerify(apmDisk())).ok).toBe(false);
    const damaged = await keramicsDisk((disk) => disk.writeUInt8(disk[1024 + 40]! ^ 1, 1024 + 40));
    expect((await sgdiskVerify(damaged)).ok).toBe(false);
    const noBackup = await keramicsDisk((disk) => disk.fill(0, disk.length - 512));
    expect((await sgdiskVerify(noBackup)).ok).toBe(false);
  });

  test('parted complains about a GPT whose backup is gone', async (context) => {
    needs(context, ...PARTED_TOOLS, 'qemu-img');
    const noBackup = await keramicsDisk((disk) => disk.fill(0, disk.length - 512));
    const verdict = await partedPrint(noBackup).then(
      (disk) => disk.complaints,
      (error: Error) => error.message,
    );
    expect(verdict).toMatch(/backup GPT table/);
  });
});
