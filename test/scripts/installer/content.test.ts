import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Contents, looksSoft, type Texture } from '../../../scripts/installer/content.js';

const contents = new Contents(7);
const SIZE = 3_000_003;

/** What deflate leaves, as a share. */
async function share(texture: Texture): Promise<number> {
  const bytes = await contents.file('x', 1 << 20, texture).read(0, 1 << 20);
  return deflateSync(bytes).length / bytes.length;
}

describe.each<Texture>(['text', 'code', 'noise'])('%s', (texture) => {
  test('any part is that part of the whole', async () => {
    const source = contents.file('a file', SIZE, texture);
    const whole = Buffer.from(await source.read(0, SIZE));
    await fc.assert(
      fc.asyncProperty(fc.nat(SIZE), fc.nat(20_000), async (offset, length) => {
        const take = Math.min(length, SIZE - offset);
        const part = await source.read(offset, take);
        expect(whole.subarray(offset, offset + take).equals(part)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('depends on seed and name, and on nothing else', async () => {
    const read = (seed: number, name: string) => new Contents(seed).file(name, 9000, texture).read(0, 9000);
    const bytes = Buffer.from(await read(7, 'a'));
    expect(bytes.equals(await read(7, 'a'))).toBe(true);
    expect(bytes.equals(await read(7, 'b'))).toBe(false);
    expect(bytes.equals(await read(8, 'a'))).toBe(false);
  });

  test('no two blocks are equal', async () => {
    const bytes = Buffer.from(await contents.file('blocks', 9 << 20, texture).read(0, 9 << 20));
    const seen = new Set<string>();
    for (let at = 0; at < bytes.length; at += 4096) seen.add(bytes.toString('latin1', at, at + 16));
    expect(seen.size).toBe(bytes.length / 4096);
  });
});

test('compressors find in it what they find in real files', async () => {
  expect(await share('text')).toBeGreaterThan(0.15);
  expect(await share('text')).toBeLessThan(0.4);
  expect(await share('code')).toBeGreaterThan(0.4);
  expect(await share('code')).toBeLessThan(0.5);
  expect(await share('noise')).toBeGreaterThan(1);
});

test('looksSoft tells them apart', async () => {
  for (const size of [3000, 500_000]) {
    expect(looksSoft(await contents.file('s', size, 'code').read(0, size))).toBe(true);
    expect(looksSoft(await contents.file('s', size, 'noise').read(0, size))).toBe(false);
  }
});
