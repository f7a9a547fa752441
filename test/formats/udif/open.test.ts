import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FormatError, SourceError } from '../../../src/errors.js';
import { type ByteSource, fromBytes } from '../../../src/formats/bytes.js';
import { openUdif } from '../../../src/formats/udif/index.js';
import { orFormatError } from '../../helpers/damage.js';
import { type CraftedRun, craftImage, craftTable, withTables } from './craft.js';
import { fixture, fixtureBytes } from './fixtures.js';

const open = (bytes: Uint8Array) => openUdif(fromBytes(bytes, 'x.dmg'));
const sector = (fill: number, count = 1) => new Uint8Array(512 * count).fill(fill);
const END: CraftedRun = { type: 0xffffffff, sector: 0, sectors: 0, offset: 0, length: 0 };
const raw = (at: number, sectors: number, offset: number): CraftedRun => ({
  type: 1,
  sector: at,
  sectors,
  offset,
  length: sectors * 512,
});

async function disk(bytes: Uint8Array): Promise<string> {
  const image = (await open(bytes))!;
  const whole = await image.read(0, image.size);
  return Array.from({ length: image.size / 512 }, (_, i) => whole[i * 512]!.toString(16)).join(' ');
}

describe('openUdif: what is no UDIF image', () => {
  // The digests are those of the list that came with the files: unpacking gave the bytes that were meant.
  it.each([
    ['dfvfs-apm.dmg.gz', '897f487f4971e72c762e00460935e3b25176cda35620b508b490f65a7e0118ff'],
    ['dfvfs-hfs.raw.gz', '88f1f131409eda86b86b31bb75f11f8bda5f87968ace2cda5c9e9ab1e4c12379'],
    ['dfvfs-hfsplus.raw.gz', '03cfaa73e1bc61ee19d285252ae6919afc9990506ad1c2919249d1e11d289b08'],
    ['dfvfs-hfsplus.sparseimage.gz', 'f36c72c0571b2a9be9174ea2c12007808e1dbbee932652b1eb530f8536d01814'],
    ['goafs-hfsplus.dmg.gz', '82c11103a53da0e0d4d259373ee013b3802afb6166a1f4318d1354ca1d1679d2'],
  ])('%s', async (file, sha256) => {
    expect(await openUdif(fixture(file))).toBeUndefined();
    expect(createHash('sha256').update(fixtureBytes(file)).digest('hex')).toBe(sha256);
  });

  it.each([0, 1, 7, 511, 512, 513])('%i zero bytes', async (size) => {
    expect(await open(new Uint8Array(size))).toBeUndefined();
  });

  it.each([
    ['encrypted, version 2', 'encrcdsa', 0],
    ['encrypted, version 1', 'cdsaencr', 4096 - 8],
  ])('%s: refused, with what to type', async (_what, magic, at) => {
    const bytes = sector(7, 8);
    bytes.set(new TextEncoder().encode(magic), at);
    const error = await open(bytes).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).not.toBeInstanceOf(FormatError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/encrypted disk image/),
      hint: expect.stringMatching(/hdiutil convert "x\.dmg"/),
    });
  });

  it('one segment of several: refused', async () => {
    const bytes = fixtureBytes('udif-zlib.dmg');
    new DataView(bytes.buffer, bytes.length - 512).setUint32(60, 3);
    await expect(open(bytes)).rejects.toThrow(/part 1 of a disk image in 3 segments/);
  });
});

