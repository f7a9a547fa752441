import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../src/formats/bytes.js';
import { journalChecksum } from '../../../src/formats/hfsplus/journal.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { volumeBytes } from './volumes.js';

const journalOf = async (bytes: Uint8Array) => (await HfsVolume.open(fromBytes(bytes, 'volume'))).journal();

async function journaled() {
  const bytes = await volumeBytes('brew');
  const view = new DataView(bytes.buffer);
  const info = view.getUint32(1024 + 12) * 4096;
  return { bytes, view, info, at: Number(view.getBigUint64(info + 36)) };
}

describe('journal', () => {
  it('none', async () => {
    expect(await journalOf(await volumeBytes('small'))).toEqual({ state: 'none' });
  });

  it.each(['brew', 'udifGpt', 'udifRaw', 'udifZlib', 'udifEncrypted'] as const)('%s: clean', async (name) => {
    expect(await journalOf(await volumeBytes(name))).toMatchObject({ state: 'clean', size: 524288 });
  });

  it('dirty when the end has moved', async () => {
    const { bytes, view, at } = await journaled();
    view.setBigUint64(at + 16, view.getBigUint64(at + 8, true) + 1024n, true);
    view.setUint32(at + 36, journalChecksum(bytes.subarray(at, at + 44)), true);
    expect(await journalOf(bytes)).toMatchObject({ state: 'dirty' });
  });

  it('reads a journal header of a big-endian host too', async () => {
    const { bytes, view, at } = await journaled();
    for (const field of [0, 4, 32, 36, 40, 44]) view.setUint32(at + field, view.getUint32(at + field, true));
    for (const field of [8, 16, 24]) view.setBigUint64(at + field, view.getBigUint64(at + field, true));
    view.setUint32(at + 36, journalChecksum(bytes.subarray(at, at + 44)));
    expect(await journalOf(bytes)).toMatchObject({ state: 'clean' });
  });

  it('not made yet: clean', async () => {
    const { bytes, view, info } = await journaled();
    view.setUint32(info, 5);
    expect(await journalOf(bytes)).toMatchObject({ state: 'clean', start: 0, end: 0 });
  });

  it.each<[string, RegExp, (on: Awaited<ReturnType<typeof journaled>>) => void]>([
    ['on another device', /inside the volume/, ({ view, info }) => view.setUint32(info, 2)],
    ['info block outside', /a block of the volume/, ({ view }) => view.setUint32(1024 + 12, 99_999)],
    ['outside', /inside the volume/, ({ view, info }) => view.setBigUint64(info + 44, 1n << 40n)],
    ['at an absurd place', /below 2\^53/, ({ view, info }) => view.setBigUint64(info + 36, 1n << 60n)],
    ['without its magic', /JNLx/, ({ view, at }) => view.setUint32(at, 0)],
    ['with a broken checksum', /checksum/, ({ view, at }) => view.setUint32(at + 12, 0x12345)],
  ])('%s: a FormatError', async (_, message, damage) => {
    const on = await journaled();
    damage(on);
    await expect(journalOf(on.bytes)).rejects.toThrow(message);
  });
});
