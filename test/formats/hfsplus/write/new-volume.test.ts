import { describe, expect, it } from 'vitest';
import { emptyVolume } from '../../../../src/formats/hfsplus/write/new-volume.js';
import { FSCK, fsck, WITHOUT_FSCK } from '../../../helpers/fsck.js';

const SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

describe('emptyVolume', () => {
  describe.skipIf(!FSCK)(`is clean for Apple's fsck${WITHOUT_FSCK}`, () => {
    for (const blockSize of SIZES) {
      for (const kind of ['H+', 'HFSX', 'journaled'] as const) {
        it(`${kind}, blocks of ${blockSize}`, async () => {
          const volume = await emptyVolume({
            name: 'New Volume',
            created: 3_500_000_000,
            blockSize,
            caseSensitive: kind === 'HFSX',
            journaled: kind === 'journaled',
          });
          expect(volume.size % blockSize).toBe(0);
          const { status, output } = fsck(await volume.read(0, volume.size));
          expect(output).toContain('The volume New Volume appears to be OK');
          expect(status).toBe(0);
        });
      }
    }
    for (const [catalogNodeSize, extentsNodeSize] of [
      [8192, 1024],
      [16384, 512],
      [32768, 32768],
      [4096, 2048],
    ] as const) {
      it(`nodes of ${catalogNodeSize} and ${extentsNodeSize} bytes`, async () => {
        const volume = await emptyVolume({ name: 'Nodes', created: 3_500_000_000, catalogNodeSize, extentsNodeSize });
        expect(fsck(await volume.read(0, volume.size))).toMatchObject({ status: 0 });
      });
    }
  });
});
