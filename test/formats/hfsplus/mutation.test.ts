import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { fromBytes } from '../../../src/formats/bytes.js';
import { checkVolume } from '../../../src/formats/hfsplus/check.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { points, times } from '../../helpers/long.js';
import { type VolumeName, volumeBytes } from './volumes.js';

/** Opens, walks, reads everything: what any reader would do. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const volume = await HfsVolume.open(fromBytes(bytes, 'volume'));
  await volume.journal();
  for await (const entry of volume.walk()) {
    for (const source of [entry.data, entry.resource, ...entry.xattrs.map(({ value }) => value)]) {
      if (source) await source.read(0, source.size);
    }
    if (entry.kind === 'file') await volume.file(entry.path);
  }
}

/** A FormatError or an answer, and a check that ends with a list. */
async function survives(bytes: Uint8Array): Promise<void> {
  try {
    await readAll(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.message).toMatch(/ at byte \d+: expected /);
  }
  expect(Array.isArray(await checkVolume(fromBytes(bytes, 'volume')))).toBe(true);
}

/** Where the metadata of a volume is: [first byte, bytes] of its headers and trees. */
function metadata(bytes: Uint8Array): [number, number][] {
  const view = new DataView(bytes.buffer);
  const forks = [112, 192, 272, 352].map((at): [number, number] => [
    view.getUint32(1024 + at + 16) * 4096,
    view.getUint32(1024 + at + 20) * 4096,
  ]);
  return [[1024, 512], [view.getUint32(1024 + 12) * 4096, 64], ...forks];
}

const NAMES: VolumeName[] = ['small', 'keramics', 'brew'];
const absurd = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));

describe.each(NAMES)('%s, damaged', (name) => {
  it('anywhere in its structures: a FormatError or an answer', async () => {
    const good = await volumeBytes(name);
    const places = metadata(good);
    const byte = fc.tuple(fc.nat(places.length - 1), fc.double({ min: 0, max: 1, noNaN: true }), absurd);
    await fc.assert(
      fc.asyncProperty(fc.array(byte, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = good.slice();
        for (const [place, part, value] of changes) {
          const [start, length] = places[place]!;
          bytes[start + Math.floor(part * (length - 1))] = value;
        }
        await survives(bytes);
      }),
      { numRuns: times(150) },
    );
  });

  it('in any 32-bit field that is not zero', async () => {
    const good = await volumeBytes(name);
    const view = new DataView(good.buffer);
    const fields: number[] = [];
    for (const [start, length] of metadata(good)) {
      for (let at = start; at < start + Math.min(length, 4096 * 3); at += 2)
        if (view.getUint16(at) !== 0) fields.push(at);
    }
    for (const field of points(fields, 30)) {
      const bytes = good.slice();
      new DataView(bytes.buffer).setUint32(field, 0xffff_ffff);
      await survives(bytes);
    }
  });

  it('cut short', async () => {
    const good = await volumeBytes(name);
    for (const part of points(
      Array.from({ length: 40 }, (_, i) => i / 40),
      10,
    ))
      await survives(good.slice(0, Math.floor(good.length * part)));
  });
});