describe('openUdif: where things lie', () => {
  const fork = new Uint8Array([...sector(1), ...sector(2), ...sector(3)]);
  const table = craftTable(0, 3, [raw(0, 3, 0), END]);

  it('a data fork that does not start at 0, behind whatever else (a xar)', async () => {
    const before = new TextEncoder().encode('xar! and more');
    expect(await disk(craftImage(fork, [table], { before }))).toBe('1 2 3');
  });

  it('the trailer at byte 0', async () => {
    expect(await disk(craftImage(fork, [table], { kolyFirst: true }))).toBe('1 2 3');
  });

  it('the trailer at the end wins over one at byte 0', async () => {
    const inner = craftImage(sector(9), [craftTable(0, 1, [raw(0, 1, 0), END])], { kolyFirst: true });
    expect(await disk(craftImage(fork, [table], { before: inner }))).toBe('1 2 3');
  });

  it('runs out of order, space used twice, dataOffset, comments, empty runs, gaps, ZERO and IGNORE', async () => {
    const tables = [
      craftTable(2, 8, [
        raw(4, 1, 512),
        { type: 0x7ffffffe, comment: 0x2b626567, sector: 0, sectors: 0, offset: 0, length: 0 },
        { type: 0, sector: 6, sectors: 1, offset: 0xffff_ffff, length: 9 },
        { type: 2, comment: 77, sector: 7, sectors: 1, offset: 5n << 60n, length: 0 },
        { type: 0x80000005, sector: 3, sectors: 0, offset: 1n << 50n, length: 4 },
        raw(0, 2, 0),
        END,
        raw(0, 8, 0), // behind the terminator
      ]),
      craftTable(0, 1, [raw(0, 1, 0), END], 1024),
    ];
    expect(await disk(craftImage(fork, tables))).toBe('3 0 1 2 0 0 2 0 0 0');
  });

  it('sectorCount 0 in the trailer: as long as the tables say; stated: as long as stated', async () => {
    expect((await open(craftImage(fork, [craftTable(1, 9, [raw(0, 3, 0), END])])))!.size).toBe(5120);
    expect((await open(craftImage(fork, [craftTable(0, 1, [raw(0, 3, 0), END])])))!.size).toBe(1536);
    expect((await open(craftImage(fork, [table], { sectorCount: 100 })))!.size).toBe(51200);
  });

  it('reads an encoded run and says where it lies when it is damaged', async () => {
    const stored = deflateSync(sector(5, 4));
    const run = { type: 0x80000005, sector: 0, sectors: 4, offset: 0, length: stored.length };
    expect(await disk(craftImage(stored, [craftTable(0, 4, [run, END])]))).toBe('5 5 5 5');
    const before = sector(0, 2);
    const broken = Uint8Array.from(stored).fill(0xff, 4, 8);
    const image = (await open(craftImage(broken, [craftTable(0, 4, [run, END])], { before })))!;
    await expect(image.read(0, 512)).rejects.toThrow(/x\.dmg: zlib run at byte 1024/);
    // What failed is not remembered as good.
    await expect(image.read(0, 512)).rejects.toThrow(FormatError);
  });
});

