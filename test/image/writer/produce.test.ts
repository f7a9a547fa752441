import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Piece } from '../../../src/formats/pieces.js';
import { openHostFile } from '../../../src/host/host-file.js';
import { Producer } from '../../../src/image/writer/produce.js';

const text = (letter: string, length: number) => Buffer.alloc(length, letter);

it('tells runs of an inner image apart that lie in one run of the outer', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'osx-iso-produce-'));
  try {
    // Two runs, stored one after another in a file that is itself one compressed run of another file.
    const inner = [deflateSync(text('a', 5000)), deflateSync(text('b', 5000))];
    const outer = deflateSync(Buffer.concat(inner));
    await writeFile(join(dir, 'outer'), outer);
    const file = await openHostFile(join(dir, 'outer'));
    const [host] = [...file.pieces!(0, outer.length)];
    const plainLength = inner[0]!.length + inner[1]!.length;
    const run = (index: 0 | 1, skip: number, length: number): Piece => ({
      kind: 'encoded',
      codec: 'zlib',
      input: [
        {
          kind: 'encoded',
          codec: 'zlib',
          input: [host!],
          plainLength,
          skip: index === 0 ? 0 : inner[0]!.length,
          length: inner[index]!.length,
          file: 'outer',
          at: 0,
        },
      ],
      plainLength: 5000,
      skip,
      length,
      file: 'inner',
      at: index,
    });
    const producer = new Producer();
    for (const [index, skip] of [
      [0, 0],
      [1, 0],
      [0, 100],
      [1, 100],
      [1, 2000],
      [0, 2000],
    ] as const) {
      const target = new Uint8Array(300);
      producer.fill([run(index, skip, 300)], target);
      expect(Buffer.from(target).toString(), `run ${index} from ${skip}`).toBe((index === 0 ? 'a' : 'b').repeat(300));
    }
    await file.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});
