import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Form, forms, type ReleaseName } from '../../scripts/installer/index.js';
import { apple2048 } from '../../scripts/installer/maps/apple-layout.js';
import { build } from '../../src/iso/build.js';
import { planBuild } from '../../src/iso/plan.js';
import { releaseOf } from '../../src/releases.js';
import { expectedTree } from '../helpers/built-iso.js';
import { sharedInstaller } from '../helpers/installers.js';
import { startWithChameleon } from '../helpers/judges/chameleon/loader.js';
import { fsck } from '../helpers/judges/fsck.js';
import { JUDGES, judgeIso, needsJudges } from '../helpers/judges/iso.js';
import { scratch } from '../helpers/judges/tool.js';
import type { Seen } from '../helpers/judges/tree.js';
import { LONG, WHOLE } from '../helpers/long.js';

// Every release, from every form in which people have it, with either map: built and verified. What the judges say of the first
// form's ISO holds for the others', because they are the same bytes; where they are not, the test fails.

/** The short run takes the two that lie deepest apart. */
const FORMS: readonly Form[] = LONG ? forms : ['app', 'dmg'];
const MAPS = ['apm', 'gpt'] as const;
const ALL = ['10.6', '10.7', '10.8', '10.9', '10.10', '10.11', '10.12', '10.13', '10.14', '10.15'] as const;
const RELEASES: readonly ReleaseName[] = LONG ? ALL : ['10.10'];
/** Where Chameleon starts a kernel; later releases need another loader. */
const BOOTED: readonly ReleaseName[] = ['10.7', '10.8', '10.9', '10.10', '10.11', '10.12'];
/** Of one of each kind, GRUB reads every file. */
const SEEN_BY_GRUB: readonly ReleaseName[] = ['10.7', '10.10', '10.13'];
/** Whose maps have blocks of 2048 bytes, and of these the ones without a driver partition (real-media.md 1.1, 1.2). */
const OF_2048: readonly ReleaseName[] = ['10.6', '10.7', '10.8', '10.9', '10.10'];
const PLAIN_2048: readonly ReleaseName[] = ['10.8', '10.9', '10.10'];

const SCALE = 0.0005;
/** Block 0 and the map's own partition. */
const MAP_BYTES = 16 * 2048;
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
    test(`${release}`, { timeout: 3_600_000 }, async (context) => {
      const folder = scratch(`matrix-${release}`);
      const { truth } = await sharedInstaller({ release, scale: SCALE });
      const isos: { map: (typeof MAPS)[number]; iso: string }[] = [];
      for (const map of MAPS) isos.push({ map, iso: await buildAll(release, map, folder) });
      for (const { map, iso } of isos) startsWithChameleon(release, map, iso, expectedTree(truth!));
      const kept = await buildAll(release, 'keep', folder);
      startsWithChameleon(release, 'keep', kept, expectedTree(truth!));
      needsJudges(context);
      expect(await fsck(kept)).toMatchObject({ status: 0, output: expect.stringContaining('appears to be OK') });
      say(release, 'keep', 'fsck', 'ok');
      keepsItsForm(release, kept);
      rmSync(kept);
      const boots = BOOTED.includes(release);
      if (boots) expect(truth!.kernel.path).toBe(releaseOf(release)?.kernel);
      // Of the short run's, demo.test.ts has one judged.
      for (const { map, iso } of LONG ? isos : []) {
        for (const [judge, what] of await judgeIso(iso, truth!, {
          map,
          boots,
          some: !WHOLE && !(map === 'apm' && SEEN_BY_GRUB.includes(release)),
        }))
          say(release, map, judge, what);
        rmSync(iso);
      }
    });
  }
});

/** What is in a form does not depend on the ISO's map: other maps are made from one form or two, from others for each release. */
function twoOf(release: ReleaseName, map: string): readonly Form[] {
  if (!LONG) return ['app'];
  const at = RELEASES.indexOf(release) + (map === 'keep' ? 4 : 0);
  return map === 'keep' ? [forms[at % forms.length]!] : [forms[at % forms.length]!, forms[(at + 5) % forms.length]!];
}

