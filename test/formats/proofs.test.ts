import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { type Placed, Proofs } from '../../src/formats/proofs.js';
import { RangeFeed } from '../../src/formats/range-feed.js';

const { signal } = new AbortController();
const digest = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex');

/** A file of these stretches of the disk, which must have the digest it has now. */
function placed(name: string, disk: Uint8Array, stretches: readonly { offset: number; length: number }[]): Placed {
  const bytes = Buffer.concat(stretches.map(({ offset, length }) => disk.subarray(offset, offset + length)));
  const expected = digest(bytes);
  const hash = createHash('sha1');
  const proof = {
    update: (part: Uint8Array) => void hash.update(part),
    finish: () => {
      if (hash.digest('hex') !== expected) throw new Error(`${name} is wrong`);
      return 'right';
    },
  };
  return { name, proof, source: fromBytes(bytes, name), stretches };
}

describe('RangeFeed', () => {
  it('shows every stretch exactly once, in order, however the stream is cut', () => {
    const stream = Buffer.from(Array.from({ length: 200 }, (_, i) => i));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(199), fc.nat(60)), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }),
        fc.nat(20),
        (ranges, cuts, from) => {
          const seen = ranges.map((): number[] => []);
          const wanted = ranges.map(([offset, length], i) => ({
            offset: Math.max(offset, from),
            length: Math.min(length, 200 - Math.max(offset, from)),
            see: (bytes: Uint8Array) => void seen[i]!.push(...bytes),
          }));
          const feed = new RangeFeed(wanted, from);
          for (let at = from, i = 0; at < 200; i++) {
            const length = cuts[i % cuts.length]!;
            feed.update(stream.subarray(at, at + length));
            at += length;
          }
          for (const [i, { offset, length }] of wanted.entries()) {
            expect(seen[i]).toEqual([...stream.subarray(offset, offset + length)]);
          }
        },
      ),
    );
  });
});

describe('Proofs', () => {
  const disk = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
  const files = () => [
    placed('a', disk, [
      { offset: 10, length: 10 },
      { offset: 40, length: 5 },
    ]),
    placed('b', disk, [{ offset: 20, length: 20 }]),
    // Its second part lies in front of its first.
    placed('c', disk, [
      { offset: 60, length: 5 },
      { offset: 50, length: 5 },
    ]),
  ];

  it('reads from the first to the last byte that counts, and files out of order by themselves', async () => {
    const proofs = new Proofs(files(), { size: 100 });
    expect([proofs.from, proofs.to]).toEqual([10, 45]);
    proofs.update(disk.subarray(10, 31));
    proofs.update(disk.subarray(31, 45));
    let waited = 0;
    const settled = async () => {
      waited++;
    };
    expect(await proofs.finish(signal, settled)).toEqual([
      { name: 'a', proved: 'right' },
      { name: 'b', proved: 'right' },
      { name: 'c', proved: 'right' },
    ]);
    // For who hashes the one that is read in the end.
    expect(waited).toBe(1);
  });

  it('says of each file what came of it', async () => {
    const proofs = new Proofs(files(), { whole: true, size: 100 });
    expect([proofs.from, proofs.to]).toEqual([0, 100]);
    const damaged = Buffer.from(disk);
    damaged[25]! ^= 1;
    proofs.update(damaged);
    const outcomes = await proofs.finish(signal);
    expect(outcomes.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(outcomes.filter((one) => 'error' in one)).toEqual([{ name: 'b', error: new Error('b is wrong') }]);
  });

  it('a file that cannot be read in the end is one that is wrong; what is no fault of the disk ends it', async () => {
    const broken = (error: Error): Placed => ({
      ...files()[2]!,
      source: { name: 'c', size: 10, read: () => Promise.reject(error) },
    });
    const where = { file: 'c', structure: 'zlib run', offset: 4, expected: 'a stream', found: 'none' };
    const proofs = new Proofs([broken(new FormatError(where)), files()[1]!], { size: 100 });
    proofs.update(disk.subarray(20, 40));
    expect(await proofs.finish(signal)).toEqual([
      { name: 'c', error: new FormatError(where) },
      { name: 'b', proved: 'right' },
    ]);
    await expect(new Proofs([broken(new Error('EIO'))], { size: 100 }).finish(signal)).rejects.toThrow('EIO');
  });

  it('nothing to prove is nothing to read', async () => {
    const proofs = new Proofs([], { size: 100 });
    expect(proofs.to - proofs.from).toBe(0);
    expect(await proofs.finish(signal)).toEqual([]);
  });
});
