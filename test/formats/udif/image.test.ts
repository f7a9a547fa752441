import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteSource, chunks, zeros } from '../../../src/formats/bytes.js';
import { decode } from '../../../src/formats/codecs/index.js';
import type { Piece } from '../../../src/formats/pieces.js';
import { verifyChecksums } from '../../../src/formats/udif/checksum.js';
import { times } from '../../helpers/long.js';
import { fixture, IMAGES, openFixture } from './fixtures.js';

async function sha256(source: ByteSource, chunk?: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of chunks(source, chunk)) hash.update(bytes);
  return hash.digest('hex');
}

/** The bytes that pieces stand for, as a writer thread would make them. */
async function bytesOf(pieces: Iterable<Piece>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    switch (piece.kind) {
      case 'zero':
        parts.push(await zeros(piece.length).read(0, piece.length));
        break;
      case 'bytes':
        parts.push(piece.bytes);
        break;
      case 'encoded': {
        const whole = decode(piece.codec, await bytesOf(piece.input), piece.plainLength, piece);
        parts.push(whole.subarray(piece.skip, piece.skip + piece.length));
        break;
      }
      default:
        throw new Error(`unexpected piece ${piece.kind}`);
    }
    expect(parts.at(-1)).toHaveLength(piece.length);
  }
  return Buffer.concat(parts);
}

describe.each(IMAGES)('$file', ({ file, bytes, sha256: expected, format, variant }) => {
  it('decodes to the known disk, says what it is, and its checksums hold', async () => {
    const image = await openFixture(file);
    expect(image.size).toBe(bytes);
    expect(image.structure).toMatchObject({ format, variant, hasLicence: file === 'sparkle-app.dmg' });
    expect(await sha256(image)).toBe(expected);
    const seen: number[] = [];
    const report = await verifyChecksums(image, { onProgress: ({ done, total }) => seen.push(done / total) });
    expect(report).toMatchObject({ state: 'valid', master: { state: 'valid' } });
    expect(new Set(report.partitions.map(({ state }) => state))).toEqual(new Set(['valid']));
    expect(report.data?.state ?? 'absent').toBe(/keramics|brew|dfvfs/.test(file) ? 'absent' : 'valid');
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('as pieces it is the same disk', async () => {
    const image = await openFixture(file);
    expect(
      createHash('sha256')
        .update(await bytesOf(image.pieces!(0, image.size)))
        .digest('hex'),
    ).toBe(expected);
  });
});

describe('random access', () => {
  it.each(['keramics-adc.dmg', 'udif-rawdisk.dmg', 'brew-container.dmg'])(
    '%s: any range, read and as pieces',
    async (file) => {
      const image = await openFixture(file);
      const whole = Buffer.from(await image.read(0, image.size));
      // Ranges around the ends of runs, where mistakes live.
      const edges = [...image.runs.start, ...image.runs.start.map((start, i) => start + image.runs.length[i]!)];
      const point = fc.oneof(
        fc.nat(image.size),
        fc
          .tuple(fc.constantFrom(...edges), fc.integer({ min: -3, max: 3 }))
          .map(([edge, off]) => Math.min(image.size, Math.max(0, edge + off))),
      );
      await fc.assert(
        fc.asyncProperty(point, point, async (a, b) => {
          const [from, to] = a < b ? [a, b] : [b, a];
          expect(whole.subarray(from, to).equals(await image.read(from, to - from))).toBe(true);
          expect(whole.subarray(from, to).equals(await bytesOf(image.pieces!(from, to - from)))).toBe(true);
        }),
        { numRuns: times(60, 15) },
      );
    },
  );

  it('many readers at once see the same bytes', async () => {
    const image = await openFixture('sparkle-pkg.dmg');
    const whole = Buffer.from(await image.read(0, image.size));
    const again = await openFixture('sparkle-pkg.dmg');
    const parts = await Promise.all(Array.from({ length: 96 }, (_, i) => again.read(i * 65536, 65536)));
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
  });

  it('refuses a range outside the disk', async () => {
    const image = await openFixture('udif-zlib.dmg');
    await expect(image.read(image.size - 1, 2)).rejects.toThrow(/inside the 5242880 bytes/);
    expect(() => [...image.pieces!(0, image.size + 1)]).toThrow(/inside the 5242880 bytes/);
  });

  it('has no pieces where what it is stored in has none', async () => {
    const { openUdif } = await import('../../../src/formats/udif/open.js');
    const { pieces: _, ...plain } = fixture('udif-zlib.dmg');
    expect((await openUdif(plain))?.pieces).toBeUndefined();
  });

  it('gives gaps, ZERO and IGNORE runs next to each other as one zero piece', async () => {
    const image = await openFixture('keramics-zlib.dmg');
    const pieces = [...image.pieces!(0, image.size)];
    for (let i = 1; i < pieces.length; i++)
      expect([pieces[i - 1]!.kind, pieces[i]!.kind]).not.toEqual(['zero', 'zero']);
    expect(pieces.filter(({ kind }) => kind === 'encoded')).toHaveLength(8);
  });
});
