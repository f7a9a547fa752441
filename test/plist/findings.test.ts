import { expect, it } from 'vitest';
import { positions } from '../../src/plist/findings.js';
import { buildPlist, type PlistValue, parsePlist } from '../../src/plist/plist.js';

it('tells line and column of any place, in whatever order they are asked for', () => {
  const bytes = Buffer.from('\ufeffab\r\nä𝄞c\rx\n\ny');
  const at = positions(bytes);
  const text = bytes.toString('utf8');
  const wanted = new Map([
    ['b', [1, 2]],
    ['ä', [2, 1]],
    ['c', [2, 4]],
    ['x', [3, 1]],
    ['y', [5, 1]],
  ]);
  const offsetOf = (character: string) => Buffer.byteLength(text.slice(0, text.indexOf(character)));
  const keys = [...wanted.keys()];
  for (const order of [keys, [...keys].reverse(), ['c', 'ä', 'c', 'b', 'c']]) {
    for (const key of order) {
      const { line, column } = at(offsetOf(key));
      expect([key, line, column]).toEqual([key, ...wanted.get(key)!]);
    }
  }
});

it.each(['&#27;', '&#xD800;', '&#xFFFE;', '&#0;'])('%s stands for nothing that XML can hold', (reference) => {
  const text = `<plist><string>${reference}</string></plist>`;
  expect(() => parsePlist(Buffer.from(text), 'a.plist')).toThrow(/an entity of XML itself/);
});

it.each([[{ a: 1e21 }], [{ a: [Number.NaN] }], [[null, 1]], [{ a: { b: null } }]])(
  'what no reader would take back is not written: %j',
  (value) => {
    expect(() => buildPlist(value as PlistValue)).toThrow(/expected (one that XML can hold|a number below 1e21)/);
  },
);

it.each(['1.5abc', '', '.', 'e5'])('<real>%s</real> is no number', (text) => {
  expect(() => parsePlist(Buffer.from(`<plist><real>${text}</real></plist>`), 'a.plist')).toThrow(/a number in <real>/);
});

it.each(['1', '-.5', '2.', '1e-3', ' 7.25 '])('<real>%s</real> is one', (text) => {
  expect(parsePlist(Buffer.from(`<plist><real>${text}</real></plist>`), 'a.plist')).toBe(Number(text));
});
