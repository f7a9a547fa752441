import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caseFold } from '../../../src/formats/hfsplus/case-fold.js';
import { decompose } from '../../../src/formats/hfsplus/decompose.js';
import {
  compareBinary,
  compareCaseInsensitive,
  posixName,
  storedName,
  storedPath,
} from '../../../src/formats/hfsplus/names.js';

const name = fc.string({ unit: 'binary', maxLength: 20 });

describe('compareCaseInsensitive', () => {
  it.each([
    ['a', 'B', -1],
    ['Readme', 'README', 0],
    ['a\u200db', 'ab', 0],
    ['ab\ufeff', 'AB', 0],
    ['\0\0\0\0HFS+ Private Data', '\uff5a', 1],
    ['\u00c6', '\u00e6', 0],
    // Composed letters are not stored, so they are not folded.
    ['\u00c9', '\u00e9', -1],
    ['\u0130', 'i', 1],
    ['\u0390', '\u03a1', -1],
    ['\u10a0', '\u10d0', 0],
    ['_', 'A', -1],
    ['', 'a', -1],
  ])('%j against %j: %i', (a, b, order) => {
    expect(Math.sign(compareCaseInsensitive(a, b))).toBe(order);
    expect(Math.sign(compareCaseInsensitive(b, a))).toBe(order === 0 ? 0 : -order);
  });

  it('is an order', () => {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        const [ab, bc, ac] = [compareCaseInsensitive(a, b), compareCaseInsensitive(b, c), compareCaseInsensitive(a, c)];
        if (ab <= 0 && bc <= 0) expect(ac).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('folds 312 letters, skips 16 units, takes NUL for the last unit', () => {
    let folded = 0;
    let skipped = 0;
    let twice = 0;
    for (let unit = 1; unit < 0x1_0000; unit++) {
      if (caseFold[unit] === 0) skipped++;
      else if (caseFold[unit] !== unit) {
        folded++;
        if (caseFold[caseFold[unit]!] !== caseFold[unit]) twice++;
      }
    }
    expect({ folded, skipped, twice, nul: caseFold[0] }).toEqual({ folded: 312, skipped: 16, twice: 0, nul: 0xffff });
  });

  it('folds to what Unicode has as lower case, but for Georgian', () => {
    for (let unit = 1; unit < 0x1_0000; unit++) {
      const to = caseFold[unit]!;
      if (to === unit || to === 0 || (unit >= 0x10a0 && unit <= 0x10c5)) continue;
      expect(String.fromCharCode(to)).toBe(String.fromCharCode(unit).toLowerCase());
    }
  });
});

it('compareBinary orders by unit, shorter first', () => {
  const sorted = ['', 'A', 'AA', 'a', 'a\0', '\ud83c\udf08', '\uff21'];
  expect([...sorted].reverse().sort(compareBinary)).toEqual(sorted);
});

describe('names typed by people', () => {
  it.each([
    ['Acai\u0327', 'Acai\u0327'],
    ['A\u00e7a\u00ed', 'Ac\u0327ai\u0301'],
    ['\ud55c', '\u1112\u1161\u11ab'],
    // Kept: symbols, compatibility ideographs, letters newer than Unicode 3.2, everything beyond the BMP.
    ['\u2126\u212b', '\u2126\u212b'],
    ['\uf900', '\uf900'],
    ['\u1b06', '\u1b06'],
    ['\ud834\udd5e', '\ud834\udd5e'],
    ['plain', 'plain'],
  ])('%j is stored as %j', (typed, stored) => {
    expect(decompose(typed)).toBe(stored);
    expect(decompose(stored)).toBe(stored);
  });

  it('exchanges : and /', () => {
    expect(storedName('forward:slash')).toBe('forward/slash');
    expect(posixName('forward/slash')).toBe('forward:slash');
    expect(storedPath('/a//./b:c/')).toEqual(['a', 'b/c']);
  });
});
