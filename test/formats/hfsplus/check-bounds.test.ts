import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../../src/errors.js';
import { type ByteSource, fromBytes } from '../../../src/formats/bytes.js';
import { isZero } from '../../../src/formats/hfsplus/check/tree-check.js';
import { checkVolume } from '../../../src/formats/hfsplus/check.js';
import { verifyFile } from '../../../src/iso/verify-file.js';
import { guestVolume } from '../../guest-disk/disks.js';
import { scratch } from '../../helpers/judges/tool.js';

/** A sparse volume of 9 GiB whose catalog says that it has 8 GiB: its first node is real, all others are holes. */
async function hugeCatalog(): Promise<string> {
  const small = Buffer.from(await guestVolume());
  const [blockSize, HUGE] = [4096, 2 ** 21];
  const header = Buffer.from(small.subarray(1024, 1536));
  expect(header.readUInt32BE(40)).toBe(blockSize);
  const start = header.readUInt32BE(272 + 16);
  const total = start + HUGE + 64;
  header.writeUInt32BE((header.readUInt32BE(4) | 0x8000_0000) >>> 0, 4); //   unused nodes are zeros: all must be looked at
  header.writeUInt32BE(total, 44);
  header.writeBigUInt64BE(BigInt(HUGE * blockSize), 272);
  header.writeUInt32BE(HUGE, 272 + 12);
  header.writeUInt32BE(HUGE, 272 + 20);
  const path = join(scratch('huge'), 'huge.img');
  const fd = openSync(path, 'w');
  ftruncateSync(fd, total * blockSize);
  writeSync(fd, small, 0, small.length, 0);
  for (const at of [1024, total * blockSize - 1024]) writeSync(fd, header, 0, 512, at);
  closeSync(fd);
  return path;
}

it('stops when it is to stop, however much a volume says is to be checked', async () => {
  const path = await hugeCatalog();
  expect(statSync(path).size).toBeGreaterThan(8 * 2 ** 30);
  const controller = new AbortController();
  const verifying = verifyFile(path, { signal: controller.signal });
  setTimeout(() => controller.abort(new Interrupted()), 300);
  await expect(verifying).rejects.toBeInstanceOf(Interrupted);
});

describe('a volume that is holes but for some bytes', () => {
  const BLOCK = 4096;
  /** In memory: no read waits for anything. `total` blocks; the catalog goes on with `more` blocks of holes, or of what `fill` says. */
  async function hollow(total: number, more: number, fill: Buffer = Buffer.alloc(0)): Promise<ByteSource> {
    const small = Buffer.from(await guestVolume());
    const header = Buffer.from(small.subarray(1024, 1536));
    const first = header.readUInt32BE(272 + 20);
    const start = total - more - 64;
    header.writeUInt32BE((header.readUInt32BE(4) | 0x8000_0000) >>> 0, 4); // unused nodes are zeros: all are looked at
    header.writeUInt32BE(total, 44);
    header.writeBigUInt64BE(BigInt((first + more) * BLOCK), 272);
    for (const [at, value] of [
      [12, first + more],
      [24, start],
      [28, more],
    ] as const)
      header.writeUInt32BE(value, 272 + at);
    header.copy(small, 1024);
    // The header node leads to the first of what comes behind.
    if (fill.length > 0) small.writeUInt32BE(first, header.readUInt32BE(272 + 16) * BLOCK);
    const parts = [
      [0, small],
      [start * BLOCK, fill],
      [total * BLOCK - 1024, header],
    ] as const;
    return {
      ...{ name: 'hollow', size: total * BLOCK },
      async read(offset, length) {
        const bytes = new Uint8Array(length);
        for (const [at, part] of parts) {
          const [from, to] = [Math.max(offset, at), Math.min(offset + length, at + part.length)];
          if (from < to) bytes.set(part.subarray(from - at, to - at), from - offset);
        }
        return bytes;
      },
    };
  }
  const textsOf = async (source: ByteSource, signal?: AbortSignal) =>
    (await checkVolume(source, signal)).map(({ text }) => text).join('\n');

  it('says that a tree of more nodes than any has is none, and takes no memory for them', async () => {
    const source = await hollow(2 ** 27, 2 ** 26);
    expect(await textsOf(source)).toMatch(/catalog B-tree header, the fork: expected at most 67108864 nodes/);
  });

  it('stops although no read gives anybody else a turn', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Interrupted()), 100);
    const source = await hollow(2 ** 25, 2 ** 24);
    await expect(checkVolume(source, controller.signal)).rejects.toBeInstanceOf(Interrupted);
  });

  it('does not keep map nodes that map nothing', async () => {
    const count = 4000;
    const first = (await guestVolume()).readUInt32BE(1024 + 272 + 20);
    const nodes = Buffer.alloc(count * BLOCK);
    for (let i = 0; i < count; i++) {
      const at = i * BLOCK;
      nodes.writeUInt32BE(i + 1 < count ? first + i + 1 : 0, at);
      nodes[at + 8] = 2;
      nodes.writeUInt16BE(1, at + 10);
      nodes.writeUInt16BE(14, at + BLOCK - 2);
      nodes.writeUInt16BE(BLOCK - 6, at + BLOCK - 4);
    }
    expect(await textsOf(await hollow(2 ** 14, count, nodes))).toMatch(
      /map nodes: expected at most 1[68] for \d+ nodes, found more, or a ring/,
    );
  });
});

it('is told by the signal alone', async () => {
  const volume = fromBytes(await guestVolume(), 'volume');
  await expect(checkVolume(volume, AbortSignal.abort(new Interrupted()))).rejects.toBeInstanceOf(Interrupted);
  expect(await checkVolume(volume, new AbortController().signal)).toEqual(await checkVolume(volume));
});

it('knows zeros', () => {
  for (const length of [0, 1, 2, 511, 4096]) {
    const bytes = new Uint8Array(length);
    expect(isZero(bytes)).toBe(true);
    for (const at of [0, Math.floor(length / 2), length - 1]) {
      if (length === 0) continue;
      expect(isZero(bytes.map((_, i) => (i === at ? 1 : 0)))).toBe(false);
    }
  }
  expect(isZero(new Uint8Array(512).fill(1))).toBe(false);
});
