import { describe, expect, it } from 'vitest';
import { emptyVolume, type NewVolumeOptions } from '../../../../src/formats/hfsplus/write/index.js';
import { expectClean } from '../../../helpers/clean-volume.js';

const SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

async function check(options: Partial<NewVolumeOptions>) {
  const volume = await emptyVolume({ name: 'New Volume', created: 3_500_000_000, ...options });
  expect(volume.size % (options.blockSize ?? 4096)).toBe(0);
  await expectClean(await volume.read(0, volume.size));
}

describe('emptyVolume is clean', () => {
  describe.each(SIZES)('with blocks of %i', (blockSize) => {
    it('as H+', () => check({ blockSize }));
    it('as HFSX', () => check({ blockSize, caseSensitive: true }));
    it('journaled', () => check({ blockSize, journaled: true }));
  });

  it.each([
    [8192, 1024],
    [16384, 512],
    [32768, 32768],
    [4096, 2048],
  ])('with nodes of %i and %i bytes', (catalogNodeSize, extentsNodeSize) =>
    check({ catalogNodeSize, extentsNodeSize }),
  );
});
