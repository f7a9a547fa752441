import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { decodeLzvn } from '../../../src/formats/codecs/lzvn.js';
import { fixture, outcome, survey, WHERE } from './damage.js';

const END = [6, 0, 0, 0, 0, 0, 0, 0];
const decode = (bytes: number[], length: number) => [...decodeLzvn(Uint8Array.from(bytes), length, WHERE)];

/** The blocks of a decmpfs resource fork of type 8: a table of little-endian offsets, then 64 KiB blocks. */
function blocksOf(fork: Buffer, bytes: number): { input: Uint8Array; length: number }[] {
  const count = Math.ceil(bytes / 65536);
  return Array.from({ length: count }, (_, i) => ({
    input: fork.subarray(fork.readUInt32LE(4 * i), fork.readUInt32LE(4 * i + 4)),
    length: Math.min(65536, bytes - 65536 * i),
  }));
}

describe('files that macOS compressed', () => {
  test.each(['lzvn', 'tahoe_type8'])('%s', (name) => {
    const expected = fixture(`decmpfs/${name}.expected`);
    const blocks = blocksOf(fixture(`decmpfs/${name}.rsrc`), expected.length);
    const plain = blocks.map(({ input, length }) => decodeLzvn(input, length, WHERE));
    expect(Buffer.compare(Buffer.concat(plain), expected)).toBe(0);
  });

  test('bytes after the end of the stream are ignored', () => {
    const expected = fixture('decmpfs/tahoe_type8.expected');
    const [block] = blocksOf(fixture('decmpfs/tahoe_type8.rsrc'), expected.length);
    const longer = Buffer.concat([block!.input, Buffer.alloc(100, 0xe5)]);
    expect(Buffer.compare(Buffer.from(decodeLzvn(longer, expected.length, WHERE)), expected)).toBe(0);
  });

  test('damage gives an error or as many bytes (LZVN has no checksum of its own)', () => {
    const expected = fixture('decmpfs/tahoe_type8.expected');
    const [block] = blocksOf(fixture('decmpfs/tahoe_type8.rsrc'), expected.length);
    const count = survey(block!.input, expected, (bad) => decodeLzvn(bad, expected.length, WHERE));
    expect(count.refused).toBeGreaterThan(900);
  });
});

test('each opcode', () => {
  const abc = [0xe3, 97, 98, 99];
  const out = (text: string) => [...Buffer.from(text)];
  expect(decode([...abc, ...END], 3)).toEqual(out('abc'));
  expect(decode([0xe0, 0, ...Array(16).fill(97), ...END], 16)).toEqual(out('a'.repeat(16)));
  // Small: one literal, 3 bytes from distance 4.
  expect(decode([...abc, 0x40, 4, 100, ...END], 7)).toEqual(out('abcdabc'));
  // Medium: 3 literals, 3 + 5 bytes from distance 2 (overlapping).
  expect(decode([0xb9, (2 << 2) | 1, 0, 97, 98, 99, ...END], 11)).toEqual(out('abcbcbcbcbc'));
  // Large: no literal, 4 bytes from distance 3.
  expect(decode([...abc, 0x0f, 3, 0, ...END], 7)).toEqual(out('abcabca'));
  // The distance before: with a literal, then short and long without.
  expect(decode([...abc, 0x0f, 3, 0, 0x46, 120, ...END], 11)).toEqual(out('abcabcaxcax'));
  expect(decode([...abc, 0x0f, 3, 0, 0xf2, ...END], 9)).toEqual(out('abcabcabc'));
  expect(decode([...abc, 0x0f, 3, 0, 0xf0, 4, ...END], 27)).toEqual(out('abc'.repeat(9)));
  // Nothing, twice.
  expect(decode([0x0e, ...abc, 0x16, ...END], 3)).toEqual(out('abc'));
});

test('opcodes that mean nothing, and distances to nowhere, are refused', () => {
  const undefinedOpcodes = [0x1e, 0x26, 0x2e, 0x36, 0x3e, 0x70, 0x77, 0x7e, 0x7f, 0xd0, 0xd6, 0xdf];
  for (const opcode of undefinedOpcodes) {
    expect(() => decode([0xe1, 97, opcode, 1, 1, 1, 1, ...END], 60)).toThrow('expected an LZVN opcode');
  }
  expect(() => decode([0xe1, 97, 0x00, 2, ...END], 4)).toThrow('expected a distance of 1 to 1 bytes, found 2');
  expect(() => decode([0xe1, 97, 0xf3, ...END], 4)).toThrow('expected a distance of 1 to 1 bytes, found 0');
  for (const length of [2, 4]) {
    expect(outcome(() => decodeLzvn(Uint8Array.from([0xe3, 1, 2, 3, ...END]), length, WHERE))).toBeInstanceOf(
      FormatError,
    );
  }
});
