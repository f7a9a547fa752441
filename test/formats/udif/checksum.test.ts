import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../src/formats/bytes.js';
import { decode } from '../../../src/formats/codecs/index.js';
import type { Piece } from '../../../src/formats/pieces.js';
import {
  ChecksumLedger,
  crc32Combine,
  crc32Zeros,
  openUdif,
  verifyChecksums,
} from '../../../src/formats/udif/index.js';
import { craftImage, craftTable } from './craft.js';
import { fixtureBytes, openFixture } from './fixtures.js';

describe('crc32Combine, crc32Zeros', () => {
  it('equal the CRC of the bytes themselves', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
        expect(crc32Combine(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
      }),
    );
    fc.assert(fc.property(fc.nat(100_000), (n) => void expect(crc32Zeros(n)).toBe(crc32(new Uint8Array(n)))));
  });

  it('work for lengths nobody could go through', () => {
    const half = 2 ** 44;
    expect(crc32Combine(crc32Zeros(half), crc32Zeros(half), half)).toBe(crc32Zeros(2 * half));
    expect(crc32Combine(0x1234_5678, 0, 0)).toBe(0x1234_5678);
  });
});

/** What a writer thread does with the encoded pieces of an image. */
function* decoded(image: { pieces?: (offset: number, length: number) => Iterable<Piece>; size: number }) {
  for (const piece of image.pieces!(0, image.size)) {
    if (piece.kind !== 'encoded') continue;
    const input = Buffer.concat(piece.input.map((part) => (part.kind === 'bytes' ? part.bytes : Buffer.alloc(0))));
    yield { piece, crc: crc32(decode(piece.codec, input, piece.plainLength, piece)) };
  }
}

describe('ChecksumLedger', () => {
  it('judges when all runs of a partition are in, whatever their order', async () => {
    const image = await openFixture('sparkle-app.dmg');
    const ledger = new ChecksumLedger(image);
    expect(ledger.result().partitions.map(({ state }) => state)).toEqual(['incomplete', 'incomplete', 'incomplete']);
    const all = [...decoded(image)].reverse();
    expect(all).toHaveLength(8);
    // The last partition's runs come first; the map's are missing.
    for (const { piece, crc } of all.slice(0, 6)) expect(ledger.reportAt(piece.at, piece.plainLength, crc)).toBe(true);
    expect(ledger.pending()).toEqual([0, 1]);
    const partly = ledger.result();
    expect(partly.partitions.map(({ state }) => state)).toEqual(['incomplete', 'incomplete', 'valid']);
    expect(partly).toMatchObject({ state: 'incomplete', master: { state: 'incomplete' } });
    for (const { piece, crc } of all.slice(6)) ledger.report(piece.run!.index, crc);
    expect(ledger.result()).toMatchObject({ state: 'valid', master: { state: 'valid', stated: 0xa2f024c5 } });
  });

  it('verifyChecksums reads only what is missing', async () => {
    const image = await openFixture('sparkle-app.dmg');
    const ledger = new ChecksumLedger(image);
    for (const { piece, crc } of decoded(image)) ledger.report(piece.run!.index, crc);
    let total = 0;
    const report = await verifyChecksums(image, { ledger, dataFork: false, onProgress: (p) => (total = p.total) });
    expect(total).toBe(0);
    expect(report.state).toBe('valid');
    expect(report.data).toBeUndefined();
  });

  it('of a run that was seen in parts, verifyChecksums reads what lies between them', async () => {
    const stored = new Uint8Array(4096).map((_, i) => i * 7);
    const table = craftTable(0, 8, [{ type: 1, sector: 0, sectors: 8, offset: 0, length: 4096 }]);
    const read: [number, number][] = [];
    const whole = fromBytes(craftImage(stored, [table]), 'x.dmg');
    const image = (await openUdif({
      ...whole,
      read: (offset, length) => {
        read.push([offset, length]);
        return whole.read(offset, length);
      },
    }))!;
    read.length = 0;
    const ledger = new ChecksumLedger(image);
    // The third lies over the first and says nothing.
    for (const [offset, end] of [
      [100, 300],
      [1000, 2000],
      [150, 400],
    ] as const) {
      ledger.reportPart(0, { offset, length: end - offset }, crc32(stored.subarray(offset, end)));
    }
    await verifyChecksums(image, { ledger, dataFork: false });
    expect(read).toEqual([
      [0, 100],
      [300, 700],
      [2000, 2096],
    ]);
    expect(ledger.pending()).toEqual([]);
  });

  it('knows nothing of runs at other places', async () => {
    const ledger = new ChecksumLedger(await openFixture('udif-zlib.dmg'));
    expect(ledger.reportAt(1, 512, 0)).toBe(false);
    expect(ledger.reportAt(0, 513, 0)).toBe(false);
  });

  it('finds one changed byte of a RAW image, in the partition it is in', async () => {
    const bytes = fixtureBytes('udif-raw-in-udif.dmg');
    bytes[5000]! ^= 1;
    const report = await verifyChecksums((await openUdif(fromBytes(bytes, 'x.dmg')))!);
    expect(report.partitions.filter(({ state }) => state === 'invalid').map(({ name }) => name)).toEqual([
      ' (Windows_FAT_16 : 2)',
    ]);
    expect(report).toMatchObject({ state: 'invalid', master: { state: 'invalid' }, data: { state: 'invalid' } });
  });

  it('finds a changed checksum', async () => {
    const bytes = fixtureBytes('udif-zlib.dmg');
    bytes[bytes.length - 512 + 360]! ^= 1;
    const report = await verifyChecksums((await openUdif(fromBytes(bytes, 'x.dmg')))!);
    expect(report).toMatchObject({ state: 'invalid', master: { state: 'invalid' }, data: { state: 'valid' } });
  });

  it('says when an image states none', async () => {
    const table = craftTable(0, 1, [{ type: 1, sector: 0, sectors: 1, offset: 0, length: 512 }]);
    const image = (await openUdif(fromBytes(craftImage(new Uint8Array(512), [table]), 'x.dmg')))!;
    expect((await verifyChecksums(image)).state).toBe('absent');
  });

  it('stops when it is told to', async () => {
    const image = await openFixture('udif-zlib.dmg');
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(verifyChecksums(image, { signal })).rejects.toThrow('stopped');
  });
});
