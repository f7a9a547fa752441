import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { type CpioFormat, type CpioInput, readCpio, SeekFeed, writeCpio } from '../../src/formats/cpio/index.js';
import { joined, orFormatError, patched } from '../helpers/damage.js';
import { needs } from '../helpers/judges/needs.js';
import { run, scratch } from '../helpers/judges/tool.js';

const APPLEDOUBLE = gunzipSync(
  readFileSync(new URL('../fixtures/packages/libarchive-test_write_disk_appledouble.cpio.gz', import.meta.url)),
);

async function* inParts(bytes: Uint8Array, part: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += part) yield bytes.subarray(at, at + part);
}

interface Read {
  readonly path: string;
  readonly mode: number;
  readonly data: Buffer;
}

/** All entries with their data. */
async function entries(bytes: Uint8Array, part = 4096): Promise<Read[]> {
  const found: Read[] = [];
  for await (const entry of readCpio(inParts(bytes, part), 'Payload')) {
    const data = await joined(entry.data());
    expect(data.equals(bytes.subarray(entry.dataOffset, entry.dataOffset + entry.size))).toBe(true);
    found.push({ path: entry.path.join('/'), mode: entry.mode, data });
  }
  return found;
}

const file = (name: string, text: string, more: Partial<CpioInput> = {}): CpioInput => ({
  name,
  mode: 0o100644,
  size: Buffer.byteLength(text),
  data: [Buffer.from(text)],
  ...more,
});
const folder = (name: string): CpioInput => ({ name, mode: 0o040755 });
const write = (list: readonly CpioInput[], format: CpioFormat = 'odc') => joined(writeCpio(list, format));

describe('reading', () => {
  it('libarchive’s odc archive', async () => {
    const found: unknown[] = [];
    for await (const entry of readCpio(inParts(APPLEDOUBLE, 7), 'x')) {
      const { path, mode, uid, gid, mtime, size, ino, nlink, dataOffset } = entry;
      found.push({ path, mode, uid, gid, mtime, size, ino, nlink, dataOffset });
    }
    const common = { uid: 501, gid: 20 };
    expect(found).toEqual([
      { path: [], mode: 0o040755, nlink: 13, ...common, mtime: 0o12045124736, size: 0, ino: 0, dataOffset: 78 },
      { path: ['file3'], mode: 0o100644, nlink: 1, ...common, mtime: 0o12045113426, size: 8, ino: 1, dataOffset: 162 },
      {
        path: ['._file3'],
        mode: 0o100644,
        nlink: 1,
        ...common,
        mtime: 0o12045113426,
        size: 287,
        ino: 2,
        dataOffset: 256,
      },
    ]);
  });

  it('skips data nobody asks for, also half read', async () => {
    const bytes = await write([file('./a', 'aaaa'), file('./b', 'bbbb'), file('./c', 'cccc')]);
    const names: string[] = [];
    for await (const entry of readCpio(inParts(bytes, 3), 'x')) {
      names.push(entry.name);
      if (entry.name === './b') await entry.data().next();
    }
    expect(names).toEqual(['./a', './b', './c']);
  });

  it('leaves out the bytes of large files where it can', async () => {
    const bytes = await write([file('./big', 'x'.repeat(100_000)), file('./small', 'y')]);
    let read = 0;
    const readOn = async (offset: number) => {
      const part = bytes.subarray(offset, offset + 100);
      read += part.length;
      return part;
    };
    const names: string[] = [];
    for await (const entry of readCpio(new SeekFeed({ size: bytes.length, readOn }), 'x')) names.push(entry.name);
    expect(names).toEqual(['./big', './small']);
    expect(read).toBeLessThan(1000);
  });

  it('closes its input when the reader stops early', async () => {
    let closed = false;
    const bytes = await write([file('./a', 'a'), file('./b', 'b')]);
    const input = async function* () {
      try {
        yield* inParts(bytes, 50);
      } finally {
        closed = true;
      }
    };
    for await (const _ of readCpio(input(), 'x')) break;
    expect(closed).toBe(true);
  });

  it('device numbers of both forms', async () => {
    for (const format of ['odc', 'newc'] as const) {
      const bytes = await write([{ name: './tty', mode: 0o020666, rdev: { major: 4, minor: 64 } }], format);
      for await (const entry of readCpio(inParts(bytes, 99), 'x')) expect(entry.rdev).toEqual({ major: 4, minor: 64 });
    }
  });
});

