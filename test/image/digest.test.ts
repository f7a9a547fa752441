import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ByteSource, checkRange, fromBytes } from '../../src/formats/bytes.js';
import { digestInBackground } from '../../src/image/digest.js';
import { farFrom } from '../helpers/far.js';

const bytes = new Uint8Array(randomBytes((4 << 20) + 17));
const sha1 = createHash('sha1').update(bytes).digest('hex');
const { signal } = new AbortController();

/** What is far away comes when it likes: here the first part of each two last. */
function slow(fail?: number): ByteSource {
  let count = 0;
  const source: ByteSource = {
    name: 'far',
    size: bytes.length,
    async read(offset, length) {
      const index = count++;
      if (index === fail) throw new Error('gone');
      await sleep(index % 2 === 0 ? 40 : 0);
      return bytes.slice(offset, offset + length);
    },
    *pieces(offset, length) {
      checkRange(source, offset, length);
      yield { kind: 'far', source: farFrom(source.read), origin: `far:${offset}`, offset, length, file: 'far' };
    },
  };
  return source;
}

describe('digestInBackground', () => {
  it('takes the bytes in their order, in whatever order they come', async () => {
    expect(await digestInBackground(slow(), signal)).toBe(sha1);
    expect(await digestInBackground(fromBytes(bytes, 'near'), signal)).toBe(sha1);
    expect(await digestInBackground(fromBytes(new Uint8Array(), 'empty'), signal)).toBe(
      'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    );
  });

  it('ends when a read fails, and when it is told to', async () => {
    await expect(digestInBackground(slow(3), signal)).rejects.toThrow('gone');
    const stop = new AbortController();
    const digest = digestInBackground(slow(), stop.signal);
    setTimeout(() => stop.abort(new Error('enough')), 20);
    await expect(digest).rejects.toThrow('enough');
  });
});
