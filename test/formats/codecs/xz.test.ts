import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { codecsFor, decodeXz, XzInParts } from '../../../src/formats/codecs/xz.js';
import { points, times } from '../../helpers/long.js';
import { fixture, outcome, survey, WHERE } from './damage.js';
import { calls, noise, ramps, runs, words } from './samples.js';

const SAMPLES: readonly [file: string, plain: Uint8Array][] = [
  ['words.xz', words(6000)],
  ['noise-none.xz', noise(300)],
  ['runs.xz', runs(400000)],
  ['calls-x86.xz', calls(3000)],
  ['calls-x86-start.xz', calls(3000)],
  ['ramps-delta.xz', ramps(2000)],
  ['calls-x86-delta.xz', calls(2000, 8)],
  ['words-blocks.xz', words(6000)],
  ['words-sizes.xz', words(6000)],
  ['streams.xz', Buffer.concat([words(6000), noise(300)])],
  ['empty.xz', Buffer.alloc(0)],
];

describe.each(SAMPLES)('%s', (file, plain) => {
  const stream = fixture(`codecs/${file}`);

  test('decodes', () => {
    expect(Buffer.compare(decodeXz(stream, plain.length, WHERE), plain)).toBe(0);
  });

  test('another length is refused', () => {
    for (const length of [plain.length - 1, plain.length + 1].filter((each) => each >= 0)) {
      expect(outcome(() => decodeXz(stream, length, WHERE))).toBeInstanceOf(FormatError);
    }
  });
});

test.each([
  ['small', 1048576, 'ee3d96aedd902b603f9454b8530c9b77a2f001ef0f8f7473e55395af5253f745'],
  ['many2', 5242880, '963b835b2652bcb7c647fdd1b033d4858635ce9071c382616e981785999748c1'],
])('a real file: hfsplusrs-%s.img.xz', (name, bytes, sha256) => {
  const plain = decodeXz(fixture(`codecs/hfsplusrs-${name}.img.xz`), bytes, WHERE);
  expect(createHash('sha256').update(plain).digest('hex')).toBe(sha256);
});

/** What is decoded in parts: `looks` further and further, each with somewhat more of the input. */
function inParts(stream: Uint8Array, plainLength: number, looks: readonly (readonly [number, number])[] = []) {
  const xz = new XzInParts(codecsFor(plainLength), plainLength, WHERE);
  const seen: Uint8Array[] = [];
  let have = 0;
  let most = 0;
  for (const [more, further] of looks) {
    have = Math.min(stream.length, have + more);
    most = Math.min(plainLength, most + further);
    xz.decode(stream.subarray(0, have), most, have === stream.length);
    seen.push(xz.bytes.slice());
  }
  xz.decode(stream, plainLength, true);
  return { seen, bytes: xz.bytes };
}

describe('in parts', () => {
  test('whatever is looked at when, the bytes are those of the whole', () => {
    const looks = fc.array(fc.tuple(fc.nat(4000), fc.nat(200_000)), { maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLES), looks, ([file, plain], list) => {
        const { seen, bytes } = inParts(fixture(`codecs/${file}`), plain.length, list);
        expect(Buffer.compare(bytes, plain)).toBe(0);
        for (const some of seen) expect(Buffer.compare(some, plain.subarray(0, some.length))).toBe(0);
      }),
      { numRuns: times(60) },
    );
  });

  test.each(points(['ramps-delta.xz', 'words-sizes.xz', 'streams.xz'], 1))('%s damaged: as the whole', (file) => {
    const stream = fixture(`codecs/${file}`);
    const plain = SAMPLES.find(([name]) => name === file)![1];
    const whole = survey(stream, plain, (bad) => decodeXz(bad, plain.length, WHERE));
    expect(survey(stream, plain, (bad) => inParts(bad, plain.length, [[60, 100]]).bytes)).toEqual(whole);
  });
});

describe('damage', () => {
  // Files with a check: nothing wrong may come out, whatever byte changes.
  test.each(['ramps-delta.xz', 'words-sizes.xz', 'streams.xz', 'empty.xz'])('%s: every byte, every cut', (file) => {
    const stream = fixture(`codecs/${file}`);
    const plain = SAMPLES.find(([name]) => name === file)![1];
    const count = survey(stream, plain, (bad) => decodeXz(bad, plain.length, WHERE));
    expect(count.wrong).toBe(0);
    // Right are the cuts before stream padding or an empty stream, and bits that nothing depends on.
    expect(count.right).toBeLessThan(20);
    expect(count.refused).toBeGreaterThan(3 * stream.length);
  });

  test('without a check: an error or as many bytes', () => {
    const count = survey(fixture('codecs/noise-none.xz'), noise(300), (bad) => decodeXz(bad, 300, WHERE));
    expect(count.refused).toBeGreaterThan(350);
    expect(count.wrong).toBe(3 * 300);
  });

  test('filters and checks we do not know are named', () => {
    expect(() => decodeXz(fixture('codecs/words-arm.xz'), 6000, WHERE)).toThrow(
      'disk.dmg: xz block header at byte 4711: expected the filters delta, x86 and LZMA2, found the ARM filter.',
    );
    const stream = Buffer.from(fixture('codecs/words.xz'));
    stream[7] = 2;
    stream.writeUInt32LE(crc32(stream.subarray(6, 8)), 8);
    expect(() => decodeXz(stream, 6000, WHERE)).toThrow('found stream flags 0, 2.');
  });

  test('padding that is no multiple of four, and other bytes after the stream, are refused', () => {
    const stream = fixture('codecs/words.xz');
    const followed = (...bytes: number[]) => Buffer.concat([stream, Uint8Array.from(bytes)]);
    expect(decodeXz(followed(0, 0, 0, 0), 6000, WHERE).length).toBe(6000);
    expect(() => decodeXz(followed(0, 0), 6000, WHERE)).toThrow('expected a multiple of 4 bytes, found 2.');
    expect(() => decodeXz(followed(1, 2, 3, 4), 6000, WHERE)).toThrow(FormatError);
    expect(() => decodeXz(new Uint8Array(0), 0, WHERE)).toThrow(FormatError);
  });
});

