import { copyFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeKernel } from '../../scripts/installer/kernel.js';
import { type BuiltIso, buildIso, expectedTree, osxIso, withDamage } from '../helpers/built-iso.js';
import { FSCK_TOOLS, fsck } from '../helpers/judges/fsck.js';
import {
  BOOT_EFI_LEFT,
  bootWithGrub,
  chainloadWithGrubEfi,
  GRUB_BOOT_TOOLS,
  GRUB_EFI_BOOT_TOOLS,
  KERNEL_DAMAGED,
  KERNEL_LEFT,
} from '../helpers/judges/grub-boot.js';
import { compareWithGrub, GRUB_FSTEST_TOOLS } from '../helpers/judges/grub-fstest.js';
import { needs } from '../helpers/judges/needs.js';
import { PARTED_TOOLS, partedPrint } from '../helpers/judges/partition-tools.js';
import { SEVEN_ZIP_TOOLS, sevenZip } from '../helpers/judges/seven-zip.js';
import { SLEUTH_KIT_TOOLS, sleuthKit } from '../helpers/judges/sleuth-kit.js';
import { compareTrees, type Expected } from '../helpers/judges/tree.js';
import { findVolume, VOLUME_TOOLS } from '../helpers/judges/volume.js';
import { LONG, points } from '../helpers/long.js';

// A synthetic installer, built by the command line as a user would, and then judged by programs that are not ours. What must
// be in the ISO comes from what the installer's maker put in.
// The short run has a small one. GRUB, which is a process for each file, looks into every nth folder of the large ones.
const INSTALLERS = [
  { title: 'the ISO of a small installer', installer: { scale: 0.0005 }, every: LONG ? 1 : 12 },
  { title: 'the ISO of `npm run demo`', installer: { scale: 0.02, seed: 2015 }, every: 12 },
  { title: 'the ISO of an installer ten times smaller than the real one', installer: { scale: 0.1 }, every: 40 },
];
describe.each(points(INSTALLERS, 1))('$title:', ({ installer, every }) => {
  let built: BuiltIso;
  let expected: Expected;
  let files: number;
  /** Of them, names of files that have several: 7-Zip sees only the file itself. */
  let hardLinked: number;

  beforeAll(async () => {
    built = await buildIso({ release: '10.10', ...installer });
    expected = expectedTree(built.truth);
    files = Object.values(expected).filter(({ kind }) => kind === 'file').length;
    hardLinked = Object.values(expected).filter(({ link }) => link !== undefined).length;
  }, 300_000);

  /** What The Sleuth Kit itself says it cannot read: files that have an extended attribute with a fork. */
  const BLIND = ['usr/share/odd/attributes/fork', 'usr/share/odd/attributes/many'];

  /** BaseSystem's volume may bring a journal of its own. */
  const journal = (path: string) => path === '.journal' || path === '.journal_info_block';

  test('osx-iso verify says that the ISO is as it should be', async () => {
    const { status, stderr } = await osxIso(['verify', built.iso], built.folder);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('Apple’s fsck finds nothing', async (context) => {
    needs(context, ...FSCK_TOOLS);
    const { status, output } = await fsck(built.iso);
    expect(output).toContain('appears to be OK');
    expect(status).toBe(0);
  });

  describe('the same tree, with the same contents, is seen by', () => {
    test('7-Zip', async (context) => {
      needs(context, ...SEVEN_ZIP_TOOLS);
      const result = compareTrees(expected, await sevenZip(built.iso), journal);
      expect(result.differences).toEqual([]);
      expect(result.unread).toEqual([]);
      expect(result.entries).toBe(Object.keys(expected).length);
      expect(result.hashes).toBe(files - hardLinked);
    });

    test('The Sleuth Kit', async (context) => {
      needs(context, ...SLEUTH_KIT_TOOLS);
      const result = compareTrees(expected, await sleuthKit(built.iso), journal);
      expect(result.differences).toEqual([]);
      expect(result.unread).toEqual(BLIND);
      expect(result.entries).toBe(Object.keys(expected).length);
      expect(result.hashes).toBe(files - BLIND.length);
    });

    test('GRUB', { timeout: 300_000 }, async (context) => {
      needs(context, ...GRUB_FSTEST_TOOLS);
      const result = await compareWithGrub(built.iso, 'BaseSystem.dmg', expected, journal, every);
      expect(result).toMatchObject({ differences: [], unread: [], hashes: result.files });
      expect(result.files).toBeGreaterThan((files - hardLinked) / 3 / every);
    });
  });

  test('parted and The Sleuth Kit read the partition map, and the volume fills its partition', async (context) => {
    needs(context, ...PARTED_TOOLS, ...VOLUME_TOOLS);
    const disk = await partedPrint(built.iso);
    expect(disk).toMatchObject({ map: 'mac', logicalSector: 512, complaints: '' });
    const hfs = disk.partitions.filter(({ fileSystem }) => fileSystem === 'hfs+');
    expect(hfs).toHaveLength(1);
    expect(await findVolume(built.iso)).toMatchObject({ start: hfs[0]!.start, length: hfs[0]!.size });
  });

  describe('it boots', () => {
    test('GRUB, BIOS: the kernel of the package runs, read from the ISO’s HFS+ volume', async (context) => {
      needs(context, ...GRUB_BOOT_TOOLS);
      const { path, nonce } = built.truth.kernel;
      const boot = await bootWithGrub({ image: built.iso, kernelPath: path, bits: 64, nonce: 'e2e' });
      expect(boot.serial).toContain(`OSX-ISO KERNEL nonce=${nonce} bits=64`);
      expect(boot.serial).toContain('args=nonce=e2e');
      expect(boot.status).toBe(KERNEL_LEFT);
    });

    test.runIf(LONG)('GRUB, UEFI: boot.efi runs, read from the ISO’s HFS+ volume', async (context) => {
      needs(context, ...GRUB_EFI_BOOT_TOOLS);
      const path = '/System/Library/CoreServices/boot.efi';
      const boot = await chainloadWithGrubEfi({ image: built.iso, path });
      expect(boot.serial).toContain('OSX-ISO BOOT.EFI nonce=');
      expect(boot.status).toBe(BOOT_EFI_LEFT);
    });
  });

  describe('a changed byte in the ISO’s kernel is noticed', () => {
    let damaged: string;
    beforeAll(() => {
      const { nonce, bits, size } = built.truth.kernel;
      damaged = withDamage(built.iso, makeKernel({ nonce, bits, size }).subarray(0, 0x20000));
      copyFileSync(`${built.iso}.json`, `${damaged}.json`);
    });

    test('by osx-iso verify', async () => {
      expect((await osxIso(['verify', damaged], built.folder)).status).toBe(5);
    });

    test('by 7-Zip', async (context) => {
      needs(context, ...SEVEN_ZIP_TOOLS);
      const { differences } = compareTrees(expected, await sevenZip(damaged), journal);
      expect(differences).toEqual([expect.stringContaining('System/Library/Kernels/kernel: sha256 should be')]);
    });

    test.runIf(LONG)('by the kernel itself', async (context) => {
      needs(context, ...GRUB_BOOT_TOOLS);
      const boot = await bootWithGrub({ image: damaged, kernelPath: built.truth.kernel.path, bits: 64, nonce: 'e2e' });
      expect(boot.status).toBe(KERNEL_DAMAGED);
    });
  });
});
