import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Interrupted } from '../../../src/errors.js';
import { fromBytes } from '../../../src/formats/bytes.js';
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
