import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Form, forms, type ReleaseName, type Truth } from '../../scripts/installer/index.js';
import { build, planBuild } from '../../src/build/build.js';
import { releaseOf } from '../../src/releases.js';
import { expectedTree } from '../helpers/built-iso.js';
import { sharedInstaller } from '../helpers/installers.js';
import { FSCK_TOOLS, fsck } from '../helpers/judges/fsck.js';
import { bootWithGrub, GRUB_BOOT_TOOLS, KERNEL_LEFT } from '../helpers/judges/grub-boot.js';
import { compareWithGrub, GRUB_FSTEST_TOOLS } from '../helpers/judges/grub-fstest.js';
import { needs } from '../helpers/judges/needs.js';
import { PARTED_TOOLS, partedPrint, SGDISK_TOOLS, sgdiskVerify } from '../helpers/judges/partition-tools.js';
import { SEVEN_ZIP_TOOLS, sevenZip } from '../helpers/judges/seven-zip.js';
import { SLEUTH_KIT_TOOLS, sleuthKit } from '../helpers/judges/sleuth-kit.js';
import { scratch } from '../helpers/judges/tool.js';
import { compareTrees } from '../helpers/judges/tree.js';
import { extract, findVolume } from '../helpers/judges/volume.js';

// Every release, from every form in which people have it, with either map: built and verified. What the judges say of the first
// form's ISO holds for the others', because they are the same bytes; where they are not, the test fails.

const FORMS: readonly Form[] = forms;
const MAPS = ['apm', 'gpt'] as const;
const RELEASES: readonly ReleaseName[] = [
  ...(['10.6', '10.7', '10.8', '10.9', '10.10', '10.11', '10.12', '10.13', '10.14', '10.15'] as const),
];
/** Where Chameleon starts a kernel; later releases need another loader. */
const BOOTED: readonly ReleaseName[] = ['10.7', '10.8', '10.9', '10.10', '10.11', '10.12'];
/** What The Sleuth Kit says it cannot read. */
const BLIND = ['usr/share/odd/attributes/fork', 'usr/share/odd/attributes/many'];
const JUDGES = ['fsck', '7-Zip', 'TSK', 'GRUB fs', 'parted', 'GRUB boot'] as const;

const SCALE = 0.0005;
const journal = (path: string) => path.startsWith('.journal');
const signal = new AbortController().signal;
/** What was seen, by release and map: a column of the table by its name. */
const seen = new Map<string, Map<string, string>>();

beforeAll(async () => {
  // The same input makes the same disk.
  process.env.SOURCE_DATE_EPOCH = '1447200000';
});

afterAll(() => {
  delete process.env.SOURCE_DATE_EPOCH;
  console.info(table());
});

describe.concurrent('every release', () => {
  for (const release of RELEASES) {
    test(`${release}`, { timeout: 600_000 }, async (context) => {
      const folder = scratch(`matrix-${release}`);
      const { truth } = await sharedInstaller({ release, scale: SCALE });
      const isos: { map: string; iso: string }[] = [];
      for (const map of MAPS) isos.push({ map, iso: await buildAll(release, map, folder) });
      needs(context, ...FSCK_TOOLS, ...SEVEN_ZIP_TOOLS, ...SLEUTH_KIT_TOOLS, ...GRUB_FSTEST_TOOLS);
      needs(context, ...PARTED_TOOLS, ...SGDISK_TOOLS, ...GRUB_BOOT_TOOLS);
      for (const { map, iso } of isos) {
        await judge(release, map, iso, truth!);
        rmSync(iso);
      }
    });
  }
});

/** Builds from every form. Returns the ISO of the first; that all others are the same bytes is checked. */
async function buildAll(release: ReleaseName, map: (typeof MAPS)[number], folder: string) {
  const forms = release === '10.6' ? (['esd'] as const) : FORMS;
  let first: { iso: string; sha256: string } | undefined;
  for (const form of forms) {
    const { app } = await sharedInstaller({ release, scale: SCALE, form });
    const iso = join(folder, `${form}-${map}.iso`);
    const options = { app, output: iso, map, engine: 'native' } as const;
    const { manifest } = await build(await planBuild(options), options, { signal, emit: () => undefined });
    expect(manifest.facts.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(manifest.iso.map).toBe(map);
    expect(manifest.facts.kernel).toMatchObject({ path: releaseOf(release)?.kernel });
    first ??= { iso, sha256: manifest.iso.sha256 };
    if (first.iso !== iso) rmSync(iso);
    rmSync(`${iso}.json`);
    expect({ form, sha256: manifest.iso.sha256 }).toEqual({ form, sha256: first.sha256 });
    say(release, map, release === '10.6' ? 'dvd' : form, first.iso === iso ? 'verified' : 'same bytes');
  }
  return first!.iso;
}

async function judge(release: ReleaseName, map: string, iso: string, truth: Truth): Promise<void> {
  const passed = (judgeName: (typeof JUDGES)[number], what = 'ok') => say(release, map, judgeName, what);
  const expected = expectedTree(truth);
  const count = Object.keys(expected).length;
  const files = Object.values(expected).filter(({ kind }) => kind === 'file').length;

  expect(await fsck(iso)).toMatchObject({ status: 0, output: expect.stringContaining('appears to be OK') });
  passed('fsck');

  // 7-Zip looks into a disk only where it has one partition.
  const volume = extract(iso, await findVolume(iso));
  const zip = compareTrees(expected, await sevenZip(volume), journal);
  rmSync(volume);
  expect(zip).toMatchObject({ differences: [], unread: [], entries: count });
  passed('7-Zip', `${zip.entries} entries`);

  const tsk = compareTrees(expected, await sleuthKit(iso), journal);
  const blind = BLIND.filter((path) => path in expected);
  expect(tsk).toMatchObject({ differences: [], unread: blind, entries: count, hashes: files - blind.length });
  passed('TSK', `${tsk.hashes} hashes`);

  const grub = await compareWithGrub(iso, truth.kernel.path.slice(1), expected, journal);
  expect(grub).toMatchObject({ differences: [], unread: [], hashes: grub.files });
  expect(grub.files).toBeGreaterThan(files / 2);
  passed('GRUB fs', `${grub.hashes} hashes`);

  expect(await partedPrint(iso)).toMatchObject({ map: map === 'apm' ? 'mac' : 'gpt', complaints: '' });
  if (map === 'gpt') expect(await sgdiskVerify(iso)).toMatchObject({ ok: true });
  passed('parted', map === 'gpt' ? 'and sgdisk' : 'ok');

  if (!BOOTED.includes(release)) return;
  const { path, nonce } = truth.kernel;
  expect(path).toBe(releaseOf(release)?.kernel);
  const boot = await bootWithGrub({ image: iso, kernelPath: path, bits: 64, nonce: 'matrix' });
  expect(boot.serial).toContain(`OSX-ISO KERNEL nonce=${nonce} bits=64`);
  expect(boot.status).toBe(KERNEL_LEFT);
  passed('GRUB boot', path);
}

function say(release: string, map: string, column: string, what: string): void {
  const key = `${release} ${map}`;
  const row = seen.get(key) ?? new Map<string, string>();
  row.set(column, what);
  seen.set(key, row);
}

/** Every cell that was reached; an empty one was not. */
function table(): string {
  const columns = ['dvd', ...FORMS, ...JUDGES];
  const head = ['release', 'map', ...columns];
  const rows = RELEASES.flatMap((release) =>
    MAPS.map((map) => [release, map, ...columns.map((column) => seen.get(`${release} ${map}`)?.get(column) ?? '')]),
  );
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
