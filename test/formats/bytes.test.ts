import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
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
