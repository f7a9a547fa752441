import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Scope } from '../../src/core/scope.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import { editImage, stageKextRemoval } from '../../src/guest-disk/index.js';
import { openHostFile } from '../../src/host/host-file.js';
import { expectClean } from '../helpers/clean-volume.js';
import { scratch } from '../helpers/judges/tool.js';
import { snapshot } from '../helpers/tree-snapshot.js';
import { diskFile, guestVolume, inMap } from './disks.js';

const NAME = 'AppleIntelCPUPowerManagement';
const remove = (image: string, name = NAME, force = false) =>
  editImage({ image }, { signal: new AbortController().signal, scope: new Scope() }, (volume) =>
    stageKextRemoval(volume, { name, force }),
  );

async function paths(image: string) {
  const file = await openHostFile(image);
  const { volume } = await openVolume(await openDisk(file));
  const seen = await snapshot(volume);
  await file.close();
  return seen;
}

describe('removing a kext from an image', () => {
  it('takes it and its caches, and nothing else; the date of Extensions stays', async () => {
    const image = diskFile(scratch('kext'), inMap(await guestVolume({ journaled: true }), 'none'), 'raw');
    const before = await paths(image);
    const { changes } = await remove(image);
    expect(changes.map(({ path }) => path.join('/'))).toEqual([
      `System/Library/Extensions/${NAME}.kext`,
      'System/Library/Caches/com.apple.kext.caches',
    ]);
    const after = await paths(image);
    const gone = [...before.keys()].filter((path) => !after.has(path));
    expect(gone.every((path) => path.includes(`${NAME}.kext`) || path.includes('com.apple.kext.caches'))).toBe(true);
    expect(gone.length).toBe(6);
    for (const [path, seen] of after) {
      if (path !== '/System/Library/Caches') expect(seen).toEqual(before.get(path));
    }
    await expectClean(readFileSync(image));
    await expect(remove(image)).rejects.toThrow(/there is no \/System\/Library\/Extensions/);
  });

  it('is refused for a guest that does not need it, unless forced', async () => {
    const image = diskFile(scratch('kext'), inMap(await guestVolume({ system: '10.9.5' }), 'apm'), 'raw');
    await expect(remove(image)).rejects.toMatchObject({
      message: expect.stringMatching(/guest is 10\.9\.5/),
      hint: expect.stringMatching(/--force/),
    });
    expect(await remove(image, NAME, true)).toMatchObject({ written: true });
    await expect(remove(image, '../../x')).rejects.toThrow(/name of a kext/);
  });
});
