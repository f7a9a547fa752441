import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { decodeAdc } from '../../../src/formats/codecs/adc.js';
import { outcome, survey, WHERE } from './damage.js';

test('the three kinds of operation, matches overlapping what they write', () => {
  const stream = Uint8Array.of(
    ...[0x82, 1, 2, 3], // 3 literals
    ...[0x00, 0x02], // 3 bytes from distance 3
    ...[0x40, 0x00, 0x00], // 4 bytes from distance 1: a run
    ...[0x3c, 0x09], // 18 bytes from distance 10, longer than the distance
    ...[0x80, 9], // 1 literal
  );
  const start = [1, 2, 3, 1, 2, 3, 3, 3, 3, 3];
  const plain = [...start, ...start, ...start.slice(0, 8), 9];
  expect([...decodeAdc(stream, plain.length, WHERE)]).toEqual(plain);
});

test('distances of all 10 and 16 bits', () => {
  const literals = (n: number) => [0xff, ...Array.from({ length: 128 }, (_, i) => (n + i) & 0xff)];
  const stream = [...Array(512).keys()].flatMap(literals);
  const far = Uint8Array.from([...stream, 0x7f, 0xff, 0xff, 0x03, 0xff]);
  const plain = decodeAdc(far, 65536 + 67 + 3, WHERE);
  expect(plain.subarray(65536, 65603)).toEqual(plain.subarray(0, 67));
  expect(plain.subarray(65603)).toEqual(plain.subarray(65603 - 1024, 65606 - 1024));
});

test('a distance before the start is refused', () => {
  expect(() => decodeAdc(Uint8Array.of(0x80, 1, 0x00, 0x01), 4, WHERE)).toThrow(
    'disk.dmg: ADC run at byte 4711: expected a distance of at most 1 bytes, found 2.',
  );
});

test('no bytes from nothing', () => {
  expect(decodeAdc(new Uint8Array(0), 0, WHERE).length).toBe(0);
  expect(outcome(() => decodeAdc(Uint8Array.of(0x80, 1), 0, WHERE))).toBeInstanceOf(FormatError);
});

test('damage gives an error or as many bytes (ADC has no checksum of its own)', () => {
  const stream = Uint8Array.of(0x83, 1, 2, 3, 4, 0x04, 0x01, 0x41, 0x00, 0x03, 0x81, 7, 8, 0x0c, 0x05);
  const plain = decodeAdc(stream, 4 + 4 + 5 + 2 + 6, WHERE);
  const count = survey(stream, plain, (bad) => decodeAdc(bad, plain.length, WHERE));
  expect(count.refused).toBeGreaterThanOrEqual(stream.length);
});

test('any literals survive', () => {
  const property = fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 128 }), { maxLength: 20 }), (runs) => {
    const stream = Buffer.concat(runs.flatMap((run) => [Uint8Array.of(0x7f + run.length), run]));
    const plain = Buffer.concat(runs);
    expect(Buffer.compare(Buffer.from(decodeAdc(stream, plain.length, WHERE)), plain)).toBe(0);
  });
  fc.assert(property);
});
