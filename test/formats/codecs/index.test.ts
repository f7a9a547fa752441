import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { decode, MAX_RUN } from '../../../src/formats/codecs/index.js';
import type { Codec } from '../../../src/formats/pieces.js';
import { fixture, outcome, survey, WHERE } from './damage.js';
import { words } from './samples.js';
import { runsOf, sha256OfDisk } from './udif-runs.js';

/** Images made by hdiutil: size and SHA-256 of the disk each stands for, taken from 7-Zip's decoding. */
const DISKS: readonly [name: string, codec: Codec, bytes: number, sha256: string][] = [
  ['keramics-adc', 'adc', 1964032, 'd27324bc2d352649e8ca2733c48e2730fa09cb0970086c1bc71e534e215a3e99'],
  ['keramics-bzip2', 'bzip2', 1964032, 'b918c2606696b5067dcc4297ba5b08b2573dfeaf737a44f1110f27a10a3d4a0c'],
  ['keramics-lzfse', 'lzfse', 1964032, '5f3091e9c5698a1de3006f3dba629b60c0c88585d0202f1b65cfdca876848aa9'],
  ['keramics-lzma', 'xz', 1964032, 'b144d0fedfa63d6c4dfa65904bca85fda67aa40b166f1d147ef5de28b7db8bc8'],
  ['keramics-zlib', 'zlib', 1964032, 'd3fc84894c6a387275cd71087096268873031221db7fd29647de4ddad88316ad'],
  ['ronin-bzip2', 'bzip2', 4194304, 'a99720a126a9e6bcbfb7b7b97771942e3f90ce197d507d4b4b1aee588d111f21'],
  ['ronin-lzma', 'xz', 4194304, 'a99720a126a9e6bcbfb7b7b97771942e3f90ce197d507d4b4b1aee588d111f21'],
  ['sparkle-app', 'bzip2', 9437184, 'c45a5fd694b67ef971fd3543a5c27384b223b3a24d6510135e60a9da11dbf2c5'],
  ['sparkle-pkg', 'xz', 6291456, '634ffe8a67cec1f85c1e1b84fa1ed6f4dadd6f14f31131558b935a2c2e197d88'],
  ['udif-adc', 'adc', 5242880, '0786ad1fdcba31a3f03ee80eb1d6e8c7ee2f4647a2b4b6f1855c9fe0719784de'],
  ['udif-bz2', 'bzip2', 5242880, '0786ad1fdcba31a3f03ee80eb1d6e8c7ee2f4647a2b4b6f1855c9fe0719784de'],
  ['udif-lzfse', 'lzfse', 5242880, '0786ad1fdcba31a3f03ee80eb1d6e8c7ee2f4647a2b4b6f1855c9fe0719784de'],
  ['udif-zlib', 'zlib', 5242880, '0786ad1fdcba31a3f03ee80eb1d6e8c7ee2f4647a2b4b6f1855c9fe0719784de'],
];

describe('runs of real images', () => {
  test.each(DISKS)('%s.dmg (%s) decodes to the disk that other tools see', (name, codec, bytes, sha256) => {
    const runs = runsOf(fixture(`udif/${name}.dmg`));
    expect(runs.filter((run) => run.codec === codec).length).toBeGreaterThan(2);
    const plain = (run: (typeof runs)[number]) =>
      decode(run.codec as Codec, run.input, run.plainLength, { file: name, at: run.at });
    expect(sha256OfDisk(runs, bytes, plain)).toBe(sha256);
  });

  test.each(DISKS)('%s.dmg (%s): a run of another length than its table says is refused', (name, codec) => {
    const run = runsOf(fixture(`udif/${name}.dmg`)).find((each) => each.codec === codec)!;
    for (const length of [run.plainLength - 1, run.plainLength + 1, 0, run.plainLength * 2]) {
      expect(outcome(() => decode(codec, run.input, length, WHERE))).toBeInstanceOf(FormatError);
    }
  });

  test.each(DISKS)('%s.dmg (%s): a run cut anywhere is refused', (name, codec) => {
    const run = runsOf(fixture(`udif/${name}.dmg`)).find((each) => each.codec === codec)!;
    const step = Math.max(1, Math.floor(run.input.length / 40));
    for (let length = 0; length < run.input.length; length += step) {
      const result = outcome(() => decode(codec, run.input.subarray(0, length), run.plainLength, WHERE));
      expect(result).toBeInstanceOf(FormatError);
    }
  });
});

test('a length beyond reason is refused before anything is allocated', () => {
  for (const codec of ['adc', 'zlib', 'bzip2', 'lzfse', 'xz'] as const) {
    for (const length of [-1, 0.5, Number.NaN, MAX_RUN + 1, 2 ** 40, Number.MAX_SAFE_INTEGER + 1]) {
      expect(() => decode(codec, new Uint8Array(10), length, WHERE)).toThrow(FormatError);
    }
  }
});

test('more than the run could ever hold is refused before anything is allocated', () => {
  expect(() => decode('zlib', new Uint8Array(10), 10321, WHERE)).toThrow(
    'disk.dmg: zlib run at byte 4711: expected at most 10320 decoded bytes from 10, found 10321.',
  );
  // What packs best is still below the limit.
  const zeros = new Uint8Array(50_000_000);
  const deflated = deflateSync(zeros, { level: 9 });
  expect(zeros.length / deflated.length).toBeGreaterThan(1000);
  expect(decode('zlib', deflated, zeros.length, WHERE).length).toBe(zeros.length);
});

test('a result can be handed to another thread', () => {
  for (const length of [0, 1, 100, 5000, 100000]) {
    const plain = decode('zlib', deflateSync(words(length)), length, WHERE);
    expect(plain.byteOffset).toBe(0);
    expect(plain.buffer.byteLength).toBeLessThanOrEqual(length + 64);
  }
});

test('input that is any bytes at all is refused or decoded, and nothing else', () => {
  const codecs = fc.constantFrom<Codec>('adc', 'zlib', 'bzip2', 'lzfse', 'xz');
  const property = fc.property(codecs, fc.uint8Array({ maxLength: 200 }), fc.nat(500), (codec, bytes, length) => {
    const result = outcome(() => decode(codec, bytes, length, WHERE));
    if (!(result instanceof FormatError)) expect(result.length).toBe(length);
  });
  fc.assert(property, { numRuns: 500 });
});

describe('zlib', () => {
  test('round trip at any size, bytes after the stream ignored', () => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.uint8Array({ maxLength: 20 }),
      (plain, rest) => {
        const stream = Buffer.concat([deflateSync(plain), rest]);
        expect(Buffer.compare(Buffer.from(decode('zlib', stream, plain.length, WHERE)), Buffer.from(plain))).toBe(0);
      },
    );
    fc.assert(property);
  });

  test('a stream that gives less or more is refused, and the error says so', () => {
    const stream = deflateSync(words(5000));
    expect(() => decode('zlib', stream, 4999, WHERE)).toThrow(
      'disk.dmg: zlib run at byte 4711: expected 4999 decoded bytes, found more.',
    );
    expect(() => decode('zlib', stream, 5001, WHERE)).toThrow('expected 5001 decoded bytes, found 5000.');
    expect(() => decode('zlib', stream, 0, WHERE)).toThrow('expected 0 decoded bytes, found more.');
  });

  test('damage is refused or does not matter', () => {
    const plain = words(400);
    const count = survey(deflateSync(plain), plain, (bad) => decode('zlib', bad, plain.length, WHERE));
    expect(count.wrong).toBe(0);
    expect(count.refused).toBeGreaterThan(400);
  });
});
