import { expect, test } from 'vitest';
import { buildAgain, buildIso, expectedTree, osxIso } from '../helpers/built-iso.js';
import type { Shape } from '../helpers/installers.js';
import { FSCK_TOOLS, fsck } from '../helpers/judges/fsck.js';
import { bootWithGrub, GRUB_BOOT_TOOLS, KERNEL_LEFT } from '../helpers/judges/grub-boot.js';
import { needs } from '../helpers/judges/needs.js';
import { PARTED_TOOLS, partedPrint, SGDISK_TOOLS, sgdiskVerify } from '../helpers/judges/partition-tools.js';
import { SEVEN_ZIP_TOOLS, sevenZip } from '../helpers/judges/seven-zip.js';
import { compareTrees } from '../helpers/judges/tree.js';
import { LONG } from '../helpers/long.js';

// Installers that are built in other ways than the usual one: the ISO must be as good, for the same judges.

const variants: { name: string; map: 'gpt' | 'mac'; bits: 64 | 32; keep?: true; options: Shape }[] = [
  {
    name: 'BaseSystem with a GPT and an EFI partition, kept',
    map: 'gpt',
    bits: 64,
    options: { faults: { baseMap: 'gpt' } },
    keep: true,
  },
  { name: 'BaseSystem without a partition map', map: 'mac', bits: 64, options: { faults: { baseMap: 'none' } } },
  {
    name: 'a case-sensitive BaseSystem (HFSX)',
    map: 'mac',
    bits: 64,
    options: { faults: { baseVolume: 'hfsx' } },
  },
  { name: 'BaseSystem with a journal', map: 'mac', bits: 64, options: { faults: { baseJournal: 'clean' } } },
  {
    name: 'a package in gzip, InstallESD with an Apple map, a fat kernel',
    map: 'mac',
    bits: 32,
    options: { faults: { payload: 'gzip', esdMap: 'apm' }, bits: 'fat' },
  },
];

const journal = (path: string) => path.startsWith('.journal');

// Threads take the parts of an ISO in another order each time. At this scale several runs of BaseSystem.dmg lie in one run of
// InstallESD.dmg, which once made builds that were wrong two times out of three.
test.runIf(LONG)('built several times over, the contents are right each time', async (context) => {
  needs(context, ...SEVEN_ZIP_TOOLS);
  // Large enough for two threads.
  const first = await buildIso({ release: '10.10', scale: 0.004 });
  const expected = expectedTree(first.truth);
  for (let i = 1; i <= 4; i++) {
    const { iso } = i === 1 ? first : await buildAgain(first, `${i}.iso`);
    expect({ i, wrong: compareTrees(expected, await sevenZip(iso)).differences }).toEqual({ i, wrong: [] });
  }
});

for (const { name, map, bits, options, keep } of variants) {
  test.runIf(LONG)(`${name}: built, verified, accepted by the judges`, async (context) => {
    needs(context, ...FSCK_TOOLS, ...SEVEN_ZIP_TOOLS, ...PARTED_TOOLS, ...SGDISK_TOOLS, ...GRUB_BOOT_TOOLS);
    const built = await buildIso({ release: '10.10', scale: 0.0005, ...options }, ...(keep ? ['--map', 'keep'] : []));
    expect(await osxIso(['verify', built.iso], built.folder)).toMatchObject({ status: 0 });
    expect(await fsck(built.iso)).toMatchObject({ status: 0, output: expect.stringContaining('appears to be OK') });

    expect(await partedPrint(built.iso)).toMatchObject({ map, complaints: '' });
    if (map === 'gpt') expect(await sgdiskVerify(built.iso)).toMatchObject({ ok: true });

    expect(compareTrees(expectedTree(built.truth), await sevenZip(built.iso), journal).differences).toEqual([]);

    const { path, nonce } = built.truth.kernel;
    const boot = await bootWithGrub({ image: built.iso, kernelPath: path, bits, nonce: 'variant' });
    expect(boot.serial).toContain(`OSX-ISO KERNEL nonce=${nonce} bits=${bits}`);
    expect(boot.status).toBe(KERNEL_LEFT);
  });
}
