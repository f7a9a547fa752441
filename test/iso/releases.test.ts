import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recipes } from '../../pipelines/index.js';
import type { Faults, InstallerOptions } from '../../scripts/installer/index.js';
import { makeKernel } from '../../scripts/installer/kernel.js';
import { UserError } from '../../src/errors.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import type { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { openHostFile } from '../../src/host/host-file.js';
import { build } from '../../src/iso/build.js';
import { type BuildOptions, planBuild } from '../../src/iso/plan.js';
import { releases } from '../../src/releases.js';
import { LONG, points } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

// What differs between editions is generated both ways: either must build, or be refused with the reason.

type Release = NonNullable<InstallerOptions['release']>;

let counter = 0;

async function built(release: Release, faults: Faults = {}, more: Partial<BuildOptions> = {}) {
  const folder = join(testFolder(), `release-${counter++}`);
  await mkdir(folder);
  const app = await smallInstaller(faults, { release, scale: 0.0005 });
  const options: BuildOptions = { app, output: join(folder, 'x.iso'), engine: 'native', ...more };
  const notes: string[] = [];
  const result = await build(await planBuild(options), options, {
    signal: new AbortController().signal,
    emit: (event) => {
      if (event.type === 'step:note') notes.push(event.text);
    },
  });
  return { ...result, folder, notes, check: checkOf(result.manifest.facts.checks) };
}

const checkOf = (checks: readonly { name: string; text: string }[]) => (name: string) =>
  checks
    .filter((check) => check.name === name)
    .map(({ text }) => text)
    .join('; ');

async function failure(release: Release, faults: Faults, more: Partial<BuildOptions> = {}): Promise<UserError> {
  const error = await built(release, faults, more).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

async function onVolume<T>(iso: string, look: (volume: HfsVolume) => Promise<T>): Promise<T> {
  const file = await openHostFile(iso);
  try {
    return await look((await openVolume(await openDisk(file))).volume);
  } finally {
    await file.close();
  }
}

it('there is a recipe for every release that is known, and no other', () => {
  expect(Object.keys(recipes).sort()).toEqual(releases.map(({ version }) => version).sort());
});

describe('the kernel', () => {
  for (const release of ['10.13', '10.14', '10.15'] as const) {
    it.runIf(LONG)(`${release}: in Essentials.pkg where Core.pkg has none`, async () => {
      const { notes, check } = await built(release, { kernelIn: 'Essentials.pkg' });
      expect(notes).toContain('from esd:/Packages/Essentials.pkg');
      expect(check('kernel')).toMatch(/^\/System\/Library\/Kernels\/kernel: a Mach-O kernel for x86_64/);
    });
  }

  it.runIf(LONG)('10.10: in BaseSystemBinaries.pkg where Essentials.pkg has none', async () => {
    const { notes } = await built('10.10', { kernelIn: 'BaseSystemBinaries.pkg' });
    expect(notes).toContain('from esd:/Packages/BaseSystemBinaries.pkg');
  });

  it.runIf(LONG)('10.9: in Essentials.pkg, in gzip and in bzip2', async () => {
    for (const payload of points(['gzip', 'bzip2'] as const, 1)) {
      const { notes } = await built('10.9', { kernelIn: 'Essentials.pkg', payload });
      expect(notes).toContain('from esd:/Packages/Essentials.pkg');
    }
  });

  it.runIf(LONG)('in none: all that were looked into are named', async () => {
    const core = await failure('10.13', { kernel: 'missing' });
    expect(core.message).toMatch(
      /expected a kernel, found nothing at \/System\/Library\/Kernels\/kernel in esd:\/Packages\/Core\.pkg or esd:\/Packages\/Essentials\.pkg/,
    );
    expect(core).toMatchObject({ exitCode: 3, hint: expect.stringContaining('--kernel FILE') });
    const old = await failure('10.9', { kernel: 'missing' });
    expect(old.message).toMatch(
      /\/mach_kernel in esd:\/Packages\/BaseSystemBinaries\.pkg or .*BaseSystemResources\.pkg or .*Essentials\.pkg/,
    );
    for (const release of points(['10.6', '10.7', '10.8'] as const, 1)) {
      const whole = await failure(release, { kernel: 'missing' });
      expect(whole).toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/:\/mach_kernel: expected a kernel, found nothing/),
      });
    }
  });

  it.runIf(LONG)('of the user’s: in the root for 10.9, refused where the disk is Apple’s own', async () => {
    const kernel = join(testFolder(), 'other-kernel');
    await writeFile(kernel, makeKernel({ nonce: 'other', bits: 64 }));
    const { iso } = await built('10.9', { kernel: 'missing' }, { kernel });
    expect(await onVolume(iso, async (volume) => (await volume.file(['mach_kernel']))?.size)).toBe(
      makeKernel({ nonce: 'other', bits: 64 }).length,
    );
    expect(await failure('10.7', {}, { kernel })).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("Apple's own"),
    });
  });
});

