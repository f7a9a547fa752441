import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { readAppleDouble } from '../../src/formats/appledouble.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { appleDouble } from '../helpers/appledouble.js';
import { orFormatError, patched } from '../helpers/damage.js';

/** `._file3` of libarchive's test: an ACL as text, no Finder info, no resource fork. */
const REAL = gunzipSync(
  readFileSync(new URL('../fixtures/packages/libarchive-test_write_disk_appledouble.cpio.gz', import.meta.url)),
).subarray(256, 256 + 287);
const ACL = `!#acl 1
user:FFFFEEEE-DDDD-CCCC-BBBB-AAAA000000C9:Guest:201:deny:read
group:ABCDEFAB-CDEF-ABCD-EFAB-CDEF00000050:admin:80:allow:write
`;

/** Everything in it, as text. */
async function read(bytes: Uint8Array) {
  const double = await readAppleDouble(fromBytes(bytes, '._x'));
  if (!double) return undefined;
  const xattrs: [string, string][] = [];
  for (const { name, value } of double.xattrs) {
    xattrs.push([name, Buffer.from(await value.read(0, value.size)).toString('latin1')]);
  }
  const { resource, finderInfo } = double;
  return {
    finderInfo: finderInfo && Buffer.from(finderInfo).toString('latin1'),
    resource: resource && Buffer.from(await resource.read(0, resource.size)).toString('latin1'),
    xattrs,
  };
}

describe('reading', () => {
  it('a real one', async () => {
    expect(await read(REAL)).toEqual({
      finderInfo: undefined,
      resource: undefined,
      xattrs: [['com.apple.acl.text', `${ACL}\0`]],
    });
  });

  it('Finder info, resource fork and several attributes', async () => {
    const bytes = appleDouble({
      finderInfo: 'TEXTttxt'.padEnd(32, '\0'),
      resource: 'resource fork',
      xattrs: { 'com.apple.quarantine': '0081;', 'com.apple.metadata:x': '', abc: 'x'.repeat(5000) },
    });
    expect(await read(bytes)).toEqual({
      finderInfo: 'TEXTttxt'.padEnd(32, '\0'),
      resource: 'resource fork',
      xattrs: [
        ['com.apple.quarantine', '0081;'],
        ['com.apple.metadata:x', ''],
        ['abc', 'x'.repeat(5000)],
      ],
    });
  });

  it('leaves out the placeholder of an empty resource fork', async () => {
    const blank = `${'\0'.repeat(16)}This resource fork intentionally left blank   `.padEnd(286, '\0');
    expect((await read(appleDouble({ resource: blank })))?.resource).toBeUndefined();
    expect((await read(appleDouble({ resource: `${blank}x` })))?.resource).toHaveLength(287);
  });

  it('says of other files that they are none', async () => {
    expect(await read(Buffer.from('short'))).toBeUndefined();
    expect(await read(Buffer.alloc(1000))).toBeUndefined();
  });
});

describe('damage', () => {
  it('cut short anywhere', async () => {
    for (let length = 0; length < REAL.length; length++) {
      const result = await orFormatError(() => read(REAL.subarray(0, length)));
      if (length < 26) expect(result).toBeUndefined();
      else expect(result).toBeInstanceOf(FormatError);
    }
  });

  it.each([
    ['version', 4, '\0\x01'],
    ['number of parts', 24, '\xff\xff'],
    ['offset of a part', 30, '\xff\xff\xff\xff'],
    ['length of a part', 34, '\xff\xff\xff\xff'],
    ['number of attributes', 118, '\xff\xff'],
    ['offset of a value', 120, '\xff\xff\xff\xff'],
    ['length of a value', 124, '\0\0\x01\0'],
    ['length of a name', 130, '\xff'],
    ['length of a name', 130, '\0'],
    ['end of a name', 149, 'x'],
  ])('absurd %s', async (_, at, patch) => {
    await expect(read(patched(REAL, at, patch))).rejects.toBeInstanceOf(FormatError);
  });

  it('values that lie in each other', async () => {
    const bytes = appleDouble({ xattrs: { aa: 'x'.repeat(100), bb: 'y'.repeat(100) } });
    const entry = (name: string) => bytes.indexOf(`${name}\0`) - 11;
    // All of the file, twice.
    for (const name of ['aa', 'bb']) {
      bytes.writeUInt32BE(0, entry(name));
      bytes.writeUInt32BE(bytes.length, entry(name) + 4);
    }
    await expect(read(bytes)).rejects.toThrow(`values that fit into ${bytes.length} bytes`);
    bytes.writeUInt32BE(0, entry('bb') + 4);
    expect((await read(bytes))?.xattrs.map(([name, value]) => [name, value.length])).toEqual([
      ['aa', bytes.length],
      ['bb', 0],
    ]);
  });

  it('any changed bytes: a FormatError or a result', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { minLength: 1 }), async (changes) => {
        const bytes = Buffer.from(REAL);
        for (const [at, value] of changes) bytes[at] = value;
        await orFormatError(() => read(bytes));
      }),
      { numRuns: 300 },
    );
  });
});
