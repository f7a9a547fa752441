import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type ByteSource, checkRange, fromBytes, observed, slice } from '../../src/formats/bytes.js';
import { Early } from '../../src/image/early.js';
import { Relay } from '../../src/image/relay.js';
import type { DiskPlan } from '../../src/image/writer/disk-plan.js';
import { WorkerPool } from '../../src/image/writer/pool.js';
import { type WriteOptions, writeDisk } from '../../src/image/writer/write-disk.js';
import { farFrom } from '../helpers/far.js';
import { scratch } from '../helpers/judges/tool.js';

const MiB = 1 << 20;
const BASE = 3 * MiB + 512;
const bytes = new Uint8Array(randomBytes(BASE));

const dir = scratch('early');
const pool = new WorkerPool(2);
afterAll(() => pool.close());

/** A source far away, and how many bytes of it were asked for. */
function far(content: Uint8Array, opening: string): { source: ByteSource; asked: () => number } {
  let asked = 0;
  const read = async (offset: number, length: number) => {
    asked += length;
    return content.slice(offset, offset + length);
  };
  const source: ByteSource = {
    name: opening,
    size: content.length,
    read,
    *pieces(offset, length) {
      checkRange(source, offset, length);
      yield { kind: 'far', source: farFrom(read), origin: `${opening}:${offset}`, offset, length, file: opening };
    },
  };
  return { source, asked: () => asked };
}

/** A disk that begins with some of an image, and has the image as a file in two places behind it. */
function planOf(base: ByteSource, file: ByteSource): DiskPlan {
  const half = 2 * MiB;
  return {
    size: 6 * MiB,
    extents: [
      { offset: 0, length: MiB, source: slice(base, MiB, MiB), from: 0 },
      { offset: MiB, length: half, source: file, from: 0 },
      { offset: 4 * MiB, length: BASE - half, source: file, from: half },
    ],
    headers: [],
  };
}

const work = { pool, signal: new AbortController().signal, report: () => undefined };

async function written(name: string, plan: DiskPlan, early: Early | undefined, options: WriteOptions = work) {
  const path = join(dir, name);
  try {
    const made = await writeDisk(path, early?.plan ?? plan, {
      ...options,
      ...(early && { onOpen: (fd) => early.write(path, fd, options) }),
    });
    return { made, content: await readFile(path) };
  } finally {
    await early?.close();
  }
}

describe('a file that other parts of the disk are made from', () => {
  it('is fetched once, seen once, and the disk is as without it', async () => {
    const { source, asked } = far(bytes, 'base');
    const base = Relay.over(source);
    const hash = createHash('sha256');
    const plan = planOf(
      base,
      observed(source, (part) => void hash.update(part)),
    );
    const early = Early.in(plan, base);
    expect(early).toBeDefined();
    const { made, content } = await written('once', plan, early);
    const near = fromBytes(bytes, 'base');
    const plain = await written('plain', planOf(near, near), undefined);
    expect(Buffer.compare(content, plain.content)).toBe(0);
    expect(made).toEqual(plain.made);
    expect(asked()).toBe(BASE);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('that is not what was expected ends it before anything is made of it', async () => {
    const { source } = far(bytes, 'base');
    const base = Relay.over(source);
    const plan = planOf(
      base,
      observed(source, () => {
        throw new Error('chunk 0 differs');
      }),
    );
    await expect(written('bad', plan, Early.in(plan, base))).rejects.toThrow('chunk 0 differs');
    expect((await readFile(join(dir, 'bad'))).subarray(0, MiB).every((byte) => byte === 0)).toBe(true);
  });

  it('is nothing special where it is near, is another one, or lies there in part', () => {
    const near = fromBytes(bytes, 'base');
    expect(Relay.over(near)).toBe(near);
    expect(Early.in(planOf(near, near), near)).toBeUndefined();
    const { source } = far(bytes, 'base');
    const base = Relay.over(source);
    expect(Early.in(planOf(base, far(bytes, 'other').source), base)).toBeUndefined();
    const plan = planOf(base, source);
    expect(Early.in({ ...plan, extents: plan.extents.slice(0, 2) }, base)).toBeUndefined();
  });
});