describe('openUdif: damage', () => {
  const fork = new Uint8Array([...sector(1), ...sector(2), ...sector(3)]);

  it.each<[string, CraftedRun[], RegExp]>([
    ['overlapping runs', [raw(0, 2, 0), raw(1, 2, 0)], /do not overlap/],
    ['a run behind the data fork', [raw(0, 3, 512)], /inside the data fork of 1536/],
    ['an offset beyond 2^53', [{ ...raw(0, 1, 0), offset: 1n << 60n }], /offset below 2\^53/],
    ['sectors beyond 2^53', [{ type: 0, sector: 1n << 62n, sectors: 1, offset: 0, length: 0 }], /below 2\^53/],
    ['more sectors than fit', [{ type: 0, sector: 0, sectors: 1n << 50n, offset: 0, length: 0 }], /sectors below/],
    ['a RAW run of another length', [{ ...raw(0, 1, 0), length: 500 }], /512 stored bytes/],
    ['a huge encoded run', [{ type: 0x80000005, sector: 0, sectors: 1 << 20, offset: 0, length: 9 }], /decoded bytes/],
    [
      'an encoded run that is stored in more than it can be',
      [{ type: 0x80000005, sector: 0, sectors: 1, offset: 0, length: 67_000 }],
      /run 0 at .*: expected at most 66560 stored bytes for 512, found 67000/,
    ],
    ['an unknown type', [{ ...raw(0, 1, 0), type: 0x80000042 }], /a known run type, found 0x80000042/],
  ])('%s: a FormatError', async (_what, runs, message) => {
    const bytes = craftImage(fork, [craftTable(0, 3, [...runs, END])]);
    await expect(open(bytes)).rejects.toThrow(FormatError);
    await expect(open(bytes)).rejects.toThrow(message);
  });

  it('runs of two tables that overlap, and runs behind the end of the disk', async () => {
    const table = craftTable(0, 3, [raw(0, 3, 0), END]);
    await expect(open(craftImage(fork, [table, craftTable(2, 1, [raw(0, 1, 0), END])]))).rejects.toThrow(
      /"table 1", run 0 at .*: expected runs that do not overlap/,
    );
    await expect(open(craftImage(fork, [table], { sectorCount: 2 }))).rejects.toThrow(/sectors below 2/);
  });

  it('no tables, no property list, a property list elsewhere', async () => {
    await expect(open(craftImage(fork, []))).rejects.toThrow(/blkx tables/);
    for (const change of [
      (view: DataView) => view.setBigUint64(224, 0n),
      (view: DataView) => view.setBigUint64(224, 1n << 40n),
      (view: DataView) => view.setBigUint64(216, 0n),
      (view: DataView) => view.setUint32(4, 5),
      (view: DataView) => view.setBigUint64(32, 1n << 40n),
    ]) {
      await expect(open(craftImage(fork, [craftTable(0, 3, [END])], { koly: change }))).rejects.toThrow(FormatError);
    }
  });

  /** Opens it and reads its start and its end. */
  async function openAndRead(bytes: Uint8Array): Promise<void> {
    const image = await open(bytes);
    if (!image) return;
    await readSome(image);
  }
  async function readSome(image: ByteSource): Promise<void> {
    await image.read(0, Math.min(1 << 20, image.size));
    await image.read(Math.max(0, image.size - 512), Math.min(512, image.size));
  }

  it('a real image cut short anywhere: undefined or a FormatError', async () => {
    const bytes = fixtureBytes('udif-zlib.dmg');
    for (let cut = 0; cut < bytes.length; cut += 131) {
      const result = await orFormatError(() => open(bytes.subarray(0, cut)));
      expect(result === undefined || result instanceof FormatError).toBe(true);
    }
    // Cut at the front: everything moves, offsets do not.
    for (const cut of [1, 512, 3000, 9000 - 512]) await orFormatError(() => openAndRead(bytes.subarray(cut)));
  });

  it.each(['udif-zlib.dmg', 'udif-raw-in-udif.dmg'])('%s, each byte of the trailer made absurd', async (file) => {
    const bytes = fixtureBytes(file);
    const skip = (at: number) => (at >= 88 && at < 216) || (at >= 232 && at < 352) || (at >= 360 && at < 488);
    for (let at = 4; at < 500; at++) {
      if (skip(at)) continue;
      for (const value of [0, 0x7f, 0xff]) {
        const changed = bytes.slice();
        changed[changed.length - 512 + at] = value;
        try {
          await orFormatError(async () => void (await openAndRead(changed)));
        } catch (error) {
          // The number of segments.
          expect(at).toBeLessThan(64);
          expect(error).toBeInstanceOf(SourceError);
        }
      }
    }
  });

  it.each(['keramics-zlib.dmg', 'keramics-adc.dmg'])('%s, each number of its tables made absurd', async (file) => {
    const fields = [0, 4, 8, 16, 24, 200];
    for (const table of [1, 4]) {
      const spots = await runFields(file, table);
      for (const at of [...fields, ...spots]) {
        for (const value of [0n, 0x7fff_ffffn, 0x0000_0001_0000_0000n, 0xffff_ffff_ffff_ffffn]) {
          const bytes = withTables(file, (tables) => {
            const wide = at === 8 || at === 16 || at === 24 || (at >= 204 && (at - 204) % 40 >= 8);
            if (wide) tables[table]!.setBigUint64(at, value);
            else tables[table]!.setUint32(at, Number(value & 0xffff_ffffn));
          });
          await orFormatError(() => openAndRead(bytes));
        }
      }
    }
  });

  /** Where the numbers of a table's first and last run are. */
  async function runFields(file: string, table: number): Promise<number[]> {
    let count = 0;
    withTables(file, (tables) => {
      count = tables[table]!.getUint32(200);
    });
    return [0, count - 1].flatMap((run) => [0, 8, 16, 24, 32].map((field) => 204 + run * 40 + field));
  }
});
