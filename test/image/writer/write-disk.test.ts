import { createHash } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { type ByteSource, fromBytes } from '../../../src/formats/bytes.js';
import type { Piece } from '../../../src/formats/pieces.js';
import { openHostFile } from '../../../src/host/host-file.js';
import { Digests } from '../../../src/image/writer/digests.js';
import type { DiskPlan } from '../../../src/image/writer/disk-plan.js';
import { WorkerPool } from '../../../src/image/writer/pool.js';
import type { RunChecksum } from '../../../src/image/writer/produce.js';
import { writeDisk } from '../../../src/image/writer/write-disk.js';
import { scratch } from '../../helpers/judges/tool.js';

const dir = scratch('write-disk');
const pool = new WorkerPool(2);
afterAll(() => pool.close());

let counter = 0;
const quiet = { pool, signal: new AbortController().signal, report: () => undefined, note: () => undefined };

async function write(plan: DiskPlan, extra: object = {}) {
  const path = join(dir, `out-${counter++}`);
  const written = await writeDisk(path, plan, { ...quiet, ...extra });
  return { path, written, bytes: await readFile(path) };
}

function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let x = seed | 1;
  for (let i = 0; i < length; i++) {
    x = (x * 1103515245 + 12345) & 0x7fffffff;
    bytes[i] = x >> 16;
  }
  return bytes;
}

/** A source whose bytes are zlib runs of `run` bytes, as a UDIF image gives them. */
function encoded(plain: Uint8Array, run: number, tagged = true): ByteSource {
  const runs: Piece[] = [];
  for (let at = 0; at < plain.length; at += run) {
    const part = plain.subarray(at, at + run);
    const stored = deflateSync(part);
    runs.push({
      kind: 'encoded',
      codec: 'zlib',
      input: [{ kind: 'bytes', bytes: stored, length: stored.length }],
      plainLength: part.length,
      skip: 0,
      length: part.length,
      file: 'runs',
      at,
      ...(tagged ? { run: { image: 7, index: at / run } } : {}),
    });
  }
  return {
    name: 'runs',
    size: plain.length,
    read: async (offset, length) => plain.subarray(offset, offset + length),
    *pieces(offset, length) {
      for (let at = offset; at < offset + length; ) {
        const piece = runs[Math.floor(at / run)] as Piece & { kind: 'encoded' };
        const skip = at % run;
        const take = Math.min(piece.plainLength - skip, offset + length - at);
        yield { ...piece, skip, length: take };
        at += take;
      }
    },
  };
}

