import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode } from '../../../../src/formats/codecs/index.js';
import { encodeXz, type XzOptions } from '../../../../src/formats/codecs/xz/write.js';
import { decodeXz } from '../../../../src/formats/codecs/xz.js';
import { times } from '../../../helpers/long.js';
import { WHERE } from '../damage.js';
import { calls, noise, ramps, runs, words } from '../samples.js';

const XZ = spawnSync('xz', ['--version']).status === 0;
const WITHOUT_XZ = XZ ? '' : ' [skipped: xz is not here; install xz-utils]';

/** Text, noise and text: stored chunks between packed ones, so that each kind of fresh start is written. */
const mixed = Buffer.concat([noise(70000), words(100000), noise(200000, 9), words(150000, 10)]);

const CASES: readonly [name: string, plain: Uint8Array, options: XzOptions, most: number][] = [
  ['nothing', new Uint8Array(0), {}, 32],
  ['one byte', Uint8Array.of(97), { check: 'crc32' }, 64],
  ['words', words(200000), { check: 'sha256' }, 38000],
  ['runs', runs(400000), {}, 6000],
  ['zeros', new Uint8Array(1000000), { check: 'none' }, 500],
  ['noise', noise(150000), {}, 150200],
  ['calls', calls(30000), { check: 'crc32' }, 30000],
  ['ramps', ramps(100000), {}, 83000],
  ['text between noise', mixed, {}, 320000],
  ['noise first, blocks of 100 000 bytes', mixed, { blockBytes: 100000 }, 325000],
  ['stored', words(200001), { stored: true }, 200100],
  ['some blocks stored', mixed, { blockBytes: 50000, stored: (block) => block[0]! > 127 }, 520500],
  ['calls, x86', calls(30000), { filter: 'x86' }, 27000],
  ['sizes in the header, a dictionary of 8 MiB', mixed, { check: 'none', sizes: true, dictionary: 8 << 20 }, 320000],
  ['a dictionary smaller than the block', mixed, { dictionary: 1 << 15, filter: 'x86', sizes: true }, 330000],
  ['noise, x86', noise(150000), { filter: 'x86', blockBytes: 40000 }, 150500],
];

describe('encodeXz', () => {
  test.each(CASES)('%s: read back, small enough, the same every time', (_, plain, options, most) => {
    const file = encodeXz(plain, options);
    expect(Buffer.compare(decodeXz(file, plain.length, WHERE), plain)).toBe(0);
    expect(file.length).toBeLessThanOrEqual(most);
    expect(Buffer.compare(encodeXz(plain, options), file)).toBe(0);
  });

  test.skipIf(!XZ).each(CASES)(`%s: xz agrees${WITHOUT_XZ}`, (_, plain, options) => {
    const file = encodeXz(plain, options);
    const out = execFileSync('xz', ['-dc'], { input: file, maxBuffer: 1 << 24 });
    expect(Buffer.compare(out, plain)).toBe(0);
  });

  test('anything survives', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.tuple(fc.nat(255), fc.nat(600)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
        fc.constant(words(500)),
      ),
      { maxLength: 12 },
    );
    const property = fc.property(pieces, fc.integer({ min: 1, max: 3000 }), (parts, blockBytes) => {
      const plain = Buffer.concat(parts);
      expect(Buffer.compare(decodeXz(encodeXz(plain, { blockBytes }), plain.length, WHERE), plain)).toBe(0);
    });
    fc.assert(property, { numRuns: times(60, 15) });
  });
});

test.skipIf(!XZ)(`the most that xz can do stays below the limit of expansion${WITHOUT_XZ}`, () => {
  const zeros = new Uint8Array(8_000_000);
  const file = execFileSync('xz', ['-9ec', '--lzma2=preset=9e,nice=273,pb=0,lc=0'], { input: zeros });
  expect(zeros.length / file.length).toBeGreaterThan(6000);
  expect(Buffer.compare(decode('xz', file, zeros.length, WHERE), zeros)).toBe(0);
});

describe.skipIf(!XZ)(`what xz writes${WITHOUT_XZ}`, () => {
  const plain = Buffer.concat([mixed.subarray(60000, 200000), calls(40000), ramps(20000), runs(50000)]);
  test.each([
    '-0',
    '-9e --check=sha256',
    '--x86 --lzma2=preset=3,mf=bt2,nice=8',
    '--delta=dist=256 --x86 --lzma2=lc=4,lp=0,pb=4',
    '--lzma2=lc=0,lp=4,pb=0,mode=fast,mf=hc3 --check=none',
    '--block-size=30001 --check=crc32',
  ])('xz %s', (options) => {
    const file = execFileSync('xz', ['-c', ...options.split(' ')], { input: plain });
    expect(Buffer.compare(decodeXz(file, plain.length, WHERE), plain)).toBe(0);
  });
});
