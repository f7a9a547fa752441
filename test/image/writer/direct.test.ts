import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIRECT_BLOCK, openDirect } from '../../../src/image/writer/direct.js';
import { OrderedWriter } from '../../../src/image/writer/ordered-writer.js';
import { Slots } from '../../../src/image/writer/slots.js';
import { scratch } from '../../helpers/judges/tool.js';

const dir = scratch('direct');

let counter = 0;
const newFile = () => open(join(dir, `${counter++}`), 'wx+');
const bytesOf = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => first + i * 7);

/** A file that notes what is written to it, where, and how it ends. */
function noting(file: FileHandle, writev: (parts: Uint8Array[], at: number) => Promise<{ bytesWritten: number }>) {
  return { fd: file.fd, writev, close: async () => undefined } as unknown as FileHandle;
}

describe('openDirect', () => {
  it.runIf(process.platform === 'linux')('opens the file itself, whatever its name is by now', async () => {
    const file = await newFile();
    await file.truncate(2 * DIRECT_BLOCK);
    await rm(join(dir, `${counter - 1}`));
    const direct = await openDirect(file, new Slots(1).block);
    // tmpfs of older systems has no direct writes.
    if (direct) expect((await direct.stat()).ino).toBe((await file.stat()).ino);
    await direct?.close();
    await file.close();
  });

  it.runIf(process.platform === 'linux')('gives nothing where the file system refuses', async () => {
    const file = await open('/proc/self/comm', constants.O_WRONLY);
    expect(await openDirect(file, new Slots(1).block)).toBeUndefined();
    await file.close();
  });

  it('gives nothing where the first write is refused', async () => {
    const file = await newFile();
    // Memory that lies beside a block's border is what O_DIRECT refuses; a disk without it takes these bytes.
    const beside = new Uint8Array(new Slots(1).block.buffer, 1, DIRECT_BLOCK);
    const direct = await openDirect(file, beside);
    await direct?.close();
    expect((await file.stat()).size).toBe(direct ? DIRECT_BLOCK : 0);
    await file.close();
  });
});

describe('OrderedWriter', () => {
  /** Stretches of odd places and lengths, one after the other, some with gaps between them. */
  const places = [
    [3, 100],
    [103, 9000],
    [9103, 3185],
    [3 * DIRECT_BLOCK, 2 * DIRECT_BLOCK],
    [5 * DIRECT_BLOCK, 4 * DIRECT_BLOCK],
    [9 * DIRECT_BLOCK, 5000],
    [60_001, 20_000],
  ] as const;

  it('writes whole blocks directly and together, the rest through the page cache, each byte once', async () => {
    const file = await newFile();
    const seen: { at: number; lengths: number[] }[] = [];
    const direct = noting(file, async (parts, at) => {
      seen.push({ at, lengths: parts.map(({ length }) => length) });
      // Not written: what is there afterwards went the other way.
      return { bytesWritten: parts.reduce((sum, { length }) => sum + length, 0) };
    });
    const output = new OrderedWriter(file, direct);
    const written: number[] = [];
    for (const [offset, length] of places) output.add(offset, bytesOf(length, 1), () => written.push(offset));
    await output.finish();
    expect(written).toEqual(places.map(([offset]) => offset));
    expect(seen).toEqual([
      { at: DIRECT_BLOCK, lengths: [4096] },
      { at: 3 * DIRECT_BLOCK, lengths: [8192] },
      { at: 5 * DIRECT_BLOCK, lengths: [16_384, 4096] },
      { at: 61_440, lengths: [16_384] },
    ]);
    const inFile = await readFile(file);
    for (const { at, lengths } of seen) {
      const length = lengths.reduce((sum, one) => sum + one, 0);
      expect(inFile.subarray(at, at + length).every((byte) => byte === 0)).toBe(true);
    }
    await file.close();
  });

  it.each(['direct', 'cached'])('has every byte where it belongs: %s', async (way) => {
    const file = await newFile();
    await file.truncate(100_000);
    const slots = new Slots(places.length);
    const direct = way === 'direct' ? await openDirect(file, slots.block) : undefined;
    const output = new OrderedWriter(file, direct);
    const expected = new Uint8Array(100_000);
    for (const [offset, length] of places) {
      const slot = slots.take(offset);
      const bytes = new Uint8Array(slot.memory, slot.offset, length);
      bytes.set(bytesOf(length, offset));
      expected.set(bytes, offset);
      output.add(offset, bytes, () => slots.giveBack(slot));
    }
    await output.finish();
    await direct?.close();
    expect(Buffer.compare(await readFile(file), expected)).toBe(0);
    await file.close();
  });

  it('a try to write directly leaves nothing of what was in the memory before', async () => {
    const file = await newFile();
    const slots = new Slots(1);
    const slot = slots.take(0);
    new Uint8Array(slot.memory).fill(7);
    slots.giveBack(slot);
    const direct = await openDirect(file, slots.block);
    await direct?.close();
    expect((await readFile(file)).every((byte) => byte === 0)).toBe(true);
    await file.close();
  });

  it('a disk that takes a part only: the rest goes the other way, and its error is the one that is told', async () => {
    const file = await newFile();
    const direct = noting(file, async () => ({ bytesWritten: 512 }));
    const output = new OrderedWriter(file, direct);
    output.add(0, bytesOf(2 * DIRECT_BLOCK, 5), () => undefined);
    await output.finish();
    const inFile = await readFile(file);
    expect(Buffer.compare(inFile.subarray(512), bytesOf(2 * DIRECT_BLOCK, 5).subarray(512))).toBe(0);
    await file.close();
  });

  it('after a failure nothing is written any more', async () => {
    const file = await newFile();
    let calls = 0;
    const direct = noting(file, async () => {
      calls++;
      throw Object.assign(new Error('ENOSPC: no space left on device, writev'), { code: 'ENOSPC' });
    });
    const output = new OrderedWriter(file, direct);
    for (let i = 0; i < 20; i++) output.add(i * DIRECT_BLOCK, new Uint8Array(DIRECT_BLOCK), () => undefined);
    await expect(output.finish()).rejects.toMatchObject({ code: 'ENOSPC' });
    output.add(0, new Uint8Array(DIRECT_BLOCK), () => undefined);
    await expect(output.step()).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(calls).toBe(1);
    expect((await file.stat()).size).toBe(0);
    await file.close();
  });

  it('abandoned, it ends with the write that is under way', async () => {
    const file = await newFile();
    let calls = 0;
    let end = () => {};
    const direct = noting(file, async () => {
      calls++;
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      return { bytesWritten: DIRECT_BLOCK };
    });
    const output = new OrderedWriter(file, direct);
    for (const at of [0, 10 * DIRECT_BLOCK, 20 * DIRECT_BLOCK]) {
      output.add(at, new Uint8Array(DIRECT_BLOCK), () => undefined);
    }
    const abandoned = output.abandon();
    end();
    await abandoned;
    expect(calls).toBe(1);
    await file.close();
  });
});