describe('writeDisk', () => {
  it('writes data, holes and headers where the plan says, and its sha256 is that of the file', async () => {
    const plan: DiskPlan = {
      size: 9_000_000,
      extents: [
        { offset: 0, length: 512, source: fromBytes(pattern(512, 1), 'map'), from: 0 },
        { offset: 2048, length: 3_000_000, source: encoded(pattern(4_000_000, 2), 1 << 20), from: 500_000 },
        { offset: 3_100_000, length: 100_000, source: fromBytes(pattern(200_000, 3), 'x'), from: 50_000 },
        { offset: 8_000_000, length: 1000, source: fromBytes(pattern(1000, 4), 'y'), from: 0 },
      ],
      headers: [
        { offset: 8_999_000, bytes: pattern(512, 5) },
        { offset: 1024, bytes: pattern(512, 5) },
      ],
    };
    const expected = new Uint8Array(plan.size);
    for (const { offset, length, source, from } of plan.extents) expected.set(await source.read(from, length), offset);
    for (const { offset, bytes } of plan.headers) expected.set(bytes, offset);

    const { bytes, written, path } = await write(plan);
    expect(Buffer.compare(bytes, expected)).toBe(0);
    expect(written.sha256).toBe(createHash('sha256').update(expected).digest('hex'));
    expect(written.size).toBe(plan.size);
    // The hole of some 4.8 MB was not written.
    expect(written.bytesWritten).toBeLessThan(3_400_000);
    expect((await stat(path)).blocks * 512).toBeLessThan(4_500_000);
  });

  it('is right for any layout of extents', async () => {
    const layout = fc.array(
      fc.record({
        gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200_000 })),
        length: fc.integer({ min: 1, max: 2_500_000 }),
        kind: fc.constantFrom('bytes', 'encoded', 'unpieced', 'zeros'),
      }),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(layout, fc.integer({ min: 0, max: 300_000 }), async (parts, tail) => {
        let at = 0;
        const extents = parts.map(({ gap, length, kind }, i) => {
          const plain = kind === 'zeros' ? new Uint8Array(length) : pattern(length, i + 1);
          const base = kind === 'encoded' ? encoded(plain, 333_333) : fromBytes(plain, 'x');
          const source: ByteSource =
            kind === 'unpieced' ? { name: 'u', size: length, read: base.read.bind(base) } : base;
          const offset = at + gap;
          at = offset + length;
          return { offset, length, source, from: 0 };
        });
        const plan: DiskPlan = { size: at + tail, extents, headers: [] };
        const expected = new Uint8Array(plan.size);
        for (const e of extents) expected.set(await e.source.read(0, e.length), e.offset);
        const { bytes, written } = await write(plan);
        expect(Buffer.compare(bytes, expected)).toBe(0);
        expect(written.sha256).toBe(createHash('sha256').update(expected).digest('hex'));
      }),
      { numRuns: 15 },
    );
  });

  it('shows a source every byte in order on the way', async () => {
    const plain = pattern(5_000_000, 9);
    const seen = createHash('sha256');
    const source: ByteSource = { ...encoded(plain, 700_000), observe: (bytes) => void seen.update(bytes) };
    const other = fromBytes(pattern(3000, 8), 'other');
    await write({
      size: 6_000_000,
      extents: [
        { offset: 0, length: 3000, source: other, from: 0 },
        { offset: 3000, length: 5_000_000, source, from: 0 },
        { offset: 5_003_000, length: 3000, source: other, from: 0 },
      ],
      headers: [],
    });
    expect(seen.digest('hex')).toBe(createHash('sha256').update(plain).digest('hex'));
  });

  it('has other hashes made of what is written, of memory that is used again', async () => {
    const plain = pattern(48 << 20, 5);
    const digests = new Digests(pool);
    const others = [digests.begin('sha1'), digests.begin('md5')];
    const onBytes = (part: Uint8Array) => {
      for (const hash of others) hash.update(part);
    };
    const { bytes, written } = await write(
      {
        size: plain.length,
        extents: [{ offset: 0, length: plain.length, source: encoded(plain, 1 << 20), from: 0 }],
        headers: [],
      },
      { digests, onBytes },
    );
    const hashed = (algorithm: string) => createHash(algorithm).update(bytes).digest('hex');
    expect(written.sha256).toBe(hashed('sha256'));
    expect(await Promise.all(others.map((hash) => hash.hex()))).toEqual([hashed('sha1'), hashed('md5')]);
    expect(Buffer.compare(bytes, plain)).toBe(0);
  });

  it('reports the CRC32 of every whole run', async () => {
    const plain = pattern(2_000_000, 11);
    const reported = new Map<number, number>();
    const onChecksums = (list: readonly RunChecksum[]) => {
      for (const { run, crc } of list) reported.set(run.index, crc);
    };
    const extents = [{ offset: 0, length: 1_400_000, source: encoded(plain, 500_000), from: 600_000 }];
    await write({ size: 1_400_000, extents, headers: [] }, { onChecksums });
    for (const index of [1, 2, 3]) {
      expect(reported.get(index)).toBe(crc32(plain.subarray(index * 500_000, (index + 1) * 500_000)));
    }
    expect(reported.has(0)).toBe(false);
  });

  it('reads host files on its threads', async () => {
    const path = join(dir, 'host');
    const plain = pattern(3_333_333, 12);
    await writeFile(path, plain);
    const source = await openHostFile(path);
    const extents = [{ offset: 10, length: 3_000_000, source, from: 333 }];
    const { bytes } = await write({ size: 3_000_010, extents, headers: [] });
    expect(Buffer.compare(bytes.subarray(10), plain.subarray(333, 3_000_333))).toBe(0);
    await source.close();
  });

  it('ends with the error of the thread that met it, and leaves no writer behind', async () => {
    const bad: ByteSource = {
      name: 'bad',
      size: 100,
      read: async () => new Uint8Array(100),
      *pieces() {
        const input: Piece[] = [{ kind: 'bytes', bytes: new Uint8Array(20), length: 20 }];
        yield {
          kind: 'encoded',
          codec: 'zlib',
          input,
          plainLength: 100,
          skip: 0,
          length: 100,
          file: 'bad.dmg',
          at: 4711,
        };
      },
    };
    const good = { offset: 100, length: 3_000_000, source: fromBytes(pattern(3_000_000, 1), 'g'), from: 0 };
    const plan = { size: 4_000_000, extents: [{ offset: 0, length: 100, source: bad, from: 0 }, good], headers: [] };
    const error = await write(plan).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).message).toContain('bad.dmg');
    expect((error as FormatError).fault.offset).toBe(4711);
  });

  it('refuses to write over a file, and a plan that overlaps itself', async () => {
    const path = join(dir, 'there');
    await writeFile(path, 'mine');
    const nothing: DiskPlan = { size: 0, extents: [], headers: [] };
    await expect(writeDisk(path, nothing, quiet)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('mine');
    const source = fromBytes(pattern(100, 1), 'x');
    const extents = [0, 50].map((offset) => ({ offset, length: 100, source, from: 0 }));
    await expect(write({ size: 1000, extents, headers: [] })).rejects.toThrow(/overlaps/);
  });

  it('ends with what the disk says, once, and writes nothing after that', async () => {
    const there = await open(join(dir, 'any'), 'w');
    const handles = Object.getPrototypeOf(there);
    await there.close();
    const real = handles.writev;
    const realWrite = handles.write;
    let calls = 0;
    // Whichever way it is written: the third write finds the disk full.
    const full = (way: (...args: unknown[]) => unknown) =>
      async function (this: unknown, ...args: unknown[]) {
        if (++calls >= 3) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        return way.apply(this, args);
      };
    handles.writev = full(real);
    handles.write = full(realWrite);
    try {
      const source = fromBytes(pattern(30_000_000, 1), 'x');
      const extents = [{ offset: 1000, length: 30_000_000, source, from: 0 }];
      await expect(write({ size: 31_000_000, extents, headers: [] })).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(calls).toBe(3);
    } finally {
      handles.writev = real;
      handles.write = realWrite;
    }
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const source = fromBytes(pattern(20_000_000, 1), 'x');
    const plan: DiskPlan = {
      size: 20_000_000,
      extents: [{ offset: 0, length: 20_000_000, source, from: 0 }],
      headers: [],
    };
    const report = ({ done }: { done: number }) => done > 2_000_000 && controller.abort();
    await expect(write(plan, { signal: controller.signal, report })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
