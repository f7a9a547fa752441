import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Bzip2Stream, bzip2 } from '../../../scripts/installer/bzip2.js';
import { bunzip2 } from '../../../src/formats/codecs/bzip2.js';
import { decode } from '../../../src/formats/codecs/index.js';
import type { EncodedPiece } from '../../../src/formats/pieces.js';
import { WorkerPool } from '../../../src/image/writer/pool.js';
import { times } from '../../helpers/long.js';
import { fixture } from './damage.js';
import { noise, runs, words } from './samples.js';

const pool = new WorkerPool(2);
afterAll(() => pool.close());

/** Decodes here, later; what was asked for, and how much of it at the same time. */
function threads(blocks = 4) {
  let under = 0;
  const seen = { asked: 0, atOnce: 0, whole: 0 };
  const decoded = async (piece: EncodedPiece, room?: Uint8Array) => {
    seen.asked++;
    seen.atOnce = Math.max(seen.atOnce, ++under);
    // They come back in any order.
    for (let i = (seen.asked * 7) % 5; i > 0; i--) await new Promise(setImmediate);
    const input = Buffer.concat(piece.input.map((part) => (part.kind === 'bytes' ? part.bytes : Buffer.alloc(0))));
    const made = decode(piece.codec, input, piece.plainLength, piece, room);
    if (made.subarray(0, 4).some((byte) => byte !== 0)) seen.whole++;
    under--;
    return made;
  };
  return { seen, threads: { decode: decoded, blocks } };
}

/** All that came until the end, or until what ended it. */
async function outcome(stream: Uint8Array, options: Parameters<typeof bunzip2>[2], part = 100_000) {
  async function* input() {
    for (let at = 0; at < stream.length; at += part) yield stream.subarray(at, at + part);
  }
  const pieces: Uint8Array[] = [];
  let error: unknown;
  try {
    for await (const piece of bunzip2(input(), 'Payload', options)) pieces.push(piece);
  } catch (reason) {
    error = (reason as Error).message;
  }
  return { plain: Buffer.concat(pieces), error };
}

/** A stream of blocks of at most `most` bytes, which calls itself one of this level. */
function streamOf(plain: Uint8Array, most: number, level = 9): Buffer {
  const writer = new Bzip2Stream(most);
  const stream = Buffer.concat([...writer.write(plain), ...writer.finish()]);
  stream[3] = 0x30 + level;
  return stream;
}

const MARK = 0x314159265359n.toString(2).padStart(48, '0');

/** The same stream with a block's mark inside its first block: in selectors that nobody uses, as any number of them may follow. */
function withFalseMark(stream: Uint8Array): Buffer {
  const bits = [...stream].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  // Header 32, mark 48, CRC 32, randomised 1, origin 24; ranges in use 16, each another 16; number of tables 3, of selectors 15.
  let at = 137;
  const ranges = bits.slice(at, at + 16).replaceAll('0', '').length;
  at += 16 + 16 * ranges + 3;
  const count = Number.parseInt(bits.slice(at, at + 15), 2);
  let end = at + 15;
  for (let i = 0; i < count; i++) end = bits.indexOf('0', end) + 1;
  // A selector is some ones and a zero: with a zero behind it, the mark is so many.
  const more = `${MARK}0`;
  const selectors = (count + more.replaceAll('1', '').length).toString(2).padStart(15, '0');
  const body = bits.slice(0, at) + selectors + bits.slice(at + 15, end) + more + bits.slice(end);
  // What pads the last byte is behind the end's mark and CRC.
  const whole = body.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2));
  const rest = body.slice(whole.length * 8);
  return Buffer.from(rest === '' ? whole : [...whole, Number.parseInt(rest.padEnd(8, '0'), 2)]);
}

