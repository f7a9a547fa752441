import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { copyInto, fromBytes } from '../../src/formats/bytes.js';
import { decode } from '../../src/formats/codecs/index.js';
import { concat } from '../../src/formats/concat.js';
import { openHostFile } from '../../src/host/host-file.js';

// Whoever takes a copy with `slice` and changes it must not change the source: a Buffer's `slice` is a view.
it('sources give no Buffers', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'osx-iso-bytes-'));
  try {
    await writeFile(join(dir, 'file'), 'abcdef');
    const file = await openHostFile(join(dir, 'file'));
    const memory = fromBytes(Buffer.from('abcdef'), 'memory');
    const both = concat(
      [
        { source: file, offset: 0, length: 6 },
        { source: memory, offset: 0, length: 6 },
      ],
      'both',
    );
    const inflated = fromBytes(decode('zlib', deflateSync(Buffer.from('abcdef')), 6, { file: 'run', at: 0 }), 'run');
    for (const source of [file, memory, both, inflated]) {
      const bytes = await source.read(2, 3);
      expect(Buffer.isBuffer(bytes), source.name).toBe(false);
      bytes.slice().fill(0);
      expect(Buffer.from(await source.read(2, 3)).toString(), source.name).toBe('cde');
    }
    expect(Buffer.from(await both.read(4, 4)).toString()).toBe('efab');
    await file.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});

it.each(['own', 'shared'] as const)('copyInto: as set does, between %s and any memory', (kind) => {
  const memory = (length: number) => (kind === 'own' ? new ArrayBuffer(length) : new SharedArrayBuffer(length));
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  for (const [from, to, length] of [
    [0, 0, 1000],
    [3, 5, 900],
    [1, 0, 7],
    [999, 8, 1],
    [5, 3, 0],
  ] as const) {
    const source = new Uint8Array(memory(1000));
    source.set(bytes);
    const target = new Uint8Array(memory(1100), 50, 1010).fill(0xff);
    copyInto(target, source.subarray(from, from + length), to);
    const expected = new Uint8Array(1010).fill(0xff);
    expected.set(bytes.subarray(from, from + length), to);
    expect(Buffer.compare(target, expected)).toBe(0);
    expect(new Uint8Array(target.buffer, 0, 50).every((byte) => byte === 0)).toBe(true);
  }
  expect(() => copyInto(new Uint8Array(memory(10)), bytes.subarray(0, 8), 3)).toThrow(RangeError);
});