describe('damage', () => {
  const good = write([folder('.'), folder('./dir'), file('./dir/a', 'hello'), file('./b', 'world!')]);
  const newc = write([folder('.'), folder('./dir'), file('./dir/a', 'hello'), file('./b', 'world!')], 'newc');

  it.each([
    ['odc', good],
    ['newc', newc],
  ])('%s cut short anywhere', async (_, archive) => {
    const bytes = await archive;
    for (let length = 0; length < bytes.length; length++) {
      const result = await orFormatError(() => entries(bytes.subarray(0, length)));
      if (result instanceof FormatError) expect(result.message).toMatch(/ends early/);
      // newc fills its trailer up to a multiple of four, and those zeros may be missing.
      else expect(bytes.length - length).toBeLessThan(4);
    }
  });

  it.each([
    ['odc', good],
    ['newc', newc],
  ])('%s: any changed byte of the structure', async (_, archive) => {
    const bytes = await archive;
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        await orFormatError(() => entries(patched(bytes, at, Uint8Array.of(value))));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['no magic', 0, '070702', '"070707" or "070701"'],
    ['no digits', 18, '8', '6 digits of base 8'],
    ['a sign', 18, '-', '6 digits of base 8'],
    ['a name of 0 bytes', 59, '000000', 'a name of 2 to'],
    ['a name of 256 KiB', 59, '777777', 'a name of 2 to'],
    ['a name without NUL', 59, '000001', 'a name of 2 to'],
    ['8 GiB of data', 65, '77777777777', 'ends early'],
  ])('%s', async (_, at, patch, message) => {
    await expect(entries(patched(await good, at, patch))).rejects.toThrow(message);
  });

  it.each(['/etc/passwd', './../x', '../x', './a/../b', './a//b', './', '..', './a/.', './a/'])(
    'refuses the name %j',
    async (name) => {
      await expect(write([folder('.'), folder('./a'), file(name, '')]).then((bytes) => entries(bytes))).rejects.toThrow(
        'a path inside the archive',
      );
    },
  );

  it('refuses a name twice, also written differently', async () => {
    await expect(entries(await write([file('./a', '1'), file('a', '2')]))).rejects.toThrow('each name once');
    await expect(entries(await write([folder('.'), folder('.')]))).rejects.toThrow('each name once');
  });

  it('refuses what lies inside a file or a link', async () => {
    const link: CpioInput = { name: './etc', mode: 0o120755, size: 4, data: [Buffer.from('/etc')] };
    await expect(entries(await write([link, file('./etc/passwd', 'x')]))).rejects.toThrow('a parent that is a folder');
    for (const inside of ['./etc/x/passwd', './etc/x/y/z/passwd']) {
      await expect(entries(await write([folder('.'), link, file(inside, 'x')]))).rejects.toThrow(
        'a parent that is a folder',
      );
      await expect(entries(await write([file(inside, 'x'), link]))).rejects.toThrow(
        'a folder, as there was something in it, found "etc", which is none',
      );
    }
    await expect(entries(await write([file('.', ''), file('./a', '')]))).rejects.toThrow('a parent that is a folder');
  });

  it('takes folders that are not listed, and those listed after what is in them', async () => {
    const names = ['./a/b/c', './a/d', './a/b/e/f', './g/h'];
    const late = ['./a/b/e', './a', './a/b', '.'];
    const found = await entries(await write([...names.map((name) => file(name, 'x')), ...late.map(folder)]));
    expect(found.map(({ path }) => path)).toEqual([...names, ...late].map((name) => name.replace(/^\.\/?/, '')));
  });

  it('refuses names that are no UTF-8 or hold a NUL', async () => {
    const bytes = await write([file('./abc', '')]);
    await expect(entries(patched(bytes, 78, Uint8Array.of(0xff)))).rejects.toThrow('a name in UTF-8');
    await expect(entries(patched(bytes, 79, Uint8Array.of(0)))).rejects.toThrow('a name in UTF-8');
  });

  it('refuses what never ends after the trailer', async () => {
    const bytes = await write([file('./a', 'a')]);
    const zeros = Buffer.alloc(1 << 16);
    const endless = async function* () {
      yield bytes;
      for (;;) yield zeros;
    };
    await expect(async () => {
      for await (const _ of readCpio(endless(), 'x'));
    }).rejects.toThrow('cpio trailer');
  });
});

