import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { bunzip2, decodeBzip2 } from '../../../src/formats/codecs/bzip2.js';
import { fixture, outcome, survey, WHERE } from './damage.js';
import { noise, runs, words } from './samples.js';

const SAMPLES: readonly [file: string, plain: Uint8Array][] = [
  ['repeat.bz2', Buffer.concat(Array(230).fill(words(6000).subarray(0, 1000)))],
  ['runs.bz2', runs(400000)],
  ['longruns.bz2', runs(1300000, 60000)],
  ['streams.bz2', Buffer.concat([words(6000), noise(300)])],
  ['empty.bz2', Buffer.alloc(0)],
];

/** The stream in chunks of these sizes, over and over; notes whether it was closed. */
function chunked(stream: Uint8Array, ...sizes: number[]) {
  const source = { closed: false, [Symbol.asyncIterator]: iterate };
  async function* iterate() {
    try {
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = sizes[i % sizes.length]!;
        yield stream.subarray(at, at + size);
        at += size;
      }
    } finally {
      source.closed = true;
    }
  }
  return source;
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const list: Uint8Array[] = [];
  for await (const piece of pieces) {
    expect(piece.length).toBeGreaterThan(0);
    expect(piece.length).toBeLessThanOrEqual(1 << 20);
    list.push(piece);
  }
  return Buffer.concat(list);
}

describe.each(SAMPLES)('%s', (file, plain) => {
  const stream = fixture(`codecs/${file}`);

  test('whole', () => {
    expect(Buffer.compare(decodeBzip2(stream, plain.length, WHERE), plain)).toBe(0);
  });

  test('streamed, whatever the chunks', async () => {
    for (const sizes of [[stream.length], [1], [7, 0, 300], [65536]]) {
      const source = chunked(stream, ...sizes);
      expect(Buffer.compare(await all(bunzip2(source, 'Payload')), plain)).toBe(0);
      expect(source.closed).toBe(true);
    }
  });

  test('another length is refused', () => {
    for (const length of [plain.length - 1, plain.length + 1].filter((each) => each >= 0)) {
      expect(outcome(() => decodeBzip2(stream, length, WHERE))).toBeInstanceOf(FormatError);
    }
  });
});

// What libbz2 (through Python's bz2) makes of them: the count that follows four equal bytes is the last thing in the block.
test.each([
  ['QlpoOTFBWSZTWTj7IoQAAAJAAEAAIAAhGEawu5IpwoSBx9kUIA==', Buffer.alloc(4)],
  ['QlpoOTFBWSZTWVft3OEAAADBAEAAOAAgADDNNBjI4K8XckU4UJBX7dzh', Buffer.from('abcccc')],
  ['QlpoOTFBWSZTWZO5/50AAALAgMAAAEAACCAAIKptQZjFR4u5IpwoSEnc/86A', Buffer.alloc(259, 'x')],
])('four equal bytes at the very end: %s', async (base64, plain) => {
  const stream = Buffer.from(base64, 'base64');
  expect(Buffer.compare(decodeBzip2(stream, plain.length, WHERE), plain)).toBe(0);
  expect(outcome(() => decodeBzip2(stream, plain.length - 1, WHERE))).toBeInstanceOf(FormatError);
  expect(Buffer.compare(await all(bunzip2(chunked(stream, 1), 'Payload')), plain)).toBe(0);
});

describe('damage', () => {
  test.each(['streams.bz2', 'empty.bz2'])('%s: every byte, every cut', (file) => {
    const plain = SAMPLES.find(([name]) => name === file)![1];
    const stream = fixture(`codecs/${file}`);
    const count = survey(stream, plain, (bad) => decodeBzip2(bad, plain.length, WHERE));
    expect(count.wrong).toBe(0);
    expect(count.refused).toBeGreaterThan(stream.length);
  });

  test('in a stream: refused, with the place, and the input is closed', async () => {
    const stream = fixture('codecs/streams.bz2');
    const wrongs: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += 41) {
      wrongs.push(stream.subarray(0, at), Buffer.from(stream));
      wrongs.at(-1)![at]! ^= 0x10;
    }
    for (const wrong of wrongs) {
      const source = chunked(wrong, 100);
      const error = await all(bunzip2(source, 'Payload')).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(FormatError);
      const { fault } = error as FormatError;
      expect(fault.file).toBe('Payload');
      expect(fault.offset).toBeLessThanOrEqual(wrong.length);
      expect(source.closed).toBe(true);
    }
  });

  test('bytes after a stream: ignored in a run, refused in a stream (they may be a damaged second one)', async () => {
    const stream = Buffer.concat([fixture('codecs/empty.bz2'), Buffer.from('junk')]);
    expect(decodeBzip2(stream, 0, WHERE).length).toBe(0);
    await expect(all(bunzip2(chunked(stream, 5), 'Payload'))).rejects.toThrow(
      'Payload: bzip2 stream at byte 14: expected a bzip2 stream ("BZh"), found something else.',
    );
  });

  test('zeros after a stream fill a file up; so many that they fill none, or something behind them, are refused', async () => {
    const stream = fixture('codecs/streams.bz2');
    const plain = Buffer.concat([words(6000), noise(300)]);
    for (const zeros of [1, 3, 300, 1 << 20]) {
      const filled = Buffer.concat([stream, Buffer.alloc(zeros)]);
      expect(Buffer.compare(await all(bunzip2(chunked(filled, 70_001), 'Payload')), plain)).toBe(0);
    }
    const says = `Payload: bzip2 stream at byte ${stream.length}: expected nothing behind a stream but up to 1048576 zeros`;
    for (const tail of [Buffer.alloc((1 << 20) + 1), Buffer.from('\0\0x'), Buffer.concat([Buffer.alloc(9), stream])]) {
      await expect(all(bunzip2(chunked(Buffer.concat([stream, tail]), 70_001), 'Payload'))).rejects.toThrow(says);
    }
    await expect(all(bunzip2(chunked(Buffer.alloc(300), 5), 'Payload'))).rejects.toThrow('something else');
  });

  test('a consumer that stops early lets the input go', async () => {
    const source = chunked(fixture('codecs/longruns.bz2'), 50);
    for await (const piece of bunzip2(source, 'Payload')) {
      expect(piece.length).toBe(1 << 20);
      break;
    }
    expect(source.closed).toBe(true);
  });

  test('an error of the input itself comes through', async () => {
    async function* broken() {
      yield fixture('codecs/streams.bz2').subarray(0, 100);
      throw new Error('EIO');
    }
    await expect(all(bunzip2(broken(), 'Payload'))).rejects.toThrow('EIO');
  });

  test('blocks of random bits', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), (bits) => {
      const stream = Buffer.concat([Buffer.from('BZh9'), Buffer.from('314159265359', 'hex'), bits]);
      expect(outcome(() => decodeBzip2(stream, 1000, WHERE))).toBeInstanceOf(FormatError);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

test('a stream longer than the window keeps its place', async () => {
  const stream = fixture('codecs/streams.bz2');
  const plain = Buffer.concat([words(6000), noise(300)]);
  const times = Math.ceil(5_000_000 / stream.length);
  const bytes = Buffer.concat(Array(times).fill(stream));
  const decoded = await all(bunzip2(chunked(bytes, 1_000_003), 'Payload'));
  expect(Buffer.compare(decoded, Buffer.concat(Array(times).fill(plain)))).toBe(0);
});
