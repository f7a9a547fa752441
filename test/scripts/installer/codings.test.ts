import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bzip2 } from '../../../scripts/installer/bzip2.js';
import { compressed, type DecmpfsType } from '../../../scripts/installer/compressed.js';
import { encodeLzvn } from '../../../scripts/installer/lzvn.js';
import { decodeBzip2 } from '../../../src/formats/codecs/bzip2.js';
import { decodeLzvn } from '../../../src/formats/codecs/lzvn.js';
import { decompressed } from '../../../src/formats/hfsplus/decmpfs.js';

const WHERE = { file: 'made', at: 0 };

/** Bytes with runs and repetitions in them, as compressors like them. */
const lumpy = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.tuple(fc.nat(255), fc.nat(900)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
      fc.constant(Uint8Array.from(Buffer.from('the same words again, '))),
    ),
    { maxLength: 20 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

test('bzip2 comes back', () => {
  fc.assert(
    fc.property(lumpy, (plain) => {
      expect(Buffer.compare(decodeBzip2(bzip2(plain), plain.length, WHERE), plain)).toBe(0);
    }),
    { numRuns: 60 },
  );
  const blocks = new Uint8Array(120_000).map((_, i) => (i * i) >>> 7);
  expect(Buffer.compare(decodeBzip2(bzip2(blocks), blocks.length, WHERE), blocks)).toBe(0);
});

test('LZVN comes back', () => {
  fc.assert(
    fc.property(lumpy, (plain) => {
      expect(Buffer.compare(decodeLzvn(encodeLzvn(plain), plain.length, WHERE), plain)).toBe(0);
    }),
  );
});

const PLAIN: readonly [name: string, plain: Uint8Array][] = [
  ['small text', Buffer.from('some text, some text, some text')],
  ['noise', Uint8Array.from({ length: 3000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24)],
  ['three blocks', new Uint8Array(150_000).map((_, i) => (i >> 3) * 7)],
];
/** What is kept in the attribute itself has to be small. */
const INLINE = PLAIN.slice(0, 2);

describe.each<[DecmpfsType, typeof PLAIN]>([
  [3, INLINE],
  [4, PLAIN],
  [7, INLINE],
  [8, PLAIN],
])('decmpfs type %s', (type, cases) => {
  test.each(cases)('%s comes back', async (_, plain) => {
    const { xattrs, resource, ownerFlags } = compressed(plain, type, 'file');
    expect(ownerFlags).toBe(0x20);
    expect(resource === undefined).toBe(type % 2 === 1);
    const content = await decompressed(xattrs![0]!.value, resource, 'file');
    expect(content.size).toBe(plain.length);
    expect(Buffer.compare(await content.read(0, plain.length), plain)).toBe(0);
  });
});