describe('writeCpio', () => {
  it('writes odc as the field writes it', async () => {
    const bytes = await write([file('./a', 'hi', { ino: 9, uid: 501, gid: 20, mtime: 1_400_000_000 })]);
    expect(bytes.toString('latin1')).toBe(
      '0707070000000000111006440007650000240000010000001233444700000000400000000002./a\0hi' +
        '0707070000000000010000000000000000000000010000000000000000000001300000000000TRAILER!!!\0',
    );
  });

  it('any entries come back, in both forms, read in parts of any size', async () => {
    const name = fc.string({ minLength: 1, maxLength: 20 }).filter((s) => !/[/\0]/.test(s) && !/^\.{1,2}$/.test(s));
    const list = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 50 }), fc.constantFrom(0o100644, 0o120777)), {
      selector: ([n]) => n,
    });
    const formats = fc.constantFrom<CpioFormat>('odc', 'newc');
    await fc.assert(
      fc.asyncProperty(list, formats, fc.integer({ min: 1, max: 300 }), async (files, format, part) => {
        const bytes = await write(
          files.map(([n, data, mode]) => ({ name: `./${n}`, mode, size: data.length, data: [data] })),
          format,
        );
        const expected = files.map(([path, data, mode]) => ({ path, mode, data: Buffer.from(data) }));
        expect(await entries(bytes, part)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it.for(['odc', 'newc'] as const)('7-Zip reads %s', async (format, context) => {
    needs(context, '7z');
    const path = join(scratch('cpio'), 'test.cpio');
    const odd = './é and a long name that is not a multiple of four';
    writeFileSync(path, await write([folder('.'), folder('./dir'), file('./dir/a', 'hello'), file(odd, 'x')], format));
    expect((await run('7z', ['t', '-tcpio', path])).status).toBe(0);
    expect((await run('7z', ['x', '-so', '-tcpio', path, './dir/a'])).stdout.toString()).toBe('hello');
    expect((await run('7z', ['l', '-slt', '-tcpio', path])).stdout.toString()).toContain('Path = ./é and a long name');
  });

  it('refuses numbers that do not fit and sizes that lie', async () => {
    await expect(write([file('./a', '', { uid: 0o1000000 })])).rejects.toThrow('does not fit');
    await expect(write([file('./a', 'abc', { size: 2 })])).rejects.toThrow('2 bytes promised, 3 given');
  });

  it('a stream of gigabytes costs no memory', async () => {
    const part = Buffer.alloc(1 << 20, 'x');
    const size = 400 * part.length;
    const data = (function* () {
      for (let i = 0; i < 400; i++) yield part;
    })();
    const before = process.memoryUsage().rss;
    const hash = createHash('sha1');
    let length = 0;
    for await (const entry of readCpio(writeCpio([{ name: './big', mode: 0o100644, size, data }]), 'x')) {
      for await (const bytes of entry.data()) {
        length += bytes.length;
        hash.update(bytes.subarray(0, 16));
      }
    }
    expect(length).toBe(size);
    expect(process.memoryUsage().rss - before).toBeLessThan(50 << 20);
  });
});
