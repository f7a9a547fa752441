import { rmSync } from 'node:fs';
import { expect, type TestContext } from 'vitest';
import type { Truth } from '../../../scripts/installer/index.js';
import { expectedTree } from '../built-iso.js';
import { FSCK_TOOLS, fsck } from './fsck.js';
import { bootWithGrub, GRUB_BOOT_TOOLS, KERNEL_LEFT } from './grub-boot.js';
import { compareWithGrub, GRUB_FSTEST_TOOLS } from './grub-fstest.js';
import { needs } from './needs.js';
import { PARTED_TOOLS, partedPrint, SGDISK_TOOLS, sgdiskVerify } from './partition-tools.js';
import { SEVEN_ZIP_TOOLS, sevenZip } from './seven-zip.js';
import { SLEUTH_KIT_TOOLS, sleuthKit } from './sleuth-kit.js';
import { compareTrees } from './tree.js';
import { extract, findVolume } from './volume.js';

export const JUDGES = ['fsck', '7-Zip', 'TSK', 'GRUB fs', 'parted', 'GRUB boot'] as const;
export type JudgeName = (typeof JUDGES)[number];

/** What The Sleuth Kit says it cannot read. */
const BLIND = ['usr/share/odd/attributes/fork', 'usr/share/odd/attributes/many'];
export const journal = (path: string) => path.startsWith('.journal');

/** Everything the judges of an ISO need. */
export function needsJudges(context: TestContext): void {
  needs(context, ...FSCK_TOOLS, ...SEVEN_ZIP_TOOLS, ...SLEUTH_KIT_TOOLS, ...GRUB_FSTEST_TOOLS);
  needs(context, ...PARTED_TOOLS, ...SGDISK_TOOLS, ...GRUB_BOOT_TOOLS);
}

/**
 * What each judge says of a finished ISO with that map; an assertion fails where one has something against it. With `some` GRUB, which
 * is a process for each file, looks into every twelfth folder.
 */
export async function judgeIso(
  iso: string,
  truth: Truth,
  { map, boots, some }: { readonly map: 'apm' | 'gpt'; readonly boots: boolean; readonly some?: boolean },
): Promise<ReadonlyMap<JudgeName, string>> {
  const said = new Map<JudgeName, string>();
  const expected = expectedTree(truth);
  const count = Object.keys(expected).length;
  const files = Object.values(expected).filter(({ kind }) => kind === 'file').length;

  expect(await fsck(iso)).toMatchObject({ status: 0, output: expect.stringContaining('appears to be OK') });
  said.set('fsck', 'ok');

  // 7-Zip looks into a disk only where it has one partition.
  const volume = extract(iso, await findVolume(iso));
  const zip = compareTrees(expected, await sevenZip(volume), journal);
  rmSync(volume);
  expect(zip).toMatchObject({ differences: [], unread: [], entries: count });
  said.set('7-Zip', `${zip.entries} entries`);

  const tsk = compareTrees(expected, await sleuthKit(iso), journal);
  const blind = BLIND.filter((path) => path in expected);
  expect(tsk).toMatchObject({ differences: [], unread: blind, entries: count, hashes: files - blind.length });
  said.set('TSK', `${tsk.hashes} hashes`);

  const grub = await compareWithGrub(iso, truth.kernel.path.slice(1), expected, journal, some ? 12 : 1);
  expect(grub).toMatchObject({ differences: [], unread: [], hashes: grub.files });
  expect(grub.files).toBeGreaterThan(some ? 0 : files / 2);
  said.set('GRUB fs', `${grub.hashes} hashes`);

  expect(await partedPrint(iso)).toMatchObject({ map: map === 'apm' ? 'mac' : 'gpt', complaints: '' });
  if (map === 'gpt') expect(await sgdiskVerify(iso)).toMatchObject({ ok: true });
  said.set('parted', map === 'gpt' ? 'and sgdisk' : 'ok');

  if (!boots) return said;
  const { path, nonce } = truth.kernel;
  const boot = await bootWithGrub({ image: iso, kernelPath: path, bits: 64, nonce: 'judged' });
  expect(boot.serial).toContain(`OSX-ISO KERNEL nonce=${nonce} bits=64`);
  expect(boot.status).toBe(KERNEL_LEFT);
  said.set('GRUB boot', path);
  return said;
}
