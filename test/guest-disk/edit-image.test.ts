import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Scope } from '../../src/core/scope.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import { BlockAccount } from '../../src/formats/hfsplus/write/block-account.js';
import {
  editImage,
  type ImageEditOptions,
  type PlistRequest,
  plistRequest,
  stagePlist,
} from '../../src/guest-disk/index.js';
import { openHostFile } from '../../src/host/host-file.js';
import { chameleonReads } from '../helpers/chameleon-reader.js';
import { expectClean } from '../helpers/clean-volume.js';
import { HFS_FIXTURES } from '../helpers/hfs-fixtures.js';
import { FSCK_TOOLS, fsck } from '../helpers/judges/fsck.js';
import { GRUB_FSTEST_TOOLS, grubFstest, grubTree } from '../helpers/judges/grub-fstest.js';
import { find, needs } from '../helpers/judges/needs.js';
import { SEVEN_ZIP_TOOLS, sevenZip } from '../helpers/judges/seven-zip.js';
import { kept, scratch } from '../helpers/judges/tool.js';
import { points } from '../helpers/long.js';
import { snapshot } from '../helpers/tree-snapshot.js';
import { asRaw, diskFile, guestVolume, inMap } from './disks.js';

const PLIST = '/Extra/org.chameleon.Boot.plist';
const REQUEST: PlistRequest = { base: { Timeout: '2', 'Graphics Mode': '1920x1080x32' } };

type Options = Omit<ImageEditOptions, 'image'>;
const edit = (image: string, request = REQUEST, options: Options = {}) =>
  editImage({ image, ...options }, { signal: new AbortController().signal, scope: new Scope() }, (volume) =>
    stagePlist(volume, request),
  );
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

async function seenByUs(raw: string) {
  const file = await openHostFile(raw);
  try {
    const { volume } = await openVolume(await openDisk(file));
    return { entries: await snapshot(volume), header: volume.header };
  } finally {
    await file.close();
  }
}

/** An overlay's base must be named. */
const madeOf = (folder: string, kind: string): Options =>
  kind === 'backed' ? { backingOk: [join(folder, 'disk.img')] } : {};

// Folders of sockets are made here, and must be gone afterwards.
process.env['TMPDIR'] = scratch('sockets');

const KINDS = ['raw', 'qcow2', 'backed'] as const;
const MAPS = ['apm', 'gpt', 'none'] as const;
const CASES = KINDS.flatMap((kind) =>
  MAPS.flatMap((map) => [false, true].map((caseSensitive) => ({ kind, map, caseSensitive }))),
);

