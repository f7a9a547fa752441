import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forms, wrapInstaller } from '../../scripts/installer/index.js';
import { inspect, readInside } from '../../src/inspect/index.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

const { signal } = new AbortController();

describe('an installer is called what it is', () => {
  it('whatever it is wrapped in', async () => {
    const app = await smallInstaller({}, { scale: 0.0005, release: '10.11' });
    for (const form of forms.filter((form) => form !== 'folder')) {
      const given = await wrapInstaller(app, form, join(testFolder(), `inspected-${form}`));
      const { installer } = await inspect(given, { signal });
      expect(installer).toMatchObject({ release: 'OS X 10.11.6 El Capitan (15G9999)', notes: [] });
    }
  });

  it('a path leads through image, package, image and image', async () => {
    const app = await smallInstaller({}, { scale: 0.0005, release: '10.11' });
    const dmg = await wrapInstaller(app, 'dmg', join(testFolder(), 'inspected'));
    const chain = '/InstallMacOSX.pkg/InstallMacOSX.pkg/InstallESD.dmg/BaseSystem.dmg';
    const { listing, layers } = await inspect(dmg, { inside: `${chain}/System/Library/CoreServices`, signal });
    expect(listing.map(({ path }) => path)).toContain('/System/Library/CoreServices/SystemVersion.plist');
    expect(layers.filter(({ kind }) => kind === 'volume')).toHaveLength(3);
    const parts: Uint8Array[] = [];
    await readInside(
      dmg,
      `${chain}/System/Library/CoreServices/SystemVersion.plist`,
      async (part) => void parts.push(part),
      { signal },
    );
    expect(Buffer.concat(parts).toString()).toContain('15G9999');
  });

  it('a path that its own image does not have is one of InstallESD, as of the app', async () => {
    const app = await smallInstaller({}, { scale: 0.0005, release: '10.11' });
    for (const form of ['app', 'esd', 'pkg', 'dmg', 'dmg-app'] as const) {
      const given = await wrapInstaller(app, form, join(testFolder(), `short-${form}`));
      const { listing } = await inspect(given, { inside: '/Packages', signal });
      expect(listing.map(({ path }) => path)).toContain('/Packages/Essentials.pkg');
      const kernel: Uint8Array[] = [];
      const inside = '/Packages/Essentials.pkg/System/Library/Kernels/kernel';
      await readInside(given, inside, async (part) => void kernel.push(part), { signal });
      expect(Buffer.concat(kernel).readUInt32LE(0)).toBe(0xfeedfacf);
      await expect(inspect(given, { inside: '/Nowhere', signal })).rejects.toThrow('nothing is at /Nowhere');
    }
  });

  it('what is none: said as build says it where it cannot be opened, else shown', async () => {
    const stub = await smallInstaller({ app: 'stub' }, { scale: 0.0005 });
    await expect(inspect(stub, { signal })).rejects.toMatchObject({
      message: expect.stringMatching(/a stub of an installer/),
    });
    const bigSur = await smallInstaller({}, { scale: 0.0005, release: '11' });
    const found = await inspect(bigSur, { signal });
    expect(found.installer).toBeUndefined();
    expect(found.listing.map(({ path }) => path)).toEqual(['/com_apple_MobileAsset_MacSoftwareUpdate']);
  });
});
