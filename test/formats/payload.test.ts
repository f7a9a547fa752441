import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createGzip, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { type ByteSource, chunks, fromBytes } from '../../src/formats/bytes.js';
import { decode } from '../../src/formats/codecs/index.js';
import { concat } from '../../src/formats/concat.js';
import { type CpioInput, writeCpio } from '../../src/formats/cpio/index.js';
import { type Entry, hfsDate, type Path, showPath, type Tree } from '../../src/formats/entry.js';
import { openPackage, type PackageOptions } from '../../src/formats/payload.js';
import { encodeXarHeader } from '../../src/formats/xar/header.js';
import { writeXar } from '../../src/formats/xar/index.js';
import { appleDouble } from '../helpers/appledouble.js';
import { joined, orFormatError, patched } from '../helpers/damage.js';
import { times } from '../helpers/long.js';
import { mixedPbzx } from '../helpers/pbzx.js';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/packages/${name}`, import.meta.url));
const openFixture = (name: string, options?: PackageOptions) => openPackage(fromBytes(fixture(name), name), options);

async function list(tree: Tree, from?: Path): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of tree.walk(from)) entries.push(entry);
  return entries;
}
const bytesOf = async (entry: Entry | undefined) => Buffer.from(await entry!.data!.read(0, entry!.data!.size));
const textOf = async (entry: Entry | undefined) => (await bytesOf(entry)).toString('latin1');
const paths = (entries: readonly Entry[]) => entries.map(({ path }) => showPath(path));

/** A flat package with one payload. */
async function packageOf(payload: Uint8Array, name = 'Payload'): Promise<ByteSource> {
  const parts: Uint8Array[] = [];
  await writeXar([{ name, content: fromBytes(payload, name) }], async (bytes) => {
    parts.push(bytes);
  });
  return fromBytes(Buffer.concat(parts), 'Test.pkg');
}

const folder = (name: string): CpioInput => ({ name, mode: 0o040755 });
const file = (name: string, text: string, more: Partial<CpioInput> = {}): CpioInput => {
  const data = Buffer.from(text, 'latin1');
  return { name, mode: 0o100644, size: data.length, data: [data], ...more };
};
const cpio = (entries: readonly CpioInput[]) => joined(writeCpio(entries));

/** Every form a payload comes in. (bzip2 has its own test, from a real stream.) */
const FORMS: readonly (readonly [name: string, pack: (bytes: Buffer) => Buffer])[] = [
  ['cpio', (bytes) => bytes],
  ['gzip', (bytes) => gzipSync(bytes)],
  ['pbzx', (bytes) => mixedPbzx(bytes, 333)],
];
const open = async (entries: readonly CpioInput[], pack: (bytes: Buffer) => Buffer, options?: PackageOptions) =>
  openPackage(await packageOf(pack(await cpio(entries))), options);

/** Taken with Python's zlib and gzip from the fixtures: folders, files, links, bytes, digest over names, modes and data. */
const TRUTH: readonly (readonly [file: string, component: string, number, number, number, number, string])[] = [
  [
    'goxar-payload.xar',
    'libmumbleoverlay.pkg',
    1,
    1,
    0,
    138496,
    'f232e9db39551d462591c3b9b9c636a843c80cb5a28d06a1d766d12e54b93153',
  ],
  [
    'goxar-payload.xar',
    'mumbleoverlay.pkg',
    6,
    4,
    1,
    62956,
    '55e773928c454855b9b8292c75c13bd74d3c52a02a1db3a4035c74d29f0cf4f5',
  ],
  [
    'munkitools.pkg',
    'munkitools_launchd-2.0.0.1969.pkg',
    4,
    7,
    0,
    5438,
    '9d3058bcbf4d57cc3701559d6b4d963b7aac214eb229ff87345d4cc28665240e',
  ],
  [
    'munkitools.pkg',
    'munkitools_app-4.2.2759.pkg',
    47,
    170,
    1,
    4491431,
    '72ad5753da28a19803bd04d70b39e235717bd2de18a17bdb7386093d6b7b16be',
  ],
  [
    'munkitools.pkg',
    'munkitools_admin-2.8.1.2847.pkg',
    7,
    6,
    0,
    157479,
    '560cec5107fab3ea3a40bd833a90ea44f183e50b061fb77d1af401ec1fbba02b',
  ],
  [
    'munkitools.pkg',
    'munkitools_core-2.8.1.2847.pkg',
    13,
    24,
    0,
    680856,
    '69b14500c89530784a3fde92884f1258280f088f169d50993f502e0a18cd57e7',
  ],
  ['sparkle-test.pkg', '', 3, 2, 0, 273, 'ab1cdb8880a96281eb58de79bf495faff8a75242fa5ad6fc427cc86a8e0f5fbe'],
];

describe('real packages', () => {
  it.each(TRUTH)('%s %s', async (name, component, folders, files, links, size, digest) => {
    const tree = await openFixture(name, component === '' ? {} : { component });
    expect(tree.forms).toEqual(['gzip']);
    const hash = createHash('sha256');
    const kinds = { folder: 0, file: 0, symlink: 0, special: 0 };
    let bytes = 0;
    for await (const entry of tree.walk()) {
      kinds[entry.kind]++;
      const data = entry.data ? await bytesOf(entry) : Buffer.alloc(0);
      bytes += data.length;
      const path = ['.', ...entry.path.map((part) => part.replaceAll('/', ':'))].join('/');
      const sha256 = createHash('sha256').update(data).digest('hex');
      hash.update(`${path}\n0o${entry.bsd.mode.toString(8)}\n${sha256}\n`);
    }
    expect(kinds).toEqual({ folder: folders, file: files, symlink: links, special: 0 });
    expect([bytes, hash.digest('hex')]).toEqual([size, digest]);
    await tree.verify();
    await tree.close();
  });

  it('a product archive without a choice: each component below its name', async () => {
    const tree = await openFixture('goxar-payload.xar');
    expect(tree.components).toEqual(['mumbleoverlay.pkg', 'libmumbleoverlay.pkg'].sort());
    const all = paths(await list(tree));
    expect(all).toHaveLength(1 + 2 + 11);
    expect(all[0]).toBe('/');
    expect(all).toContain('/libmumbleoverlay.pkg/libmumbleoverlay.dylib');
    expect(all).toContain('/mumbleoverlay.pkg/MumbleOverlay.osax/Contents/Info.plist');
    const some = await list(tree, ['mumbleoverlay.pkg', 'MumbleOverlay.osax', 'Contents', 'Resources']);
    expect(paths(some)).toEqual([
      '/mumbleoverlay.pkg/MumbleOverlay.osax/Contents/Resources',
      '/mumbleoverlay.pkg/MumbleOverlay.osax/Contents/Resources/MumbleOverlay.sdef',
    ]);
    expect(await list(tree, ['nothing.pkg'])).toEqual([]);
  });

  it('an entry has its owner, mode and dates', async () => {
    const tree = await openFixture('goxar-payload.xar', { component: 'libmumbleoverlay.pkg' });
    const entry = (await list(tree))[1]!;
    expect(entry).toMatchObject({
      path: ['libmumbleoverlay.dylib'],
      kind: 'file',
      bsd: { uid: 0, gid: 0o120, mode: 0o100755, adminFlags: 0, ownerFlags: 0, special: 0 },
      dates: { created: hfsDate(0o11543633161), modified: hfsDate(0o11543633161), backedUp: 0 },
      flags: 0,
      textEncoding: 0,
      xattrs: [],
    });
    expect(entry.finderInfo).toEqual(new Uint8Array(32));
    expect((await bytesOf(entry)).readUInt32BE(0)).toBe(0xcafebabe);
  });

  it('AppleDouble in a real payload', async () => {
    const tree = await openPackage(await packageOf(fixture('libarchive-test_write_disk_appledouble.cpio.gz')));
    const entries = await list(tree);
    expect(paths(entries)).toEqual(['/', '/file3']);
    expect(await textOf(entries[1])).toBe('abcdefg\n');
    expect(entries[1]!.xattrs.map(({ name, value }) => [name, value.size])).toEqual([['com.apple.acl.text', 135]]);
  });

  it('says what it misses', async () => {
    await expect(openFixture('brew-container.pkg')).rejects.toThrow(
      'expected a member "Payload", found Naked, Naked/FAKE_PACKAGE_WATCH_OUT.txt',
    );
    await expect(openFixture('goxar-payload.xar', { component: 'Essentials.pkg' })).rejects.toThrow(
      'expected a component Essentials.pkg, found libmumbleoverlay.pkg, mumbleoverlay.pkg',
    );
    await expect(openPackage(await packageOf(Buffer.from('something else')))).rejects.toThrow(
      'pbzx, gzip, bzip2 or cpio',
    );
    await expect(openPackage(await packageOf(new Uint8Array(0)))).rejects.toBeInstanceOf(FormatError);
  });
});

const SYSTEM: readonly CpioInput[] = [
  folder('.'),
  file('./mach_kernel', 'k'.repeat(500)),
  folder('./System'),
  folder('./System/Library'),
  folder('./System/Library/Kernels'),
  file('./System/Library/Kernels/kernel', 'kernel '.repeat(300), { uid: 0, gid: 0, mtime: 1_400_000_000 }),
  { name: './System/Library/Kernels/link', mode: 0o120755, size: 6, data: [Buffer.from('kernel')] },
  folder('./System/Library/KernelsX'),
  file('./System/Library/KernelsX/no', 'no'),
  file('./a:b', 'a slash on the disk'),
  { name: './console', mode: 0o020622, rdev: { major: 3, minor: 7 } },
];
const KERNELS = ['System', 'Library', 'Kernels'];

describe.each(FORMS)('walking a %s payload', (form, pack) => {
  it('gives everything, and data in any order afterwards', async () => {
    const tree = await open(SYSTEM, pack);
    expect(tree.forms).toEqual([form]);
    const entries = await list(tree);
    expect(entries.map(({ kind }) => kind)).toEqual([
      ...['folder', 'file', 'folder', 'folder', 'folder', 'file', 'symlink', 'folder', 'file', 'file', 'special'],
    ]);
    expect(entries[9]!.path).toEqual(['a/b']);
    expect(entries[10]!.bsd.special).toBe(0x03000007);
    expect(await textOf(entries[8])).toBe('no');
    expect(await textOf(entries[5])).toBe('kernel '.repeat(300));
    expect(await textOf(entries[1])).toBe('k'.repeat(500));
    expect(await textOf(entries[6])).toBe('kernel');
    expect(Buffer.from(entries[6]!.finderInfo.subarray(0, 8)).toString()).toBe('slnkrhap');
    await tree.close();
  });

  it('gives data as plain bytes: a slice of them is a copy', async () => {
    const tree = await open([folder('.'), file('./small', 'abc'), file('./large', 'x'.repeat(600_000))], pack);
    for (const { data } of await list(tree)) {
      if (!data) continue;
      const bytes = await data.read(0, data.size);
      bytes.slice(0, 1).fill(0);
      expect(Buffer.isBuffer(bytes)).toBe(false);
      expect((await data.read(0, 1))[0]).not.toBe(0);
    }
    await tree.close();
  });

  it('gives a subtree alone', async () => {
    const tree = await open(SYSTEM, pack);
    const entries = await list(tree, KERNELS);
    expect(paths(entries)).toEqual([
      '/System/Library/Kernels',
      '/System/Library/Kernels/kernel',
      '/System/Library/Kernels/link',
    ]);
    expect(Buffer.from(await entries[1]!.data!.read(7, 6)).toString()).toBe('kernel');
    expect(entries[1]!.dates.modified).toBe(hfsDate(1_400_000_000));
    expect(paths(await list(tree, ['mach_kernel']))).toEqual(['/mach_kernel']);
    expect(await list(tree, ['System', 'Libr'])).toEqual([]);
  });

  it('finds what comes late', async () => {
    const scattered = [...SYSTEM, file('./System/Library/Kernels/late', 'late')];
    expect(paths(await list(await open(scattered, pack), KERNELS))).toContain('/System/Library/Kernels/late');
  });

  it('hard links: data at the last name, at each, or outside the subtree', async () => {
    const links = { nlink: 2, mtime: 5 };
    const tree = await open(
      [
        folder('./in'),
        file('./in/first', '', { ...links, ino: 1 }),
        file('./in/each', 'each', { ...links, ino: 2 }),
        file('./in/outside', '', { ...links, ino: 3 }),
        file('./in/empty', '', { ...links, ino: 4 }),
        file('./in/alone', '', { ...links, ino: 5 }),
        folder('./out'),
        file('./in/last', 'last', { ...links, ino: 1 }),
        file('./in/each2', 'each', { ...links, ino: 2 }),
        file('./out/data', 'from outside', { ...links, ino: 3 }),
        file('./in/empty2', '', { ...links, ino: 4 }),
      ],
      pack,
    );
    for (const from of [[], ['in']]) {
      const entries = await list(tree, from);
      const by = (name: string) => entries.find(({ path }) => path.at(-1) === name);
      for (const [a, b, text] of [
        ['first', 'last', 'last'],
        ['each', 'each2', 'each'],
        ['empty', 'empty2', ''],
      ] as const) {
        expect(by(a)!.link).toBe(by(b)!.link);
        expect([await textOf(by(a)), await textOf(by(b))]).toEqual([text, text]);
      }
      expect(await textOf(by('outside'))).toBe('from outside');
      expect(await textOf(by('alone'))).toBe('');
      expect(new Set(entries.map(({ link }) => link)).size).toBe(6);
    }
  });

  it('an inode that comes round again is another file', async () => {
    const same = { nlink: 2, ino: 7, mtime: 5 };
    const tree = await open(
      [file('./a', 'one', same), file('./b', 'one', same), file('./c', 'two', same), file('./d', 'three', same)],
      pack,
    );
    const [, a, b, c, d] = await list(tree);
    expect([a!.link === b!.link, b!.link === c!.link, c!.link === d!.link]).toEqual([true, false, false]);
    expect([await textOf(b), await textOf(c), await textOf(d)]).toEqual(['one', 'two', 'three']);
  });

  it('AppleDouble before its file, after it, of a folder, of nothing', async () => {
    const double = (xattr: string) =>
      appleDouble({ finderInfo: 'TEXTttxt', resource: 'fork', xattrs: { xattr } }).toString('latin1');
    const tree = await open(
      [
        folder('.'),
        folder('./dir'),
        file('./._dir', double('of the folder')),
        file('./dir/._before', double('before')),
        file('./dir/other', 'other'),
        file('./dir/before', 'data'),
        file('./dir/after', 'data'),
        file('./dir/._after', double('after')),
        file('./dir/._alone', double('alone')),
        file('./dir/._plain', 'no AppleDouble'),
        file('./dir/plain', 'plain'),
      ],
      pack,
    );
    for (const from of [[], ['dir']]) {
      const entries = await list(tree, from);
      const by = (name: string) => entries.find(({ path }) => path.at(-1) === name);
      for (const [name, text] of [
        ['dir', 'of the folder'],
        ['before', 'before'],
        ['after', 'after'],
      ] as const) {
        const entry = by(name)!;
        expect(entry.xattrs.map((x) => x.name)).toEqual(['xattr']);
        expect(Buffer.from(await entry.xattrs[0]!.value.read(0, text.length)).toString()).toBe(text);
        // A folder of HFS+ has no forks, and StagedVolume takes none with one.
        if (entry.kind === 'folder') expect(entry.resource).toBeUndefined();
        else expect(Buffer.from(await entry.resource!.read(0, 4)).toString()).toBe('fork');
        expect(Buffer.from(entry.finderInfo.subarray(0, 8)).toString()).toBe('TEXTttxt');
      }
      expect(by('other')!.xattrs).toEqual([]);
      expect(await textOf(by('._plain'))).toBe('no AppleDouble');
      expect(await textOf(by('._alone'))).toBe(double('alone'));
      expect(by('._before') ?? by('._after') ?? by('._dir')).toBeUndefined();
      expect(entries[0]!.path).toEqual(from);
    }
  });

  it('makes up folders that are not listed, never after their children', async () => {
    const bare = [file('./usr/bin/x', 'x'), file('./usr/bin/y', 'y'), folder('./usr/lib')];
    expect(paths(await list(await open(bare, pack)))).toEqual([
      '/',
      '/usr',
      '/usr/bin',
      '/usr/bin/x',
      '/usr/bin/y',
      '/usr/lib',
    ]);
    expect(paths(await list(await open(bare, pack), ['usr', 'bin']))).toEqual(['/usr/bin', '/usr/bin/x', '/usr/bin/y']);
    // Listed after what is in it: its own record comes late, too.
    const late = (await list(await open([...bare, { name: './usr/bin', mode: 0o040700, uid: 7 }], pack))).slice(-1);
    expect(late.map(({ path, kind, bsd, again }) => [path, kind, bsd.mode, bsd.uid, again])).toEqual([
      [['usr', 'bin'], 'folder', 0o040700, 7, true],
    ]);
    await expect(list(await open([...bare, file('./usr/bin', 'no folder')], pack))).rejects.toThrow(
      'expected a folder, as there was something in it, found "usr/bin", which is none',
    );
  });

  it('refuses what no file system has', async () => {
    await expect(list(await open([{ ...folder('./d'), size: 1, data: [Buffer.from('x')] }], pack))).rejects.toThrow(
      'no data',
    );
    await expect(list(await open([{ name: './l', mode: 0o120755 }], pack))).rejects.toThrow('a target');
    const long = Buffer.alloc(5000, 'x');
    await expect(list(await open([{ name: './l', mode: 0o120755, size: 5000, data: [long] }], pack))).rejects.toThrow(
      'a target',
    );
    await expect(list(await open([{ name: './x', mode: 0o644 }], pack))).rejects.toThrow('a file type');
  });

  it('cut short: a FormatError, and the parts before it are right', async () => {
    const bytes = pack(await cpio(SYSTEM));
    for (let length = 1; length < bytes.length; length += Math.ceil(bytes.length / 150)) {
      const source = await packageOf(bytes.subarray(0, length));
      await expect(openPackage(source).then((tree) => list(tree))).rejects.toBeInstanceOf(FormatError);
    }
  });

  it('any changed byte: a FormatError or a tree', async () => {
    const bytes = pack(await cpio(SYSTEM));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const source = await packageOf(patched(bytes, at, Uint8Array.of(value)));
        await orFormatError(async () => {
          for (const entry of await list(await openPackage(source))) if (entry.data) await bytesOf(entry);
        });
      }),
      { numRuns: times(150, 30) },
    );
  });
});

describe('details', () => {
  it('a damaged package is found by verify(), and by walking a gzip payload to its end', async () => {
    const bytes = Buffer.from(await joined(chunks(await packageOf(await cpio(SYSTEM)))));
    const tree = await openPackage(fromBytes(patched(bytes, bytes.indexOf('kernel kernel'), 'colonel'), 'Test.pkg'));
    expect(await list(tree)).toHaveLength(SYSTEM.length);
    await expect(tree.verify()).rejects.toThrow('checksum of xar member Payload');

    const packed = gzipSync(await cpio(SYSTEM));
    const good = Buffer.from(await joined(chunks(await packageOf(packed))));
    // A change of the gzip header's time stamp changes no data, but the package's checksum.
    const changed = patched(good, good.indexOf(packed.subarray(0, 10)) + 4, 'x');
    await expect(list(await openPackage(fromBytes(changed, 'x')))).rejects.toThrow('checksum of xar member Payload');
  });

  it('a bzip2 payload', async () => {
    // `bzip2 -9` of an odc archive with ".", "./a" ("hello bzip2\n") and the trailer.
    const packed = Buffer.from(
      'QlpoOTFBWSZTWbtAQFEAACj/gEKyOABgAf+AIiQUADJkwBAgAFREIA0yBkYZQzUGijNIaaNNNNBoANbO4E8wXihOuNSAEBQzMZHJUiWaLBOeaRgGW4wq+24FYvhs3VCA5GQiTSL7s6GBn+LuSKcKEhdoCAog',
      'base64',
    );
    const tree = await openPackage(await packageOf(packed));
    expect(tree.forms).toEqual(['bzip2']);
    const entries = await list(tree);
    expect(paths(entries)).toEqual(['/', '/a']);
    expect(await textOf(entries[1])).toBe('hello bzip2\n');
  });

  it('data as pieces another thread can make, where the payload is pbzx', async () => {
    const tree = await open(SYSTEM, (bytes) => mixedPbzx(bytes, 333));
    const kernel = (await list(tree, KERNELS))[1]!;
    const parts: Uint8Array[] = [];
    const kinds = new Set<string>();
    for (const piece of kernel.data!.pieces!(0, kernel.data!.size)) {
      kinds.add(piece.kind);
      if (piece.kind === 'bytes') parts.push(piece.bytes);
      if (piece.kind !== 'encoded') continue;
      const input = Buffer.concat(piece.input.map((part) => (part.kind === 'bytes' ? part.bytes : Buffer.alloc(0))));
      const plain = decode(piece.codec, input, piece.plainLength, piece);
      parts.push(plain.subarray(piece.skip, piece.skip + piece.length));
    }
    expect([...kinds].sort()).toEqual(['bytes', 'encoded']);
    expect(Buffer.concat(parts).toString()).toBe('kernel '.repeat(300));
  });

  it('reading a gzip payload’s files in order is one more pass, not one each', async () => {
    const many = Array.from({ length: 50 }, (_, i) => file(`./f${i}`, `${i}`.repeat(1000)));
    const whole = await packageOf(gzipSync(await cpio(many)));
    let read = 0;
    const { name, size } = whole;
    const counted: ByteSource = {
      name,
      size,
      read: (offset, length) => {
        read += length;
        return whole.read(offset, length);
      },
    };
    const tree = await openPackage(counted);
    read = 0;
    for await (const entry of tree.walk()) {
      if (!entry.data) continue;
      // Parts of a file in any order cost nothing more.
      await entry.data.read(entry.data.size - 1, 1);
      expect(await textOf(entry)).toBe(entry.path[0]!.slice(1).repeat(1000));
    }
    expect(read).toBeLessThanOrEqual(2 * size);
    // In memory, for a subtree: no further pass at all.
    read = 0;
    const [kept] = await list(tree, ['f7']);
    expect(await textOf(kept)).toBe('7'.repeat(1000));
    expect(read).toBeLessThanOrEqual(size);
  });

  it('a file of a gzip payload too long for memory: forward in one pass, back again with another', async () => {
    const parts = Array.from({ length: 70 }, (_, i) => Buffer.alloc(1 << 20, i + 1));
    const size = 70 << 20;
    const plain = writeCpio([{ name: './big', mode: 0o100644, size, data: parts }, file('./k', 'kernel')]);
    const packed = await joined(Readable.from(plain, { objectMode: false }).pipe(createGzip({ level: 1 })));
    const tree = await openPackage(await packageOf(packed));
    const [, big, kernel] = await list(tree);
    let at = 0;
    for await (const bytes of chunks(big!.data!)) expect([bytes[0], bytes.at(-1)]).toEqual([++at, at]);
    expect(at).toBe(70);
    // At once, and not in order: each waits for its turn.
    const [last, first, text] = await Promise.all([
      big!.data!.read(size - 1, 1),
      big!.data!.read((1 << 20) - 1, 2),
      textOf(kernel),
    ]);
    expect([last[0], ...first, text]).toEqual([70, 1, 2, 'kernel']);
    await tree.close();
  });

  it('600 MB of raw pbzx in less than 100 MB', async () => {
    const MiB = 1 << 20;
    const CHUNK = 16 * MiB;
    const size = 600 * MiB;
    const block = Buffer.alloc(MiB, 'pattern ');
    const pattern: ByteSource = {
      name: 'pattern',
      size,
      read: async (_, length) => {
        const bytes = Buffer.allocUnsafeSlow(length);
        for (let at = 0; at < length; at += MiB) block.copy(bytes, at, 0, Math.min(MiB, length - at));
        return bytes;
      },
    };
    const head = await cpio([folder('.'), { name: './big12', mode: 0o100644 }]);
    const trailer = await cpio([]);
    const header = Buffer.from(head.subarray(0, head.length - trailer.length));
    header.write(size.toString(8).padStart(11, '0'), header.length - './big12\0'.length - 11);
    const end = await cpio([file('./kernel', 'kernel')]);
    const memory = (bytes: Uint8Array) => ({ source: fromBytes(bytes, 'x'), offset: 0, length: bytes.length });
    const plain = concat([memory(header), { source: pattern, offset: 0, length: size }, memory(end)], 'cpio');
    const u64 = (value: number) => Buffer.from(value.toString(16).padStart(16, '0'), 'hex');
    const parts = [memory(Buffer.concat([Buffer.from('pbzx'), u64(CHUNK)]))];
    for (let offset = 0; offset < plain.size; offset += CHUNK) {
      const length = Math.min(CHUNK, plain.size - offset);
      parts.push(memory(Buffer.concat([u64(length), u64(length)])), { source: plain, offset, length });
    }
    const payload = concat(parts, 'Payload');
    const toc = Buffer.from(
      `<xar><toc><file id="1"><name>Payload</name><type>file</type><data><length>${payload.size}</length>` +
        `<offset>0</offset><size>${payload.size}</size></data></file></toc></xar>`,
    );
    const packed = deflateSync(toc);
    const xarHeader = encodeXarHeader({ tocStored: packed.length, tocPlain: toc.length, digest: undefined });
    const whole = concat(
      [memory(xarHeader), memory(packed), { source: payload, offset: 0, length: payload.size }],
      'Essentials.pkg',
    );

    const tree = await openPackage(whole);
    const before = process.memoryUsage().rss;
    let most = 0;
    let seen = 0;
    const names: string[] = [];
    for await (const entry of tree.walk()) {
      names.push(showPath(entry.path));
      if (!entry.data || entry.data.size < 100) continue;
      for await (const bytes of chunks(entry.data)) {
        seen += bytes.length;
        most = Math.max(most, process.memoryUsage().rss - before);
      }
    }
    expect(names).toEqual(['/', '/big12', '/kernel']);
    expect(seen).toBe(size);
    expect(most).toBeLessThan(100 * MiB);
    expect(await textOf((await list(tree, ['kernel']))[0])).toBe('kernel');
  });

  it('a gzip bomb of a payload costs no memory', async () => {
    const size = 200 << 20;
    const zeros = Buffer.alloc(1 << 20);
    const data = (function* () {
      for (let i = 0; i < 200; i++) yield zeros;
    })();
    const plain = writeCpio([{ name: './zeros', mode: 0o100644, size, data }, file('./k', 'kernel')]);
    const packed = await joined(Readable.from(plain, { objectMode: false }).pipe(createGzip({ level: 1 })));
    const tree = await openPackage(await packageOf(packed));
    const before = process.memoryUsage().rss;
    const [entry] = await list(tree, ['k']);
    expect(await textOf(entry)).toBe('kernel');
    expect(process.memoryUsage().rss - before).toBeLessThan(60 << 20);
  });
});