describe.each(points(CASES, 2))(
  'a $kind image, map: $map, case-sensitive: $caseSensitive',
  ({ kind, map, caseSensitive }) => {
    it('gets the plist, and is otherwise what it was', async (context) => {
      if (kind !== 'raw') needs(context, 'qemu-img', 'qemu-nbd');
      const folder = scratch('guest');
      const disk = inMap(await guestVolume({ caseSensitive, journaled: map === 'gpt' }), map);
      const image = diskFile(folder, disk, kind);
      const backing = sha256(join(folder, 'disk.img'));
      const before = await seenByUs(asRaw(folder, image));
      const result = await edit(image, REQUEST, madeOf(folder, kind));
      expect(result).toMatchObject({ written: true, volume: 'Guest' });
      expect(result.changes.map(({ what, path }) => `${what} ${path.join('/')}`)).toEqual([
        'add Extra',
        `add ${PLIST.slice(1)}`,
      ]);
      if (kind === 'backed') expect(sha256(join(folder, 'disk.img'))).toBe(backing);

      const raw = asRaw(folder, image);
      const after = await seenByUs(raw);
      const text = readFileSync(raw);
      expect(text.length).toBe(disk.length);
      // Outside the volume nothing changed; inside, the only changed folder is the root: it has one more entry, and a date.
      const { '/': rootBefore, ...restBefore } = Object.fromEntries(before.entries);
      const { '/': rootAfter, '/Extra': extra, [PLIST]: plist, ...restAfter } = Object.fromEntries(after.entries);
      expect(restAfter).toEqual(restBefore);
      expect({ ...rootAfter, dates: rootBefore!.dates }).toEqual(rootBefore);
      expect(extra).toMatchObject({ kind: 'folder', bsd: { uid: 0, gid: 0, mode: 0o40755 } });
      expect(plist).toMatchObject({ kind: 'file', bsd: { uid: 0, gid: 0, mode: 0o100644 } });
      expect(after.header.finderInfo).toEqual(before.header.finderInfo);
      expect(readdirSync(tmpdir()).filter((name) => name.startsWith('osx-iso-nbd-'))).toEqual([]);
    });

    it("is clean to Apple's fsck, and 7-Zip and GRUB see exactly the new folder", async (context) => {
      if (kind !== 'raw') needs(context, 'qemu-img', 'qemu-nbd');
      needs(context, ...FSCK_TOOLS, ...SEVEN_ZIP_TOOLS, ...GRUB_FSTEST_TOOLS);
      const folder = scratch('guest');
      const disk = inMap(await guestVolume({ caseSensitive, journaled: map === 'gpt' }), map);
      const image = diskFile(folder, disk, kind);
      const old = join(folder, 'old.img');
      writeFileSync(old, disk);
      await edit(image, REQUEST, madeOf(folder, kind));
      const raw = asRaw(folder, image);
      const verdict = await fsck(raw);
      expect(verdict, verdict.output).toMatchObject({ status: 0 });
      const [was, is] = [await sevenZip(old), await sevenZip(raw)];
      expect(is.unread).toEqual(was.unread);
      const fresh = [...is.entries.keys()].filter((path) => !was.entries.has(path));
      expect(fresh.sort()).toEqual(['Extra', 'Extra/org.chameleon.Boot.plist']);
      for (const [path, seen] of was.entries) expect(is.entries.get(path)).toEqual(seen);
      const grubBefore = await grubTree(await grubFstest(old, 'Users/notes.txt'), ['', 'Users'], () => true);
      const volume = await grubFstest(raw, 'Users/notes.txt');
      const grubAfter = await grubTree(volume, ['', 'Users', 'Extra'], () => true);
      const added = [...grubAfter.entries.keys()].filter((path) => !grubBefore.entries.has(path));
      expect(added.sort()).toEqual(['Extra', 'Extra/org.chameleon.Boot.plist']);
      for (const [path, seen] of grubBefore.entries) expect(grubAfter.entries.get(path)).toEqual(seen);
    });
  },
);

const REAL = ['dfvfs-hfsplus.raw', 'goafs-hfsplus.dmg', 'hfsplusrs-small.img', 'udif-gpt.dmg (journaled)'];

describe.each(points(REAL, 2))('the volume %s, made by Apple', (name) => {
  it('gets the plist and is clean', async () => {
    const base = await HFS_FIXTURES[name]!();
    const before = Object.fromEntries(await snapshot(base));
    const image = diskFile(scratch('real'), Buffer.from(await base.source.read(0, base.source.size)), 'raw');
    expect(await edit(image)).toMatchObject({ written: true });
    const { '/Extra': _folder, [PLIST]: _plist, ...after } = Object.fromEntries((await seenByUs(image)).entries);
    expect({ ...after, '/': undefined }).toEqual({ ...before, '/': undefined });
    await expectClean(readFileSync(image));
  });
});