/** Builds from every form, or from some. Returns the ISO of the first; that all others are the same bytes is checked. */
async function buildAll(release: ReleaseName, map: (typeof MAPS)[number] | 'keep', folder: string) {
  const forms = release === '10.6' ? (['esd'] as const) : map === 'apm' ? FORMS : twoOf(release, map);
  let first: { iso: string; sha256: string } | undefined;
  for (const form of forms) {
    const { app } = await sharedInstaller({ release, scale: SCALE, form });
    const iso = join(folder, `${form}-${map}.iso`);
    const options = { app, output: iso, map, engine: 'native' } as const;
    const { manifest } = await build(await planBuild(options), options, { signal, emit: () => undefined });
    expect(manifest.facts.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(manifest.iso.map).toBe(map === 'keep' ? (OF_2048.includes(release) ? 'apm' : 'gpt') : map);
    expect(manifest.facts.kernel).toMatchObject({ path: releaseOf(release)?.kernel });
    first ??= { iso, sha256: manifest.iso.sha256 };
    if (first.iso !== iso) rmSync(iso);
    rmSync(`${iso}.json`);
    expect({ form, sha256: manifest.iso.sha256 }).toEqual({ form, sha256: first.sha256 });
    say(release, map, release === '10.6' ? 'dvd' : form, first.iso === iso ? 'verified' : 'same bytes');
  }
  return first!.iso;
}

/** `--map keep`: the base's own form. Up to 10.10 the measured one, written by the generator's code, which the ISO's writer does not share. */
function keepsItsForm(release: ReleaseName, iso: string): void {
  const head = readFileSync(iso).subarray(0, MAP_BYTES);
  if (!OF_2048.includes(release)) {
    expect(head.toString('latin1', 512, 520)).toBe('EFI PART');
    return;
  }
  expect([head.toString('latin1', 0, 2), head.readUInt16BE(2), head.readUInt16BE(512)]).toEqual(['ER', 2048, 0]);
  if (!PLAIN_2048.includes(release)) return;
  const volumeSectors = head.readUInt32BE(2 * 2048 + 12) * 4;
  const form = Buffer.alloc(MAP_BYTES);
  for (const { offset, bytes } of apple2048(volumeSectors).pieces) {
    if (offset < MAP_BYTES) form.set(bytes, offset);
  }
  expect(head.equals(form)).toBe(true);
  say(release, 'keep', 'parted', "Apple's form");
}

/**
 * A model of Chameleon finds its way to plist, kernel and /Extra, and has them as they should be. The DVD of 10.6 is copied as it is,
 * without a plist: there the loader waits at its prompt.
 */
function startsWithChameleon(release: ReleaseName, map: string, iso: string, expected: Record<string, Seen>): void {
  const { outcome, kernel, plist, extra, console: refused } = startWithChameleon(iso);
  expect(refused.filter((line) => !/more recent/.test(line))).toEqual([]);
  expect(outcome).toBe(release === '10.6' ? 'waits' : 'starts');
  const read = [kernel, plist, ...extra].filter((file) => file !== undefined);
  for (const { path, bytes } of read) {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect({ path, sha256 }).toEqual({ path, sha256: (expected[path.slice(1)] as { sha256?: string }).sha256 });
  }
  if (release !== '10.6') expect(plist?.path).toBe('/Extra/org.chameleon.Boot.plist');
  say(release, map, 'Chameleon', outcome === 'starts' ? kernel!.path : outcome);
}

function say(release: string, map: string, column: string, what: string): void {
  const key = `${release} ${map}`;
  const row = seen.get(key) ?? new Map<string, string>();
  row.set(column, what);
  seen.set(key, row);
}

/** Every cell that was reached; an empty one was not. */
function table(): string {
  const columns = ['dvd', ...FORMS, ...JUDGES, 'Chameleon'];
  const head = ['release', 'map', ...columns];
  const rows = RELEASES.flatMap((release) =>
    [...MAPS, 'keep'].map((map) => [
      release,
      map,
      ...columns.map((column) => seen.get(`${release} ${map}`)?.get(column) ?? ''),
    ]),
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