const plains = fc.tuple(fc.constantFrom(words, noise, runs), fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 1 }));
const streams = fc
  .array(fc.tuple(plains, fc.integer({ min: 100, max: 3000 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((list) =>
    Buffer.concat(
      list.map(([[make, size, seed], most, level]) =>
        streamOf(make === runs ? runs(size, 700, seed) : make(size, seed), most, level),
      ),
    ),
  );

describe('blocks decoded by threads', () => {
  it('give what the stream gives, whole, cut or damaged, in parts of any size', async () => {
    let whole = 0;
    let damaged = 0;
    await fc.assert(
      fc.asyncProperty(
        streams,
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 6 }),
        fc.option(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 8 }))),
        async (good, part, blocks, damage) => {
          const stream = Buffer.from(good);
          const at = damage ? damage[0] % stream.length : 0;
          if (damage && damage[1] < 8) stream[at]! ^= 1 << damage[1];
          const given = damage?.[1] === 8 ? stream.subarray(0, at) : stream;
          const { seen, threads: some } = threads(blocks);
          const together = await outcome(given, { threads: some }, part);
          expect(together).toEqual(await outcome(given, {}));
          expect(seen.atOnce).toBeLessThanOrEqual(blocks);
          whole += seen.whole;
          if (together.error !== undefined) damaged++;
        },
      ),
      { numRuns: times(150, 8) },
    );
    expect(whole).toBeGreaterThan(0);
    expect(damaged).toBeGreaterThan(0);
  });

  it('zeros that fill a file up pass, what is behind them does not', async () => {
    const plain = words(9000);
    const filled = Buffer.concat([streamOf(plain, 2000), Buffer.alloc(300)]);
    const { threads: some } = threads();
    expect(await outcome(filled, { threads: some })).toEqual({ plain: Buffer.from(plain), error: undefined });
    const { error } = await outcome(Buffer.concat([filled, streamOf(plain, 2000)]), { threads: some });
    expect(error).toContain('expected nothing behind a stream but');
  });

  it('a mark that begins no block costs time, nothing else', async () => {
    const plain = words(20_000);
    const stream = withFalseMark(streamOf(plain, 3000));
    const { seen, threads: some } = threads();
    expect((await outcome(stream, {})).plain.equals(plain)).toBe(true);
    expect(await outcome(stream, { threads: some })).toEqual({ plain: Buffer.from(plain), error: undefined });
    // The block that the mark cuts, and the one that seems to begin there.
    expect(seen.asked - seen.whole).toBe(2);
  });

  it('marks and nothing else: a FormatError, soon', async () => {
    const marks = Buffer.concat([
      Buffer.from('BZh9'),
      ...Array<Buffer>(100_000).fill(Buffer.from(MARK.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)))),
    ]);
    const { seen, threads: some } = threads();
    const together = await outcome(marks, { threads: some });
    expect(together).toEqual(await outcome(marks, {}));
    expect(together.error).toMatch(/^Payload: bzip2 block 0 at byte 4: expected /);
    expect(seen.asked).toBeLessThanOrEqual(4);
  });

  it('a block of many megabytes is decoded in its place', async () => {
    const plain = Buffer.concat([words(2000), Buffer.alloc(5 << 20), words(3000)]);
    const stream = Buffer.concat([streamOf(words(9000), 2000), bzip2(plain)]);
    const { seen, threads: some } = threads();
    expect((await outcome(stream, { threads: some })).plain.equals(Buffer.concat([words(9000), plain]))).toBe(true);
    expect(seen.asked - seen.whole).toBe(1);
  });

  it('says which block is damaged, and where it begins', async () => {
    const blocks = streamOf(words(10_000), 2000);
    const second = await outcome(blocks, {});
    expect(second.error).toBeUndefined();
    const bad = Buffer.from(blocks);
    bad[Math.floor(blocks.length / 2)]! ^= 0x40;
    const { threads: some } = threads();
    const { error, plain } = await outcome(bad, { threads: some });
    const [, block, at] = /^Payload: bzip2 block (\d+) at byte (\d+): expected /.exec(error as string)!;
    expect(Number(block)).toBeGreaterThan(0);
    expect(Number(at)).toBeLessThan(blocks.length / 2);
    expect(plain.equals(Buffer.from(words(10_000)).subarray(0, plain.length))).toBe(true);
  });

  it('real threads', async () => {
    const stream = Buffer.concat(
      Array<Uint8Array[]>(3)
        .fill(['repeat.bz2', 'longruns.bz2', 'streams.bz2'].map((name) => fixture(`codecs/${name}`)))
        .flat(),
    );
    const made = (piece: EncodedPiece, room?: Uint8Array) => pool.make([piece], piece.length, room);
    const together = await outcome(stream, { threads: { decode: made, blocks: 4 } });
    expect(together.error).toBeUndefined();
    expect(together.plain.equals((await outcome(stream, {})).plain)).toBe(true);
  });

  it('a thread that fails is no fault of the stream', async () => {
    const failing = { decode: () => Promise.reject(new Error('the thread has ended')), blocks: 4 };
    const plain = words(9000);
    expect((await outcome(streamOf(plain, 2000), { threads: failing })).plain.equals(plain)).toBe(true);
  });
});
