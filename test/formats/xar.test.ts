import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { encodeXarHeader } from '../../src/formats/xar/header.js';
import { openXar, writeXar, type XarArchive, type XarInput } from '../../src/formats/xar/index.js';
import { MAX_DEPTH, MAX_ELEMENTS } from '../../src/formats/xar/xml.js';
import { joined, orFormatError, patched } from '../helpers/damage.js';
import { needs } from '../helpers/judges/needs.js';
import { run, scratch } from '../helpers/judges/tool.js';
import { times } from '../helpers/long.js';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/packages/${name}`, import.meta.url));
const openFixture = (name: string) => openXar(fromBytes(fixture(name), name));

/** From fixtures/README.md: path, plain size, stored size. */
const MEMBERS: Record<string, readonly (readonly [path: string, size: number, length: number])[]> = {
  'goxar-payload.xar': [
    ['libmumbleoverlay.pkg', 0, 0],
    ['libmumbleoverlay.pkg/PackageInfo', 360, 246],
    ['libmumbleoverlay.pkg/Bom', 35245, 501],
    ['libmumbleoverlay.pkg/Payload', 48313, 48313],
    ['mumbleoverlay.pkg', 0, 0],
    ['mumbleoverlay.pkg/PackageInfo', 673, 305],
    ['mumbleoverlay.pkg/Bom', 35717, 845],
    ['mumbleoverlay.pkg/Payload', 9083, 9083],
    ['mumbleoverlay.pkg/Scripts', 204, 204],
    ['Resources', 0, 0],
    ['Resources/en.lproj', 0, 0],
    ['Resources/en.lproj/background', 92384, 90421],
    ['Distribution', 1382, 448],
  ],
  'sparkle-test.pkg': [
    ['Payload', 389, 389],
    ['PackageInfo', 702, 390],
    ['Bom', 35774, 631],
  ],
  'mackyle-demo.xar': [
    ['txt2', 40, 46],
    ['txt1', 34, 40],
  ],
  'magika-hello.xar': [
    ['world.txt', 7, 15],
    ['hello.txt', 6, 14],
  ],
  'magika-mini.xar': [['hello.txt', 14, 14]],
  'brew-container.xar': [['container', 17, 25]],
  'brew-container.pkg': [
    ['Naked', 0, 0],
    ['Naked/FAKE_PACKAGE_WATCH_OUT.txt', 0, 0],
  ],
  'libarchive-test_read_format_xar_doublelink.xar': [
    ['file1', 0, 0],
    ['file2', 0, 0],
  ],
};

/** A xar around an XML text; `heap` follows the checksum. */
function xarAround(xml: string, heap: Uint8Array = new Uint8Array(0)): Buffer {
  const plain = Buffer.from(xml);
  const toc = deflateSync(plain);
  const header = encodeXarHeader({ tocStored: toc.length, tocPlain: plain.length, digest: 'sha1' });
  return Buffer.concat([header, toc, createHash('sha1').update(toc).digest(), heap]);
}
const CHECKSUM = '<checksum style="sha1"><offset>0</offset><size>20</size></checksum>';
const tocOf = (files: string) => `<?xml version="1.0"?><xar><toc>${CHECKSUM}${files}</toc></xar>`;
const dataOf = (fields: string) => `<file id="1"><name>a</name><type>file</type><data>${fields}</data></file>`;

/** So many empty files. */
const empties = (count: number) =>
  Array.from({ length: count }, (_, i) => `<file><name>${i.toString(36)}</name></file>`).join('');

async function write(members: readonly XarInput[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await writeXar(members, async (bytes) => {
    parts.push(bytes);
  });
  return Buffer.concat(parts);
}

/** Everything an archive says and holds. */
async function everything(archive: XarArchive): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(archive.members.map(({ path, size }) => [path, size])));
  for (const { path } of archive.members) for await (const bytes of archive.stream(path)) hash.update(bytes);
  return hash.digest('hex');
}

describe('real archives', () => {
  it.each(Object.entries(MEMBERS))('%s: members and checksums', async (name, members) => {
    const archive = await openFixture(name);
    const found = archive.members.map(({ path, size, length }) => [path, size, length]);
    expect(found.sort()).toEqual([...members].sort());
    for (const { path, size } of archive.members) {
      await archive.verifyMember(path);
      const source = archive.member(path);
      expect(source.size).toBe(size);
      expect((await source.read(0, size)).length).toBe(size);
    }
  });

  it('munkitools.pkg: four components', async () => {
    const archive = await openFixture('munkitools.pkg');
    expect(archive.find('munkitools_app-4.2.2759.pkg/Payload')).toMatchObject({ size: 3255975, type: 'file' });
    expect(archive.members.filter(({ path }) => path.endsWith('/Payload'))).toHaveLength(4);
    for (const { path } of archive.members) await archive.verifyMember(path);
  });

  it('decodes x-gzip and stored members to what they are', async () => {
    const hello = await openFixture('magika-hello.xar');
    expect(Buffer.from(await hello.member('world.txt').read(0, 7)).toString()).toBe('World!\n');
    expect(Buffer.from(await hello.member('hello.txt').read(1, 4)).toString()).toBe('ello');
    const script = await openFixture('brew-container.xar');
    expect(Buffer.from(await script.member('container').read(0, 9)).toString()).toBe('#!/bin/sh');
  });

  it('decodes x-bzip2 members', async () => {
    const archive = await openFixture('sparkle-test.pkg');
    expect(archive.find('PackageInfo')?.encoding).toBe('x-bzip2');
    const text = Buffer.from(await archive.member('PackageInfo').read(0, 702)).toString();
    expect(text).toContain('identifier="org.sparkle-project.testpkg"');
  });

  it('gives stored members as slices, without reading', async () => {
    const bytes = fixture('magika-mini.xar');
    let reads = 0;
    const whole = fromBytes(bytes, 'mini.xar');
    const source: ByteSource = {
      ...whole,
      read: (offset, length) => {
        reads++;
        return whole.read(offset, length);
      },
    };
    const archive = await openXar(source);
    reads = 0;
    const member = archive.member('hello.txt');
    expect(member.name).toBe('mini.xar: hello.txt');
    const pieces = [...member.pieces!(1, 5)];
    expect(reads).toBe(0);
    expect(pieces).toHaveLength(1);
    expect(pieces[0]).toMatchObject({ kind: 'bytes', length: 5 });
  });

  it('follows hard links between members', async () => {
    const payload = Buffer.from('one file, two names');
    const sha1 = createHash('sha1').update(payload).digest('hex');
    const xml = tocOf(
      `<file id="1"><name>a</name><type link="original">hardlink</type><data><length>19</length><offset>20</offset>` +
        `<size>19</size><archived-checksum style="SHA1">${sha1}</archived-checksum></data></file>` +
        '<file id="2"><name>b</name><type link="1">hardlink</type></file>',
    );
    const archive = await openXar(fromBytes(xarAround(xml, payload), 'x'));
    await archive.verifyMember('b');
    expect(Buffer.from(await archive.member('b').read(0, 19)).toString()).toBe('one file, two names');
  });

  it('reads the 64-byte header of algorithm 3 with a name, and SHA-256 without one', async () => {
    const bytes = fixture('magika-mini.xar');
    const toc = bytes.subarray(28, 28 + bytes.readUInt32BE(12));
    const rest = bytes.subarray(28 + toc.length);
    const long = Buffer.concat([patched(bytes.subarray(0, 28), 4, '\0\x40'), Buffer.alloc(36), toc, rest]);
    long.writeUInt32BE(3, 24);
    long.write('sha1', 28);
    expect((await openXar(fromBytes(long, 'long'))).members).toHaveLength(1);
    long.write('sha3', 28);
    await expect(openXar(fromBytes(long, 'long'))).rejects.toThrow('the name of a known checksum');

    const plain = Buffer.from(tocOf('').replace('sha1', 'sha256').replace('20', '32'));
    const packed = deflateSync(plain);
    const header = encodeXarHeader({ tocStored: packed.length, tocPlain: plain.length, digest: 'sha256' });
    const digest = createHash('sha256').update(packed).digest();
    expect((await openXar(fromBytes(Buffer.concat([header, packed, digest]), 'x'))).members).toEqual([]);
  });
});

describe('damage', () => {
  const noise = vi.spyOn(console, 'error').mockImplementation(() => {});
  const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
  beforeEach(() => {
    noise.mockClear();
    warnings.mockClear();
  });
  afterEach(() => {
    expect(noise).not.toHaveBeenCalled();
    expect(warnings).not.toHaveBeenCalled();
  });

  it.each(['magika-hello.xar', 'magika-mini.xar'])('%s cut short anywhere', async (name) => {
    const bytes = fixture(name);
    for (let length = 0; length < bytes.length; length++) {
      await expect(openXar(fromBytes(bytes.subarray(0, length), name))).rejects.toBeInstanceOf(FormatError);
    }
  });

  it('finds any changed byte of header, table and data', async () => {
    const bytes = fixture('sparkle-test.pkg');
    const heap = 28 + 812;
    // Nobody reads the extended attribute of a member, nor what follows the last member.
    const unread = (at: number) => (at >= heap + 651 && at < heap + 704) || at >= heap + 1483;
    const expected = await everything(await openFixture('sparkle-test.pkg'));
    await fc.assert(
      fc.asyncProperty(fc.nat(heap + 1500), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const copy = patched(bytes, at, Uint8Array.of(bytes[at]! ^ flip));
        const result = await orFormatError(async () => everything(await openXar(fromBytes(copy, 'x'))));
        if (unread(at)) expect(result).toBe(expected);
        else expect(result).toBeInstanceOf(FormatError);
      }),
      { numRuns: times(300, 60) },
    );
  });

  it.each([
    ['magic', 0, 'XAR!', '"xar!"'],
    ['header size', 4, '\0\x1b', 'a header of 28 to 64 bytes'],
    ['header size', 4, '\xff\xff', 'a header of 28 to 64 bytes'],
    ['version', 6, '\0\x02', 'version 1'],
    ['stored length', 8, '\x7f\xff\xff\xff\xff\xff\xff\xff', 'a table of contents inside'],
    ['plain length', 16, '\x7f\xff\xff\xff\xff\xff\xff\xff', 'at most'],
    ['plain length', 16, '\0\0\0\0\0\0\0\x01', '1 decoded bytes'],
    ['algorithm', 24, '\0\0\0\x09', 'checksum algorithm 0 to 4'],
    ['algorithm', 24, '\0\0\0\x02', 'a md5 checksum'],
  ])('absurd %s', async (_, offset, patch, message) => {
    const bytes = patched(fixture('magika-mini.xar'), offset, patch);
    await expect(openXar(fromBytes(bytes, 'x'))).rejects.toThrow(message);
  });

  it.each([
    ['a name twice', '<file><name>a</name></file><file><name>a</name></file>', 'each name once'],
    ['a name with a slash', '<file><name>a/b</name></file>', 'a plain name'],
    ['dot dot', '<file><name>..</name></file>', 'a plain name'],
    ['dot dot in base64', '<file><name enctype="base64">Li4=</name></file>', 'a plain name'],
    ['no name', '<file><type>file</type></file>', 'a plain name'],
    ['two names', '<file><name>a</name><name>b</name></file>', 'a plain name'],
    ['no offset', dataOf('<length>1</length><size>1</size>'), 'a number as <offset>'],
    ['a negative size', dataOf('<length>1</length><size>-1</size><offset>0</offset>'), 'a number as <size>'],
    ['a huge offset', dataOf('<length>1</length><size>1</size><offset>9007199254740991</offset>'), 'inside the heap'],
    ['a length beyond numbers', dataOf('<length>99999999999999999999</length>'), 'a number as <length>'],
    ['data behind the end', dataOf('<length>21</length><size>21</size><offset>0</offset>'), 'inside the heap'],
    ['a stored size that lies', dataOf('<length>1</length><size>2</size><offset>0</offset>'), '1 plain bytes'],
    ['an unknown encoding', dataOf('<encoding style="application/x-rot13"/>'), 'a known encoding'],
    [
      'a checksum that is none',
      dataOf(
        '<length>1</length><size>1</size><offset>0</offset><archived-checksum style="sha1">00</archived-checksum>',
      ),
      '40 hexadecimal digits',
    ],
    ['a path longer than any', `<file><name>${'a'.repeat(4097)}</name></file>`, 'a path of at most 4096 characters'],
    [
      'a path longer than any by its folder',
      `<file><name>${'a'.repeat(4000)}</name><file><name>${'b'.repeat(96)}</name></file></file>`,
      'found one of 4097 in',
    ],
    [
      'long paths without end',
      `<file><name>${'a'.repeat(4000)}</name>${empties(33_600)}</file>`,
      'at most 134217728 characters of paths',
    ],
    ['a dangling hard link', '<file><name>a</name><type link="7">hardlink</type></file>', 'a hard link to a member'],
  ])('%s', async (_, files, message) => {
    const result = await orFormatError(() => openXar(fromBytes(xarAround(tocOf(files)), 'x')));
    expect(result).toBeInstanceOf(FormatError);
    expect((result as FormatError).message).toContain(message);
  });

  it.each([
    [
      'entity bombs',
      '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xar><toc>&b;</toc></xar>',
      'no document type',
    ],
    ['deep nesting', '<xar><toc>'.padEnd(500_000, '<file>'), `at most ${MAX_DEPTH} nested elements`],
    ['deep and closed', '<a>'.repeat(5000) + '</a>'.repeat(5000), `at most ${MAX_DEPTH} nested elements`],
    ['too many elements', `<xar>${'<a/>'.repeat(MAX_ELEMENTS + 1)}</xar>`, `at most ${MAX_ELEMENTS} elements`],
    ['too many attributes', `<xar ${'a="" '.repeat(MAX_ELEMENTS + 1)}/>`, `at most ${MAX_ELEMENTS} elements`],
    ['too many comments', `<xar>${'<!---->'.repeat(MAX_ELEMENTS + 1)}</xar>`, `at most ${MAX_ELEMENTS} elements`],
    ['too many instructions', `<xar>${'<?a?>'.repeat(MAX_ELEMENTS + 1)}</xar>`, `at most ${MAX_ELEMENTS} elements`],
    ['too many sections', `<xar>${'<![CDATA[]]>'.repeat(MAX_ELEMENTS + 1)}</xar>`, `at most ${MAX_ELEMENTS} elements`],
    ['a tag without end', `<xar${' a'.repeat(100_000)}`, 'a tag that ends'],
    ['unknown entities', '<xar><toc><file><name>&nope;</name></file></toc></xar>', 'well-formed XML'],
    ['wrong nesting', '<xar><toc></xar></toc>', 'well-formed XML'],
    ['attributes as they may be', '<xar a = "b>" c=\'"\'\n\td.e-f="" ><toc /></xar >', 'a sha1 checksum'],
    ['no xar', '<plist/>', '<xar><toc>'],
    ['nothing', '', 'well-formed XML'],
    ['a comment without end', '<!-- <xar>', '"-->"'],
  ])('XML: %s', async (_, xml, message) => {
    const result = await orFormatError(() => openXar(fromBytes(xarAround(xml), 'x')));
    expect(result).toBeInstanceOf(FormatError);
    expect((result as FormatError).message).toContain(message);
  });

  it('a path as long as one may be', async () => {
    const xml = tocOf(`<file><name>${'a'.repeat(4000)}</name><file><name>${'b'.repeat(95)}</name></file></file>`);
    const { members } = await openXar(fromBytes(xarAround(xml), 'x'));
    expect(members.map(({ path }) => path.length)).toEqual([4000, 4096]);
  });

  it.each(['a', 'a=', 'a=b', 'a=b"c d"', '"a"', 'a="b" c', 'a="b"c="d"', 'a="b', 'a\u0080b="c"', 'a\x01="b"'])(
    'XML: the attributes %j',
    async (words) => {
      const archive = fromBytes(xarAround(`<xar><toc/><x ${words}/></xar>`), 'x');
      await expect(openXar(archive)).rejects.toThrow('attributes with values in quotes');
    },
  );

  it('XML: tags of megabytes of one thing are soon refused', async () => {
    for (const [tag, says] of [
      [' a'.repeat(4 << 20), 'attributes with values in quotes'],
      [' '.repeat(12 << 20), 'a sha1 checksum'],
      [` ${'a'.repeat(12 << 20)}`, 'attributes with values in quotes'],
      ['a'.repeat(12 << 20), 'well-formed'],
      [` a="${' '.repeat(12 << 20)}"`, 'a sha1 checksum'],
    ]) {
      await expect(openXar(fromBytes(xarAround(`<xar${tag}><toc/></xar>`), 'x'))).rejects.toThrow(says);
    }
  });

  it('XML that is no UTF-8', async () => {
    const plain = Buffer.from('<xar>\xff</xar>', 'latin1');
    const toc = deflateSync(plain);
    const header = encodeXarHeader({ tocStored: toc.length, tocPlain: plain.length, digest: 'sha1' });
    await expect(openXar(fromBytes(Buffer.concat([header, toc]), 'x'))).rejects.toThrow('UTF-8');
  });

  it('any XML: a FormatError or an archive', async () => {
    const tag = fc.constantFrom(
      '<file>',
      '</file>',
      '<name>',
      '</name>',
      '<data>',
      '</data>',
      '&lt;',
      '<!--',
      '<',
      '>',
      'a',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(tag, { maxLength: 20 }), async (tags) => {
        await orFormatError(() => openXar(fromBytes(xarAround(tocOf(tags.join(''))), 'x')));
      }),
      { numRuns: times(200, 40) },
    );
  });

  it('a compressed member that holds more or less than it says', async () => {
    const packed = deflateSync(Buffer.alloc(100_000));
    for (const size of [99_999, 100_001, 0]) {
      const xml = tocOf(
        dataOf(
          `<length>${packed.length}</length><size>${size}</size><offset>20</offset><encoding style="application/x-gzip"/>`,
        ),
      );
      const archive = await openXar(fromBytes(xarAround(xml, packed), 'x'));
      await expect(archive.verifyMember('a')).rejects.toThrow(`expected ${size} plain bytes`);
    }
  });

  it('a compressed member too large for memory', async () => {
    const xml = tocOf(
      dataOf('<length>0</length><size>999999999999</size><offset>20</offset><encoding style="application/x-bzip2"/>'),
    );
    const archive = await openXar(fromBytes(xarAround(xml), 'x'));
    expect(() => archive.member('a')).toThrow(FormatError);
    await expect(archive.verifyMember('a')).rejects.toThrow(FormatError);
  });

  it('names a missing member', async () => {
    const archive = await openFixture('magika-mini.xar');
    expect(() => archive.member('Payload')).toThrow('expected a member "Payload"');
  });
});

describe('writeXar', () => {
  it('round trip: folders, stored and compressed members, awkward names', async () => {
    const big = Buffer.alloc(3_000_000, 'osx-iso ');
    const bytes = await write([
      {
        name: 'Essentials.pkg',
        children: [
          { name: 'Payload', content: fromBytes(big, 'big') },
          { name: 'PackageInfo', content: fromBytes(Buffer.from('<pkg-info/>'), 'info'), compress: true },
        ],
      },
      {
        name: 'a & <b> é',
        content: async function* () {
          yield Buffer.from('one ');
          yield Buffer.from('two');
        },
      },
      { name: 'empty', content: fromBytes(new Uint8Array(0), 'empty') },
    ]);
    const archive = await openXar(fromBytes(bytes, 'x'));
    expect(archive.members.map(({ path, type, size }) => [path, type, size])).toEqual([
      ['Essentials.pkg', 'directory', 0],
      ['Essentials.pkg/Payload', 'file', 3_000_000],
      ['Essentials.pkg/PackageInfo', 'file', 11],
      ['a & <b> é', 'file', 7],
      ['empty', 'file', 0],
    ]);
    for (const { path } of archive.members) await archive.verifyMember(path);
    expect((await joined(archive.stream('Essentials.pkg/Payload'))).equals(big)).toBe(true);
    expect(Buffer.from(await archive.member('a & <b> é').read(0, 7)).toString()).toBe('one two');
    const broken = patched(bytes, bytes.length - 100, 'x');
    const other = await openXar(fromBytes(broken, 'x'));
    await expect(other.verifyMember('Essentials.pkg/Payload')).rejects.toThrow(
      'checksum of xar member Essentials.pkg/Payload',
    );
  });

  it('7-Zip reads it', async (context) => {
    needs(context, '7z');
    const content = fromBytes(Buffer.from('hello from a xar\n'.repeat(5000)), 'content');
    const bytes = await write([
      {
        name: 'Essentials.pkg',
        children: [
          { name: 'Payload', content },
          { name: 'Bom', content, compress: true },
        ],
      },
    ]);
    const path = join(scratch('xar'), 'test.xar');
    writeFileSync(path, bytes);
    expect((await run('7z', ['t', '-txar', path])).status).toBe(0);
    for (const member of ['Payload', 'Bom']) {
      const { stdout } = await run('7z', ['x', '-so', '-txar', path, `Essentials.pkg/${member}`]);
      expect(stdout.equals(await content.read(0, content.size))).toBe(true);
    }
  });

  it('any members come back', async () => {
    const name = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((s) => s !== '.' && s !== '..' && !/[/\p{Cc}\ufffe\uffff]/u.test(s));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(name, fc.uint8Array(), fc.boolean()), { selector: ([n]) => n }),
        async (list) => {
          const bytes = await write(
            list.map(([n, content, compress]) => ({ name: n, content: fromBytes(content, n), compress })),
          );
          const archive = await openXar(fromBytes(bytes, 'x'));
          for (const [n, content] of list) expect(await joined(archive.stream(n))).toEqual(Buffer.from(content));
          expect(archive.members).toHaveLength(list.length);
        },
      ),
      { numRuns: times(100, 20) },
    );
  });

  it('refuses content that changes between two readings', async () => {
    let reading = 0;
    const content = async function* () {
      yield Buffer.alloc(++reading);
    };
    await expect(write([{ name: 'a', content }])).rejects.toThrow('changed its length');
  });
});
