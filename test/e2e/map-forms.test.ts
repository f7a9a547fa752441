import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Faults, type Form, forms, type ReleaseName } from '../../scripts/installer/index.js';
import { openDisk } from '../../src/formats/disk.js';
import { openHostFile } from '../../src/host/host-file.js';
import type { MapChoice } from '../../src/image/types.js';
import { build } from '../../src/iso/build.js';
import { planBuild } from '../../src/iso/plan.js';
import { sharedInstaller } from '../helpers/installers.js';
import { startWithChameleon } from '../helpers/judges/chameleon/loader.js';
import { fsck } from '../helpers/judges/fsck.js';
import { judgeIso, needsJudges } from '../helpers/judges/iso.js';
import { scratch } from '../helpers/judges/tool.js';
import { LONG, WHOLE } from '../helpers/long.js';

// Apple's maps in every form that installers up to 10.10 have or may have (real-media.md section 1): every release is built from
// each, judged, and keeps the form with `--map keep`. `.ci/run` takes another container for every pair, so that all come up;
// OSX_ISO_LONG=whole takes all containers for all pairs.

const RELEASES = ['10.6', '10.7', '10.8', '10.9', '10.10'] as const satisfies readonly ReleaseName[];
const SCALE = 0.0005;
const signal = new AbortController().signal;

/**
 * As both images have it; with `keep` the map's block size, the unit it counts in, and the partitions' types. Undefined where no ISO
 * is kept: Chameleon sees no volume through the old-school form.
 */
const MAPS: Readonly<Record<string, { faults: Faults; kept?: { blockSize: number; unit: number; types: string[] } }>> =
  {
    '2048': {
      faults: both('apm-2048'),
      kept: { blockSize: 2048, unit: 2048, types: ['Apple_partition_map', 'Apple_HFS', 'Apple_Free'] },
    },
    '2048, past the end': {
      faults: { ...both('apm-2048'), pastEnd: true },
      kept: { blockSize: 2048, unit: 2048, types: ['Apple_partition_map', 'Apple_HFS', 'Apple_Free'] },
    },
    '2048, ATAPI': {
      faults: both('apm-2048-atapi'),
      kept: {
        blockSize: 2048,
        unit: 2048,
        types: ['Apple_partition_map', 'Apple_Driver_ATAPI', 'Apple_Free', 'Apple_HFS', 'Apple_Free'],
      },
    },
    '2048, old school': { faults: both('apm-old-school') },
    '512 all through': {
      faults: both('apm'),
      kept: { blockSize: 512, unit: 512, types: ['Apple_partition_map', 'Apple_HFS', 'Apple_Free'] },
    },
  };

function both(map: NonNullable<Faults['baseMap']>): Faults {
  return { baseMap: map, esdMap: map };
}

const pairs = RELEASES.flatMap((release) => Object.keys(MAPS).map((form) => ({ release, form })));
const said: string[] = [];
afterAll(() => console.info(said.join('\n')));

describe.runIf(LONG).each(pairs)('$release, $form', ({ release, form }) => {
  test('builds from its containers, and all judges agree', { timeout: 3_600_000 }, async (context) => {
    const folder = scratch('map-form');
    const { faults, kept } = MAPS[form]!;
    const shape = { release, scale: SCALE, faults };
    const { truth } = await sharedInstaller(shape);
    let first: { iso: string; sha256: string } | undefined;
    const containers = containersOf(release, form);
    for (const container of containers) {
      const { app } = await sharedInstaller({ ...shape, form: container });
      const { iso, sha256, map } = await built(app, join(folder, `${container}.iso`));
      expect(map).toBe('apm');
      first ??= { iso, sha256 };
      expect({ container, sha256 }).toEqual({ container, sha256: first.sha256 });
      if (iso !== first.iso) rmSync(iso);
    }
    const { app } = await sharedInstaller({ ...shape, form: containers[0]! });
    const outcome = release === '10.6' ? 'waits' : 'starts';
    expect(startWithChameleon(first!.iso).outcome).toBe(outcome);
    needsJudges(context);
    const keep = built(app, join(folder, 'keep.iso'), 'keep');
    if (kept) {
      const { iso } = await keep;
      expect(await shapeOf(iso)).toEqual(kept);
      expect(startWithChameleon(iso).outcome).toBe(outcome);
      expect(await fsck(iso)).toMatchObject({ status: 0, output: expect.stringContaining('appears to be OK') });
    } else {
      await expect(keep).rejects.toThrow(/descriptor says 2048.*sees no volume/);
    }
    const judges = await judgeIso(first!.iso, truth!, { map: 'apm', boots: false, some: !WHOLE });
    said.push(
      `${release}  ${form}  ${containers.join(', ')}: ${[...judges].map(([name, what]) => `${name} ${what}`).join(', ')}`,
    );
  });
});

/** One container for each pair, so that over a release's maps, and a map's releases, they differ. A DVD has none. */
function containersOf(release: ReleaseName, form: string): readonly Form[] {
  if (release === '10.6') return ['app'];
  if (WHOLE) return forms;
  return [forms[(pairs.findIndex((pair) => pair.release === release && pair.form === form) * 2) % forms.length]!];
}

async function built(app: string, iso: string, map?: MapChoice) {
  process.env.SOURCE_DATE_EPOCH = '1447200000';
  const options = { app, output: iso, engine: 'native', ...(map && { map }) } as const;
  try {
    const { manifest } = await build(await planBuild(options), options, { signal, emit: () => undefined });
    expect(manifest.facts.checks.filter(({ ok }) => !ok)).toEqual([]);
    return { iso, sha256: manifest.iso.sha256, map: manifest.iso.map };
  } finally {
    delete process.env.SOURCE_DATE_EPOCH;
  }
}

async function shapeOf(iso: string) {
  const file = await openHostFile(iso);
  const { map } = await openDisk(file);
  await file.close();
  if (map.scheme !== 'apm') throw new Error(`${iso}: expected an Apple map, found ${map.scheme}`);
  return { blockSize: map.blockSize, unit: map.unit, types: map.partitions.map(({ type }) => type) };
}
