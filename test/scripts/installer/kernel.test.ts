import { describe, expect, test } from 'vitest';
import { DEFAULT_KERNEL_SIZE, LOAD_ADDRESS, makeKernel, PLACE } from '../../../scripts/installer/kernel.js';
import { CODE } from '../../../scripts/installer/kernel-code.js';
import { assemble } from '../../helpers/judges/assemble.js';
import { needs } from '../../helpers/judges/needs.js';

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The sum the code makes of the file it was loaded from. */
function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) {
    sum = ((((sum << 1) | (sum >>> 31)) >>> 0) + view(bytes).getUint32(at, true)) >>> 0;
  }
  return sum;
}

describe('the code', () => {
  test('each instruction is what NASM makes of the line beside it', async (context) => {
    needs(context, 'nasm');
    const bytes = CODE.flatMap((line) => line.bytes);
    expect(Buffer.from(bytes).toString('hex')).toBe(
      Buffer.from(await assemble(CODE, 32, LOAD_ADDRESS + PLACE.code)).toString('hex'),
    );
  });

  test('ends before the data it reads', () => {
    expect(CODE.flatMap((line) => line.bytes).length).toBeLessThanOrEqual(PLACE.words - PLACE.code);
  });
});

describe('makeKernel', () => {
  test('64 bits: magic, CPU, one segment over the whole file at a real kernel’s address, the entry', () => {
    const kernel = makeKernel({ nonce: 'n64', bits: 64 });
    const at = view(kernel);
    expect(kernel.length).toBe(DEFAULT_KERNEL_SIZE);
    expect(kernel.length).toBeGreaterThan(1 << 20);
    expect(at.getUint32(0, true)).toBe(0xfeedfacf);
    expect(at.getUint32(4, true)).toBe(0x01000007);
    expect([16, 20].map((field) => at.getUint32(field, true))).toEqual([2, 72 + 184]);
    expect([32, 36].map((field) => at.getUint32(field, true))).toEqual([0x19, 72]);
    expect(at.getBigUint64(32 + 24, true)).toBe(0xffffff8000200000n);
    expect(at.getBigUint64(32 + 48, true)).toBe(BigInt(kernel.length));
    expect([104, 108, 112, 116].map((field) => at.getUint32(field, true))).toEqual([5, 184, 4, 42]);
    expect(at.getBigUint64(120 + 16 * 8, true)).toBe(0xffffff8000200200n);
  });

  test('64 bits, linked low: the physical addresses', () => {
    const at = view(makeKernel({ nonce: 'low', bits: 64, low: true }));
    expect(at.getBigUint64(32 + 24, true)).toBe(0x200000n);
    expect(at.getBigUint64(120 + 16 * 8, true)).toBe(0x200200n);
  });

  test('32 bits: magic, CPU, segment, entry', () => {
    const kernel = makeKernel({ nonce: 'n32', bits: 32 });
    const at = view(kernel);
    expect([0, 4, 16, 20].map((field) => at.getUint32(field, true))).toEqual([0xfeedface, 7, 2, 56 + 80]);
    expect([28, 32, 52, 56, 60, 64].map((field) => at.getUint32(field, true))).toEqual([
      1,
      56,
      0x200000,
      kernel.length,
      0,
      kernel.length,
    ]);
    expect(at.getUint32(84 + 16 + 10 * 4, true)).toBe(0x200200);
  });

  test('fat: two slices on page boundaries, each whole', () => {
    const kernel = makeKernel({ nonce: 'both', bits: 'fat', size: 200_000 });
    const at = view(kernel);
    expect([0, 4].map((field) => at.getUint32(field))).toEqual([0xcafebabe, 2]);
    const slices = [8, 28].map((arch) => {
      const [offset, size] = [at.getUint32(arch + 8), at.getUint32(arch + 12)];
      expect(offset % 4096).toBe(0);
      return { cpu: at.getUint32(arch), bytes: kernel.subarray(offset, offset + size) };
    });
    expect(slices.map((slice) => slice.cpu)).toEqual([0x01000007, 7]);
    expect(slices.map((slice) => view(slice.bytes).getUint32(0, true))).toEqual([0xfeedfacf, 0xfeedface]);
    expect(slices.map((slice) => sumOf(slice.bytes))).toEqual([0, 0]);
    expect(slices.map((slice) => Buffer.from(slice.bytes).includes('nonce=both bits='))).toEqual([true, true]);
  });

  test('the sum of the whole is zero, and notices pages that changed places', () => {
    const kernel = makeKernel({ nonce: 'sum', bits: 64 });
    expect(sumOf(kernel)).toBe(0);
    const swapped = Uint8Array.from(kernel);
    swapped.set(kernel.subarray(0x2000, 0x3000), 0x4000);
    swapped.set(kernel.subarray(0x4000, 0x5000), 0x2000);
    expect(sumOf(swapped)).not.toBe(0);
  });

  test('holds its nonce and a version string of the form a Chameleon-family loader looks for', () => {
    const text = Buffer.from(makeKernel({ nonce: 'abc-123', bits: 64 })).toString('latin1');
    expect(text).toContain('OSX-ISO KERNEL nonce=abc-123 bits=64\r\n');
    expect(text).toMatch(/Darwin Kernel Version \d+\.\d+\.\d+: [^\0]+; root:xnu-\d+[^\0]*\/RELEASE_X86_64\0/);
    const own = makeKernel({
      nonce: 'x',
      bits: 64,
      version: 'Darwin Kernel Version 13.4.0: own; root:xnu-1/RELEASE_X86_64',
    });
    expect(Buffer.from(own).toString('latin1')).toContain(
      'Darwin Kernel Version 13.4.0: own; root:xnu-1/RELEASE_X86_64\0',
    );
  });

  test('the same options give the same bytes, another nonce others', () => {
    const kernel = makeKernel({ nonce: 'a', bits: 64 });
    expect(Buffer.compare(kernel, makeKernel({ nonce: 'a', bits: 64 }))).toBe(0);
    const filler = makeKernel({ nonce: 'b', bits: 64 }).subarray(0x1000);
    expect(Buffer.compare(kernel.subarray(0x1000), filler)).not.toBe(0);
  });

  test.each(['', 'with space', 'é', 'x'.repeat(65)])('refuses the nonce "%s"', (nonce) => {
    expect(() => makeKernel({ nonce, bits: 64 })).toThrow('1 to 64 visible ASCII characters');
  });

  test.each([0, 4096, 1e12, Number.NaN])('refuses the size %d', (size) => {
    expect(() => makeKernel({ nonce: 'a', bits: 64, size })).toThrow('bytes');
  });
});
