import { expect, it } from 'vitest';
import { release } from '../../../src/image/writer/release.js';

it('gives memory back at once, to a thread that never rests, too', () => {
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i++) {
    const bytes = new Uint8Array(1 << 20);
    release(bytes);
    release(bytes);
    expect(bytes.length).toBe(0);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 << 20);
});
