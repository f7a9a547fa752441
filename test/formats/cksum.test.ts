import { describe, expect, it } from 'vitest';
import { Cksum, cksum } from '../../src/formats/cksum.js';

describe('cksum', () => {
  // What cksum(1) of GNU coreutils 9.1 says.
  it.each([
    ['', 4294967295],
    ['123456789', 930766865],
    ['a'.repeat(100_000), 614267494],
  ])('is that of POSIX', (text, value) => {
    const bytes = Buffer.from(text);
    expect(cksum(bytes)).toBe(value);
    const sum = new Cksum();
    for (let at = 0; at < bytes.length; at += 77) sum.update(bytes.subarray(at, at + 77));
    expect(sum.finish()).toBe(value);
  });
});
