import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../../src/formats/bytes.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../../../src/formats/hfsplus/write/index.js';
import { entry, noise } from '../../../helpers/entries.js';
import { FSCK, fsck } from '../../../helpers/fsck.js';
import { materialize } from '../../../helpers/materialize.js';
import { snapshot } from '../../../helpers/tree-snapshot.js';

const NOW = 3_600_000_000;

async function finish(staged: StagedVolume, options = {}) {
  const plan = await planVolume(staged, { now: NOW, ...options });
  const bytes = await materialize(plan);
  if (FSCK) {
    const { status, output } = fsck(bytes);
    expect(output).toContain('appears to be OK');
    expect(status).toBe(0);
  }
  return { plan, bytes, volume: await HfsVolume.open(fromBytes(bytes, 'finished')) };
}

describe('planVolume over an empty volume', () => {
  for (const blockSize of [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]) {
    for (const caseSensitive of [false, true]) {
      it(`blocks of ${blockSize}, ${caseSensitive ? 'HFSX' : 'H+'}: what was put is what is read`, async () => {
        const empty = await emptyVolume({ name: 'New', created: 3_500_000_000, blockSize, caseSensitive });
        const staged = new StagedVolume(await HfsVolume.open(empty), { now: NOW });
        await staged.put(entry(['Folder']));
        await staged.put(entry(['Folder', 'file'], { text: 'hello' }));
        await staged.put(entry(['Folder', 'big'], { data: fromBytes(noise('big', 300_001), 'big') }));
        await staged.put(entry(['Folder', 'empty'], { text: '' }));
        await staged.put(entry(['Folder', 'link'], { kind: 'symlink', text: 'file' }));
        await staged.put(
          entry(['Folder', 'attributes'], {
            text: 'x',
            resource: fromBytes(noise('resource', 5000), 'resource'),
            xattrs: [
              { name: 'small', value: fromBytes(noise('small', 11), 'small') },
              { name: 'com.apple.system.Security', value: fromBytes(noise('acl', 100), 'acl') },
              { name: 'large', value: fromBytes(noise('large', 9999), 'large') },
              { name: 'none', value: fromBytes(new Uint8Array(0), 'none') },
            ],
          }),
        );
        for (const name of ['one', 'two', 'three'])
          await staged.put(entry(['Folder', name], { text: 'linked', link: 7 }));
        const expected = await snapshot(staged);
        const { volume, plan } = await finish(staged);
        expect(await snapshot(volume)).toEqual(expected);
        expect(expected.get('/Folder/two')?.link).toBe('/Folder/one');
        expect(volume.header.freeBlocks).toBe(0);
        expect(plan.totalBlocks).toBe(volume.header.totalBlocks);
      });
    }
  }
});