describe('what System/Installation/Packages is', () => {
  for (const packagesLink of points(['folder', 'missing'] as const, 1)) {
    it(`10.13 and later: ${packagesLink}`, async () => {
      const { iso, check } = await built('10.14', { packagesLink });
      expect(check('packages')).toMatch(/^\/System\/Installation\/Packages: 8 packages/);
      const kind = await onVolume(
        iso,
        async (volume) => (await volume.entry(['System', 'Installation', 'Packages']))?.kind,
      );
      expect(kind).toBe('folder');
    });
  }

  it.runIf(LONG)('10.9 to 10.12: a folder is refused, nothing is fine', async () => {
    for (const release of points(['10.9', '10.11', '10.12'] as const, 1)) {
      const error = await failure(release, { packagesLink: 'folder' });
      expect(error).toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/expected a symbolic link, found a folder/),
      });
      expect((await built(release, { packagesLink: 'missing' })).check('packages')).toMatch(/packages/);
    }
  });
});

describe('the prelinked kernel', () => {
  it.runIf(LONG)('is said to be where the release’s loader looks, or not', async () => {
    const { check } = await built('10.10', { prelinked: 'kernelcache' });
    expect(check('kernel')).toMatch(/no kernel cache$/);
    expect((await built('10.10', { prelinked: 'prelinkedkernel' })).check('kernel')).toMatch(/cache/);
    expect((await built('10.9', { prelinked: 'prelinkedkernel' })).check('kernel')).toMatch(/no kernel cache$/);
  });
});

describe('the partition map', () => {
  it('is a new Apple one for every release, and what is asked for', async () => {
    // The short run takes the first and the last.
    const cases = [
      ['10.12', {}, 'keep', 'gpt'],
      ['10.9', {}, undefined, 'apm'],
      ['10.9', { baseMap: 'gpt' }, undefined, 'apm'],
      ['10.9', { baseMap: 'gpt' }, 'keep', 'gpt'],
      ['10.11', {}, undefined, 'apm'],
      ['10.11', { baseMap: 'apm' }, undefined, 'apm'],
      ['10.12', {}, 'gpt', 'gpt'],
      ['10.12', { baseMap: 'none' }, 'gpt', 'gpt'],
      ['10.7', {}, undefined, 'apm'],
      ['10.7', { esdMap: 'apm' }, undefined, 'apm'],
      ['10.7', { esdMap: 'none' }, undefined, 'apm'],
      ['10.8', {}, 'apm', 'apm'],
      ['10.6', {}, undefined, 'apm'],
      ['10.6', { baseMap: 'none' }, 'gpt', 'gpt'],
      ['10.10', {}, 'gpt', 'gpt'],
    ] as const;
    for (const [release, faults, map, found] of points(cases, 2)) {
      const { manifest } = await built(release, faults, map === undefined ? {} : { map });
      expect([release, faults, map, manifest.iso.map]).toEqual([release, faults, map, found]);
    }
  });
});

describe('10.7 and 10.8', () => {
  it.runIf(LONG)('boot.efi in the root, SystemVersion.plist only in the Base System', async () => {
    const { check, manifest } = await built('10.8', { bootFiles: 'root' });
    expect(check('blessing')).toBe('/ is blessed and has boot.efi');
    expect(manifest.source).toMatchObject({ version: '10.8.5', build: '12F9999' });
  });

  it('the volume is as Apple made it, byte for byte, where no plist is wanted', async () => {
    const { iso } = await built('10.7', {}, { plist: 'none' });
    const app = await smallInstaller({}, { release: '10.7', scale: 0.0005 });
    const [made, given] = await Promise.all(
      [iso, join(app, 'Contents/SharedSupport/InstallESD.dmg')].map(async (path) => {
        const file = await openHostFile(path);
        const { partition } = await openVolume(await openDisk(file));
        const bytes = Buffer.from(await partition.source.read(0, partition.source.size));
        await file.close();
        return bytes;
      }),
    );
    expect(made!.equals(given!)).toBe(true);
  });
});

describe('what is made', () => {
  it('names from a template, a checksum file, and nothing else', async () => {
    const { folder, made, iso, manifest } = await built(
      '10.13',
      {},
      {
        output: join(testFolder(), `release-${counter}`, '{version}-{build} {name}.iso'),
        checksum: true,
        identify: true,
      },
    );
    const name = '10.13.6-17G9999 Install macOS High Sierra.iso';
    expect((await readdir(folder)).sort()).toEqual([name, `${name}.json`, `${name}.sha256`].sort());
    expect(made).toEqual([iso, `${iso}.json`, `${iso}.sha256`]);
    expect(manifest.source.sha1).toMatch(/^[0-9a-f]{40}$/);
    expect(manifest.source.notes).toEqual([expect.stringContaining('on no published list')]);
  });
});