describe('editing an image', () => {
  it('writes what the loader reads, keeps what was there, and does nothing twice', async () => {
    const folder = scratch('guest');
    const image = diskFile(
      folder,
      inMap(await guestVolume({ extra: { 'org.chameleon.Boot.plist': 'old' } }), 'apm'),
      'raw',
    );
    const first = await edit(image);
    expect(first.changes.map(({ what, path }) => `${what} ${path.at(-1)}`)).toEqual([
      'keep org.chameleon.Boot.plist.bak',
      'replace org.chameleon.Boot.plist',
    ]);
    const file = await openHostFile(image);
    const { volume } = await openVolume(await openDisk(file));
    const plist = (await volume.file(['Extra', 'org.chameleon.Boot.plist']))!;
    const config = chameleonReads(PLIST, await plist.read(0, plist.size));
    expect(config.timeout()).toBe(2);
    expect(config.getMode('Graphics Mode')).toEqual({ width: 1920, height: 1080, depth: 32 });
    const bak = (await volume.file(['Extra', 'org.chameleon.Boot.plist.bak']))!;
    expect(Buffer.from(await bak.read(0, bak.size)).toString()).toBe('old');
    await file.close();
    const bytes = sha256(image);
    expect(await edit(image)).toMatchObject({ written: false, changes: [], bytes: 0 });
    expect(sha256(image)).toBe(bytes);
    const third = await edit(image, { base: { Timeout: '9' } });
    expect(third.changes.map(({ path }) => path.at(-1))).toEqual([
      'org.chameleon.Boot.plist.bak2',
      'org.chameleon.Boot.plist',
    ]);
  });

  it('merges with what is there', async () => {
    const old =
      '<plist version="1.0"><dict><key>Timeout</key><string>9</string><key>GUI</key><string>No</string></dict></plist>';
    const image = diskFile(
      scratch('guest'),
      inMap(await guestVolume({ extra: { 'org.chameleon.Boot.plist': old } }), 'none'),
      'raw',
    );
    const request = await plistRequest({ set: ['Wait=Yes'], merge: true });
    const { changes } = await edit(image, request);
    const config = chameleonReads(PLIST, changes.at(-1)!.bytes!);
    expect(config.timeout()).toBe(9);
    expect([config.getBool('GUI'), config.getBool('Wait'), config.keys.size]).toEqual([false, true, 3]);
  });

  it('gives the name its right case on a volume that does not tell it apart', async () => {
    const image = diskFile(
      scratch('guest'),
      inMap(await guestVolume({ extra: { 'org.chameleon.boot.plist': 'old' }, extraName: 'extra' }), 'none'),
      'raw',
    );
    await edit(image);
    const { entries } = await seenByUs(image);
    expect([...entries.keys()].filter((path) => /^\/extra\//i.test(path)).sort()).toEqual([
      '/extra/org.chameleon.Boot.plist',
      '/extra/org.chameleon.Boot.plist.bak',
    ]);
  });

  it('plans without writing', async () => {
    const image = diskFile(scratch('guest'), inMap(await guestVolume(), 'gpt'), 'raw');
    const before = sha256(image);
    const plan = await edit(image, REQUEST, { dryRun: true });
    expect(plan).toMatchObject({ written: false, partition: 1, format: 'raw' });
    expect(plan.bytes).toBeGreaterThan(1024);
    expect(sha256(image)).toBe(before);
  });

  it('refuses what it must not touch, and leaves it as it is', async () => {
    const folder = scratch('guest');
    const volume = await guestVolume();
    const refused = async (change: (disk: Buffer) => Buffer | undefined, why: RegExp) => {
      const disk = inMap(volume, 'none');
      const path = diskFile(folder, change(disk) ?? disk, 'raw');
      const before = sha256(path);
      await expect(edit(path)).rejects.toThrow(why);
      expect(sha256(path)).toBe(before);
    };
    const attributes = (bit: number, on: boolean) => (disk: Buffer) => {
      const value = disk.readUInt32BE(1028);
      disk.writeUInt32BE((on ? value | (1 << bit) : value & ~(1 << bit)) >>> 0, 1028);
      return disk;
    };
    const written = (at: number, text: string, zeroFrom?: number) => (disk: Buffer) => {
      if (zeroFrom !== undefined) disk.fill(0, zeroFrom, zeroFrom + 512);
      disk.write(text, at < 0 ? disk.length + at : at, 'latin1');
      return disk;
    };
    await refused(attributes(8, false), /not unmounted cleanly/);
    await refused(attributes(11, true), /not unmounted cleanly/);
    await refused(attributes(15, true), /locked/);
    await refused(
      (disk) => Buffer.concat([disk.subarray(0, 1024), Buffer.from('BD'), disk.subarray(1026)]),
      /classic HFS/,
    );
    await refused(written(32, 'NXSB', 1024), /APFS/);
    await refused(written(0, 'encrcdsa'), /encrypted/);
    await refused(written(0, 'LUKS\xba\xbe'), /encrypted/);
    await refused(written(-512, 'koly'), /hdiutil/);
    await refused(() => Buffer.alloc(4096), /no HFS\+ volume/);
    await refused(() => Buffer.alloc(0), /expected a disk image, found a file of 0 bytes/);
  });

  it('says how many blocks are missing on a full volume', async () => {
    const image = diskFile(scratch('guest'), inMap(await guestVolume({ freeBlocks: 2 }), 'none'), 'raw');
    await expect(edit(image)).rejects.toThrow(/free blocks are needed/);
  });

  it('asks for the partition where there are two', async () => {
    const { planGpt } = await import('../../src/formats/partition-map/index.js');
    const volume = await guestVolume();
    const sectors = volume.length / 512;
    // One HFS+ partition over both volumes, then its entry cut in two.
    const layout = planGpt({
      volumeSectors: 2 * sectors,
      diskGuid: '73EB974C-13DD-4BCC-805D-5D351C68D1B8',
      partitionGuid: '1BAF5247-0086-4AA6-BC96-6CD55D4A35F9',
    });
    const disk = Buffer.alloc(layout.totalSectors * 512);
    for (const { offset, bytes } of layout.extents) disk.set(bytes, offset);
    const first = layout.volumeFirstSector;
    volume.copy(disk, first * 512);
    volume.copy(disk, (first + sectors) * 512);
    splitGpt(disk, first, sectors);
    const image = diskFile(scratch('guest'), disk, 'raw');
    await expect(edit(image)).rejects.toMatchObject({
      message: expect.stringMatching(/more than one HFS\+ volume/),
      hint: expect.stringMatching(/--partition N/),
    });
    expect(await edit(image, REQUEST, { partition: 2 })).toMatchObject({ written: true, partition: 2 });
    await expect(edit(image, REQUEST, { partition: 3 })).rejects.toThrow(/no partition 3/);
    const after = readFileSync(image);
    expect(after.subarray(first * 512, (first + sectors) * 512).equals(volume)).toBe(true);
  });

  it('refuses an image that somebody has open, raw or not', async (context) => {
    needs(context, 'qemu-img', 'qemu-nbd');
    for (const kind of ['raw', 'qcow2'] as const) {
      const folder = scratch('guest');
      const image = diskFile(folder, inMap(await guestVolume(), 'apm'), kind);
      const before = sha256(image);
      const socket = join(folder, 'held');
      const server = kept(spawn(find('qemu-nbd')!, [`--socket=${socket}`, `--format=${kind}`, '--persistent', image]));
      await expect.poll(() => existsSync(socket)).toBe(true);
      await expect(edit(image)).rejects.toThrow(/is in use/);
      server.kill('SIGTERM');
      await new Promise((resolve) => server.once('close', resolve));
      expect(sha256(image)).toBe(before);
      expect(await edit(image)).toMatchObject({ written: true });
    }
  });

  it('says what to install where there is no qemu-nbd', async (context) => {
    needs(context, 'qemu-img');
    const folder = scratch('guest');
    const image = diskFile(folder, inMap(await guestVolume(), 'apm'), 'qcow2');
    const path = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      await expect(edit(image)).rejects.toMatchObject({
        exitCode: 4,
        message: expect.stringMatching(/qemu-nbd/),
        hint: expect.stringMatching(/apt install qemu-utils/),
      });
    } finally {
      process.env['PATH'] = path;
    }
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('osx-iso-nbd-'))).toEqual([]);
  });

  it('refuses a damaged or encrypted qcow2 before anything runs', async (context) => {
    needs(context, 'qemu-img');
    const folder = scratch('guest');
    const image = diskFile(folder, inMap(await guestVolume(), 'apm'), 'qcow2');
    const bytes = readFileSync(image);
    bytes[79]! |= 2;
    writeFileSync(image, bytes);
    await expect(edit(image)).rejects.toThrow(/marked this image as damaged/);
    bytes[79]! &= ~2;
    bytes.writeUInt32BE(2, 32);
    writeFileSync(image, bytes);
    await expect(edit(image)).rejects.toThrow(/encrypted/);
  });

  const formats = ['vmdk', 'vdi', 'vpc', 'vhdx', 'qed', 'parallels', 'qcow'];
  it.for(points(formats, 2))('knows and writes %s', async (format, context) => {
    needs(context, 'qemu-img', 'qemu-nbd');
    const folder = scratch('guest');
    const raw = diskFile(folder, inMap(await guestVolume(), 'apm'), 'raw');
    const image = join(folder, `disk.${format}`);
    const qemuImg = (...args: string[]) => execFileSync(find('qemu-img')!, args, { stdio: 'pipe' });
    qemuImg('convert', '-f', 'raw', '-O', format, raw, image);
    expect(await edit(image)).toMatchObject({ written: true, format });
    const back = join(folder, 'back.img');
    qemuImg('convert', '-f', format, '-O', 'raw', image, back);
    const { entries } = await seenByUs(back);
    expect(entries.has(PLIST)).toBe(true);
  });

  it('keeps the snapshots of a qcow2', async (context) => {
    needs(context, 'qemu-img', 'qemu-nbd');
    const folder = scratch('guest');
    const disk = inMap(await guestVolume(), 'apm');
    const image = diskFile(folder, disk, 'qcow2');
    const qemuImg = (...args: string[]) => execFileSync(find('qemu-img')!, args, { stdio: 'pipe' });
    qemuImg('snapshot', '-c', 'before', image);
    await edit(image);
    qemuImg('convert', '-f', 'qcow2', '-l', 'before', '-O', 'raw', image, join(folder, 'before.img'));
    expect(readFileSync(join(folder, 'before.img')).equals(disk)).toBe(true);
    qemuImg('check', '-f', 'qcow2', image);
  });
});

