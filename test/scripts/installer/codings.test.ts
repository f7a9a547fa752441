import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sortRotations } from '../../../scripts/installer/bzip2/sort.js';
import { Bzip2Stream, bzip2 } from '../../../scripts/installer/bzip2.js';
import { compressed, type DecmpfsType } from '../../../scripts/installer/compressed.js';
import { lzss } from '../../../scripts/installer/lzss.js';
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
  const blocks = new Uint8Array(1_000_000).map((_, i) => (i * i) >>> 7);
  expect(Buffer.compare(decodeBzip2(bzip2(blocks), blocks.length, WHERE), blocks)).toBe(0);
});

test('bzip2: the same stream however its input is cut up', () => {
  const plain = Buffer.concat([Buffer.alloc(3_000), Buffer.from('words and words'), Buffer.alloc(700, 7)]);
  fc.assert(
    fc.property(fc.array(fc.nat(plain.length), { maxLength: 9 }), (cuts) => {
      const stream = new Bzip2Stream();
      const ends = [0, ...cuts.sort((a, b) => a - b), plain.length];
      const parts = ends.slice(1).map((end, i) => plain.subarray(ends[i], end));
      const out = [...parts.flatMap((part) => [...stream.write(part)]), ...stream.finish()];
      expect(Buffer.concat(out).equals(bzip2(plain))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test.each(['a', 'ab', 'aaaaaaaaaa', 'abababab', 'bananabanana', 'zyxwv', 'mississippi'])(
  'the rotations of %s are in order',
  (text) => {
    const rotation = (start: number) => text.slice(start) + text.slice(0, start);
    const sorted = [...sortRotations(Buffer.from(text))].map(rotation);
    expect(sorted).toEqual([...text].map((_, i) => rotation(i)).sort());
  },
);

test('rotations of noise are in order too, also where stretches of it come again', () => {
  const noise = Buffer.from(
    Array.from(
      { length: 60_000 },
      (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 24) ^ ((Math.imul(i, 0x85ebca6b) >>> 20) & 255),
    ),
  );
  noise.copy(noise, 30_000, 100, 130);
  const again = Buffer.concat([noise, noise]);
  for (const block of [noise, again]) {
    const order = sortRotations(block);
    expect(new Set(order).size).toBe(block.length);
    const twice = Buffer.concat([block, block]);
    const row = (i: number) => twice.subarray(order[i], order[i]! + block.length);
    for (let i = 1; i < order.length; i += 97) expect(Buffer.compare(row(i - 1), row(i))).toBeLessThanOrEqual(0);
  }
});

test('LZSS comes back as Chameleon and XNU read it', () => {
  fc.assert(
    fc.property(lumpy, (plain) => {
      expect(Buffer.compare(unpackLzss(lzss(plain), plain.length), plain)).toBe(0);
    }),
  );
});

/** The reader's side: a ring of 4096 bytes, written from 18 bytes before its end. */
function unpackLzss(packed: Uint8Array, size: number): Uint8Array {
  const ring = new Uint8Array(4096).fill(0x20);
  const out: number[] = [];
  let to = 4096 - 18;
  const put = (byte: number) => {
    out.push(byte);
    ring[to] = byte;
    to = (to + 1) % 4096;
  };
  for (let at = 0; out.length < size; ) {
    const flags = packed[at++]!;
    for (let bit = 0; bit < 8 && out.length < size; bit++) {
      if ((flags >> bit) & 1) put(packed[at++]!);
      else {
        const place = packed[at]! | ((packed[at + 1]! & 0xf0) << 4);
        const length = (packed[at + 1]! & 0x0f) + 3;
        at += 2;
        for (let i = 0; i < length; i++) put(ring[(place + i) % 4096]!);
      }
    }
  }
  return Uint8Array.from(out);
}

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
