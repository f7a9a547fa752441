import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  columnsOf,
  leftoverLines,
  middle,
  percent,
  printable,
  showBytes,
  showProgress,
  showTime,
  stepLine,
} from '../../src/cli/view/format.js';
import { Rate } from '../../src/cli/view/rate.js';

describe('showBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9949, '9.9 kB'],
    [9950, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [5_200_000, '5.2 MB'],
    [42_000_000, '42 MB'],
    [5_216_000_000, '5.2 GB'],
    [12_340_000_000, '12.3 GB'],
    [123_400_000_000, '123 GB'],
    [1e15, '1000 TB'],
  ])('%d', (bytes, text) => expect(showBytes(bytes)).toBe(text));
});

describe('showTime', () => {
  it.each([
    [0, '0.0s'],
    [440, '0.4s'],
    [9_940, '9.9s'],
    [9_960, '10s'],
    [59_400, '59s'],
    [59_600, '1m 00s'],
    [130_000, '2m 10s'],
    [3_599_600, '1h 00m'],
    [3_900_000, '1h 05m'],
    [-5, '0.0s'],
  ])('%d ms', (milliseconds, text) => expect(showTime(milliseconds)).toBe(text));
});

describe('showProgress', () => {
  it.each([
    [2.2e9, 5.2e9, 120e6, '42 %  2.2 GB of 5.2 GB  120 MB/s  25s left'],
    [2.2e9, 5.2e9, undefined, '42 %  2.2 GB of 5.2 GB'],
    [5.2e9, 5.2e9, 120e6, '100 %  5.2 GB of 5.2 GB  120 MB/s'],
    [2.2e9, undefined, 120e6, '2.2 GB  120 MB/s'],
    [0, 0, undefined, '0 B of 0 B'],
  ])('%d of %s at %s', (done, total, rate, text) => expect(showProgress(done, total, rate)).toBe(text));

  it('says 100 % only when all is done', () => {
    expect(percent(9_999_999, 10_000_000)).toBe(99);
    expect(percent(10, 10)).toBe(100);
    expect(percent(11, 10)).toBe(100);
    expect(percent(-1, 10)).toBe(0);
  });
});

describe('Rate', () => {
  it('needs a moment, then follows the last seconds', () => {
    const rate = new Rate();
    rate.push(0, 0);
    rate.push(100, 1e6);
    expect(rate.value).toBeUndefined();
    for (let at = 200; at <= 20_000; at += 100) rate.push(at, at <= 10_000 ? at * 1000 : 1e7 + (at - 10_000) * 100);
    expect(rate.value).toBeCloseTo(100_000, 0);
  });

  it('has nothing to say while nothing moves', () => {
    const rate = new Rate();
    rate.push(0, 5);
    rate.push(1000, 5);
    expect(rate.value).toBeUndefined();
  });
});

describe('middle', () => {
  it.each([
    ['short', 10, 'short'],
    ['/System/Library/Kernels/kernel', 20, '/System/Li…ls/kernel'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
    ['漢字漢字漢字', 7, '漢…字'],
  ])('%s in %d', (text, columns, out) => expect(middle(text, columns)).toBe(out));

  it('always fits, and is the text itself where that fits', () => {
    void fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 0, max: 60 }), (text, columns) => {
        const out = middle(text, columns);
        expect(columnsOf(out)).toBeLessThanOrEqual(columns);
        if (columnsOf(text) <= columns) expect(out).toBe(text);
      }),
    );
  });
});

describe('printable', () => {
  it('takes the power from escape sequences and writing directions', () => {
    expect(printable('a\u001b[2Jb\r\nc\u009b1m\u202egpj.exe')).toBe('a�[2Jb��c�1m�gpj.exe');
    expect(printable('Ünïcode 漢字')).toBe('Ünïcode 漢字');
  });
});

describe('lines', () => {
  const step = { index: 3, verb: 'copy', title: `Copy esd:/${'Packages/'.repeat(12)}end`, args: [] };

  it('fits 80 columns by shortening titles, not what is said about them', () => {
    const line = stepLine(step, 17, ': done in 2m 10s', 80);
    expect(columnsOf(line)).toBe(80);
    expect(line).toMatch(/^\[ 4\/17\] Copy esd:\/Packages.*….*end: done in 2m 10s$/);
  });

  it('leaves commands whole, so that they can be copied', () => {
    const command = `rm -rf '/tmp/${'x'.repeat(100)}'`;
    const lines = leftoverLines([{ title: 'scratch', command, reason: 'kept' }], 80);
    expect(lines).toEqual(['Left behind, to be put right by hand:', '  scratch (kept)', `    ${command}`]);
    expect(leftoverLines([])).toEqual([]);
  });
});