/** A stream without a check around this LZMA2 data; header and index are right. */
function around(lzma2: number[], plain: number, filters = [0x21, 1, 0]): Uint8Array {
  const withCrc = (bytes: number[]) => {
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(crc32(Uint8Array.from(bytes)));
    return [...bytes, ...crc];
  };
  const padded = (bytes: number[]) => [...bytes, ...Array((4 - (bytes.length % 4)) % 4).fill(0)];
  const fields = padded([0, filters[0] === 0x21 ? 0 : 1, ...filters]);
  fields[0] = fields.length / 4;
  const header = withCrc(fields);
  const number = (value: number) => (value < 128 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
  const index = withCrc(padded([0, 1, ...number(header.length + lzma2.length), ...number(plain)]));
  const footer = withCrc([index.length / 4 - 1, 0, 0, 0, 0, 0]);
  return Uint8Array.from([
    ...[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, ...withCrc([0, 0])],
    ...header,
    ...padded(lzma2),
    ...index,
    ...footer.slice(6),
    ...footer.slice(0, 6),
    ...[0x59, 0x5a],
  ]);
}

describe('LZMA2 chunks made by hand', () => {
  const stored = [1, 0, 2, 97, 98, 99];

  test('stored ones', () => {
    const stream = around([...stored, 2, 0, 1, 100, 101, 0], 5);
    expect(Buffer.from(decodeXz(stream, 5, WHERE)).toString()).toBe('abcde');
  });

  test.each<[string, number[], string]>([
    ['no fresh dictionary at first', [2, 0, 0, 97, 0], 'a first chunk with a fresh dictionary'],
    ['an unknown control byte', [...stored, 3, 0], 'expected a control byte, found 0x3'],
    ['LZMA before any properties', [...stored, 0x80, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0], 'a first LZMA chunk with'],
    ['lc + lp over 4', [0xe0, 0, 0, 0, 5, 0x28, 0, 0, 0, 0, 0, 0, 0], 'lc + lp of at most 4, found 0x28'],
    ['properties out of range', [0xe0, 0, 0, 0, 5, 0xff, 0, 0, 0, 0, 0, 0, 0], 'lc + lp of at most 4, found 0xff'],
    ['a range coder that starts wrong', [0xe0, 0, 0, 0, 5, 0x5d, 1, 0, 0, 0, 0, 0, 0], 'found no range coder'],
    ['packed bytes beyond the end', [0xe0, 0, 0, 0xff, 0xff, 0x5d, 0, 0], 'expected a whole chunk'],
    ['a chunk for two megabytes', [0xff, 0xff, 0xff, 0, 5, 0x5d, 0, 0, 0, 0, 0, 0], 'decoded bytes, found 2097152 or'],
  ])('%s', (_, lzma2, message) => {
    expect(() => decodeXz(around(lzma2, 4), 4, WHERE)).toThrow(message);
  });

  test.each<[string, number[]]>([
    ['LZMA2 not last', [0x21, 1, 0, 3, 1, 0]],
    ['delta without its distance', [3, 0, 0x21, 1, 0]],
    ['x86 with two bytes of properties', [4, 2, 0, 0, 0x21, 1, 0]],
    ['LZMA2 with a dictionary code of 41', [3, 1, 0, 0x21, 1, 41]],
    ['properties beyond the header', [3, 200, 0]],
    ['a filter number in a long form', [0x83, 0x00, 1, 0, 0x21, 1, 0]],
    ['a filter number of ten bytes', [...Array(10).fill(0x80), 1]],
    ['a filter number of 63 bits', [...Array(8).fill(0xff), 0x7f, 0]],
  ])('filters: %s', (_, filters) => {
    expect(() => decodeXz(around([...stored, 0], 3, filters), 3, WHERE)).toThrow('xz block header at byte 4711');
  });

  test('delta over stored bytes', () => {
    const stream = around([1, 0, 2, 97, 1, 1, 0], 3, [3, 1, 0, 0x21, 1, 0]);
    expect(Buffer.from(decodeXz(stream, 3, WHERE)).toString()).toBe('abc');
  });
});