/** Cuts the only partition of a GPT in two; checksums anew. */
function splitGpt(disk: Buffer, first: number, sectors: number): void {
  for (const [header, entries] of [
    [1, 2],
    [disk.length / 512 - 1, disk.length / 512 - 33],
  ] as const) {
    const at = entries! * 512;
    disk.copy(disk, at + 128, at, at + 128);
    disk.writeBigUInt64LE(BigInt(first + sectors - 1), at + 40);
    disk.writeBigUInt64LE(BigInt(first + sectors), at + 128 + 32);
    disk[at + 128 + 16]! ^= 1;
    const head = disk.subarray(header! * 512, header! * 512 + 92);
    head.writeUInt32LE(crc32(disk.subarray(at, at + 128 * 128)), 88);
    head.writeUInt32LE(0, 16);
    head.writeUInt32LE(crc32(head), 16);
  }
}

describe('the end of the disk, where Chameleon cannot read', () => {
  /** Blocks of 4096 that are in use afterwards and were not before. */
  async function newBlocks(before: Buffer, image: string): Promise<number[]> {
    const used = async (disk: Buffer) => {
      const { volume } = await openVolume(await openDisk(fromBytes(disk, 'disk')));
      return (await BlockAccount.of(volume)).used;
    };
    const [was, is] = [await used(before), await used(readFileSync(image))];
    return Array.from({ length: is.totalBlocks }, (_, block) => block).filter(
      (block) => is.isUsed(block) && !was.isUsed(block),
    );
  }

  it.each(['apm', 'gpt', 'none'] as const)('map %s: nothing new where fewer than 64 sectors follow', async (map) => {
    // Room in front is made scarce: what is new must go near the end.
    const disk = inMap(await guestVolume({ freeBlocks: 40 }), map);
    const image = diskFile(scratch('guest'), disk, 'raw');
    await edit(image);
    const { partition } = await openVolume(await openDisk(fromBytes(disk, 'disk')));
    const fresh = await newBlocks(disk, image);
    expect(fresh.length).toBeGreaterThan(0);
    for (const block of fresh) {
      expect(partition.volumeOffset + (block + 1) * 4096).toBeLessThanOrEqual(disk.length - 64 * 512);
    }
  });

  it('room there only is an error that says so; a longer disk has it', async () => {
    const tried = (image: string) => edit(image, REQUEST, { dryRun: true }).catch((e: unknown) => e);
    let disk: Buffer = Buffer.alloc(0);
    let longer = '';
    // The fewest free blocks that are enough on a disk that is long enough.
    for (let free = 8; free < 60; free++) {
      disk = inMap(await guestVolume({ freeBlocks: free }), 'apm');
      longer = diskFile(scratch('guest'), Buffer.concat([disk, Buffer.alloc(32_768)]), 'raw');
      if (!((await tried(longer)) instanceof Error)) break;
    }
    expect(await tried(diskFile(scratch('guest'), disk, 'raw'))).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/so near the end of the disk that boot loaders cannot read them/),
      hint: expect.stringContaining('truncate -s +32K'),
    });
    expect(await edit(longer)).toMatchObject({ written: true });
    await expectClean(readFileSync(longer).subarray(64 * 512, disk.length));
  });
});
