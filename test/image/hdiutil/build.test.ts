import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { openDisk, openVolume } from '../../../src/formats/disk.js';
import { openHostFile } from '../../../src/host/host-file.js';
import { build } from '../../../src/iso/build.js';
import { hdiutilScript } from '../../../src/iso/dry-run.js';
import { type BuildOptions, planBuild } from '../../../src/iso/plan.js';
import { verifyFile } from '../../../src/iso/verify-file.js';
import type { HostFacts } from '../../../src/preflight/index.js';
import { LONG, points } from '../../helpers/long.js';
import { Mac, MOUNTS_ON } from '../../helpers/mac.js';
import { putFiles, releaseFiles } from '../../helpers/opencore.js';
import { smallInstaller } from '../../helpers/small-installer.js';
import { BIN, compileStandIn } from '../../helpers/stand-in.js';
import { snapshot } from '../../helpers/tree-snapshot.js';
import type { Rule } from '../../stand-in/failures.js';

const signal = new AbortController().signal;
const isRoot = process.geteuid?.() === 0;
/** Says that this is a Mac's root, whoever it is. */
const asRoot: HostFacts = {
  platform: process.platform,
  euid: 0,
  macosVersion: async () => undefined,
  freeSpace: async () => 1e12,
  volumeOf: async () => 1,
  refusal: async () => undefined,
};

let standIn: string;
let app: string;
beforeAll(async () => {
  standIn = await compileStandIn();
  app = await smallInstaller();
});

let mac: Mac;
let leave: () => void;
beforeEach(() => {
  mac = new Mac(standIn);
  leave = mac.enter();
});
afterEach(() => {
  leave();
  mac.remove();
});

/** Builds through the hdiutil engine. Owners are real where the test is root; elsewhere as if it were. */
async function built(options: Partial<BuildOptions> = {}) {
  const given: BuildOptions = { app, output: join(mac.out, 'x.iso'), engine: 'hdiutil', ...options };
  const events: RunEvent[] = [];
  const parts = isRoot ? {} : { chown: async () => {} };
  const plan = await planBuild(given, asRoot);
  const result = await build(plan, given, { signal, emit: (event) => events.push(event), parts });
  const notes = events.flatMap((event) => (event.type === 'step:note' ? [event.text] : []));
  return { ...result, notes, events };
}

/** The tree of an ISO without the dates on which two builds differ anyway. */
/** A folder with attributes in the package that has the kernel. */
const FROM_PACKAGE = '/System/Library/Kernels';

async function tree(iso: string) {
  const file = await openHostFile(iso);
  try {
    const { volume } = await openVolume(await openDisk(file));
    const entries = await snapshot(volume);
    return new Map(
      [...entries].map(([path, { dates, textEncoding: _encoding, ...entry }]) => {
        // The plist is written anew by each.
        const touched = entry.kind === 'folder' || path.startsWith('/Extra/');
        return [path, { ...entry, ...(!touched && { modified: dates.modified }) }];
      }),
    );
  } finally {
    await file.close();
  }
}

const rules = (...list: Rule[]) => mac.hdiutil.plan(list);

describe('the recipe of Yosemite, unchanged, over hdiutil', () => {
  it('has two devices to tell mounts by', () => {
    expect(MOUNTS_ON).toBeDefined();
  });

  it.runIf(LONG)(
    'makes the same files as the native engine, gives everything back, and leaves the source as it was',
    async () => {
      const esd = join(app, 'Contents/SharedSupport/InstallESD.dmg');
      const before = [statSync(esd).mtimeMs, readFileSync(esd).length];
      const { iso, manifest, events } = await built();
      const verbs = mac.hdiutil
        .calls()
        .map(([verb, ...rest]) => `${verb}${rest.includes('-limits') ? ' -limits' : ''}`)
        .filter((call) => call !== 'info' && call !== 'imageinfo');
      // Somlo's order.
      expect(verbs).toEqual([
        ...['attach', 'convert', 'resize -limits', 'resize', 'attach'],
        ...['detach', 'detach', 'resize -limits', 'resize', 'convert'],
      ]);
      const inBytes = events.flatMap((e) => (e.type === 'step:progress' && e.progress.total ? [e.step.verb] : []));
      expect(inBytes).toEqual(expect.arrayContaining(['convert', 'copy', 'verify']));
      expect(manifest.engine).toBe('hdiutil');
      expect(manifest.facts).toMatchObject({ kernel: { path: '/System/Library/Kernels/kernel' } });
      expect((await verifyFile(iso, { signal })).checks.filter((check) => !check.ok)).toEqual([]);
      expect(mac.left()).toEqual([]);
      expect(readdirSync(mac.out).sort()).toEqual(['x.iso', 'x.iso.json']);
      expect([statSync(esd).mtimeMs, readFileSync(esd).length]).toEqual(before);

      const options: BuildOptions = { app, output: join(mac.out, 'native.iso'), engine: 'native' };
      const native = await build(await planBuild(options), options, { signal, emit: () => undefined });
      const [ours, theirs] = [await tree(iso), await tree(native.iso)];
      expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
      expect(theirs.get(FROM_PACKAGE)?.content).toMatch(/xattr org\.osx-iso\.note/);
      for (const [path, entry] of theirs) expect(ours.get(path), path).toEqual(entry);
      expect(ours.size).toBeGreaterThan(400);
    },
  );

  it.runIf(LONG).each(['none', 'gpt'] as const)('takes a BaseSystem with the map "%s"', async (baseMap) => {
    const other = await smallInstaller({ baseMap });
    const { iso, manifest } = await built({ app: other });
    expect((await verifyFile(iso, { signal })).ok).toBe(true);
    expect(manifest.iso.map).toBe('apm');
    const convert = mac.hdiutil.calls().find(([verb]) => verb === 'convert');
    expect(convert).toContain('-pmap');
  });
});

const BUSY = {
  verb: 'detach',
  times: 2,
  action: { kind: 'fail', status: 16, message: 'hdiutil: couldn\'t unmount "disk2" - Resource busy' },
} as const;
const LINGERING = {
  kind: 'fail',
  status: 35,
  message: 'hdiutil: resize: failed. Resource temporarily unavailable (35)',
} as const;

it.runIf(LONG)('every trouble that is overcome, in one build', async () => {
  rules(
    BUSY,
    { verb: 'resize -limits', times: 1, action: LINGERING },
    { verb: 'convert', times: 1, action: LINGERING },
    { verb: 'attach', times: 1, action: { kind: 'licence' } },
  );
  const { iso } = await built();
  expect((await verifyFile(iso, { signal })).ok).toBe(true);
  expect(mac.left()).toEqual([]);
});

describe.runIf(LONG)('trouble that is overcome', () => {
  it('a volume that is busy twice: detached at the third try, without force', async () => {
    rules(BUSY);
    await built();
    const detaches = mac.hdiutil.calls().filter(([verb]) => verb === 'detach');
    expect(detaches).toHaveLength(4);
    expect(detaches.flat()).not.toContain('-force');
    expect(mac.left()).toEqual([]);
  });

  it('resize and convert right after a detach whose helper still lingers', async () => {
    rules({ verb: 'resize -limits', times: 1, action: LINGERING }, { verb: 'convert', times: 1, action: LINGERING });
    await built();
    expect(mac.left()).toEqual([]);
  });

  it('a detach that worked and said that it did not', async () => {
    rules({
      verb: 'detach',
      times: 1,
      action: { kind: 'fail-after', status: 1, message: 'hdiutil: detach: timeout for DiskArbitration expired' },
    });
    await built();
    expect(mac.left()).toEqual([]);
  });

  it('a licence before the property list', async () => {
    rules({ verb: 'attach', times: 1, action: { kind: 'licence' } });
    await built();
    expect(mac.left()).toEqual([]);
  });

  it('helpers that keep stdout open: nobody waits for them', async () => {
    rules({ verb: 'attach', times: 2, action: { kind: 'hold-stdout', seconds: 100 } });
    const began = Date.now();
    await built();
    expect(Date.now() - began).toBeLessThan(95_000);
    expect(mac.left()).toEqual([]);
  });
});

describe('trouble that ends the build leaves nothing', () => {
  const cases: [string, Rule, RegExp, number][] = [
    [
      'no space',
      {
        verb: 'convert',
        action: { kind: 'fail', status: 28, message: 'hdiutil: convert failed - No space left on device' },
      },
      /No space left/,
      4,
    ],
    [
      'File exists',
      { verb: 'convert', action: { kind: 'fail', status: 17, message: 'hdiutil: convert failed - File exists' } },
      /File exists/,
      1,
    ],
    [
      'image not recognized',
      { verb: 'attach', action: { kind: 'fail', status: 1, message: 'hdiutil: attach failed - image not recognized' } },
      /not recognized/,
      3,
    ],
    [
      'an attach that worked and said that it did not',
      {
        verb: 'attach',
        times: 1,
        action: { kind: 'fail-after', status: 1, message: 'hdiutil: attach failed - Resource busy' },
      },
      /Resource busy/,
      1,
    ],
    [
      'not permitted',
      {
        verb: 'imageinfo',
        action: { kind: 'fail', status: 1, message: 'hdiutil: imageinfo failed - Operation not permitted' },
      },
      /not permitted/,
      4,
    ],
  ];
  it.each(points(cases, 1))('%s', async (_name, rule, message, exitCode) => {
    writeFileSync(join(mac.out, 'x.iso'), 'mine');
    rules(rule);
    await expect(built({ force: true })).rejects.toMatchObject({ message: expect.stringMatching(message), exitCode });
    expect(mac.left()).toEqual([]);
    expect(readFileSync(join(mac.out, 'x.iso'), 'utf8')).toBe('mine');
  });
});

describe('what is attached already', () => {
  const esd = () => join(app, 'Contents/SharedSupport/InstallESD.dmg');
  const folder = (name: string) => {
    const path = join(mac.env.TMPDIR!, name);
    mkdirSync(path);
    return path;
  };
  afterEach(() => {
    for (const { device } of mac.hdiutil.attached()) mac.hdiutil.run('detach', device);
    for (const name of readdirSync(mac.env.TMPDIR!)) rmSync(join(mac.env.TMPDIR!, name), { recursive: true });
  });

  it.runIf(LONG)('InstallESD.dmg is used where it is mounted, and left attached', async () => {
    mac.hdiutil.run('attach', '-readonly', '-mountpoint', folder('theirs'), esd());
    const { notes } = await built();
    expect(notes).toContainEqual(expect.stringMatching(/attached already at .*theirs: used there, and left attached/));
    expect(mac.hdiutil.attached().map(({ image }) => image)).toEqual([esd()]);
  });

  it.runIf(LONG)(
    'InstallESD.dmg that another build has mounted is not shared with it: it would be detached under us',
    async () => {
      const theirs = folder('osx-iso-0123456789ab');
      mkdirSync(join(theirs, '1'));
      mac.hdiutil.run('attach', '-readonly', '-mountpoint', join(theirs, '1'), esd());
      await expect(built()).rejects.toMatchObject({
        message: expect.stringMatching(/in use by another build/),
        hint: expect.stringMatching(/osx-iso clean/),
      });
      expect(mac.hdiutil.attached()).toHaveLength(1);
    },
  );

  it.runIf(LONG)("other people's images are never touched, also when the build fails", async () => {
    const other = join(await smallInstaller({ payload: 'gzip' }), 'Contents/SharedSupport/InstallESD.dmg');
    mac.hdiutil.run('attach', '-readonly', '-mountpoint', folder('other'), other);
    const before = mac.hdiutil.attached();
    rules({
      verb: 'convert',
      action: { kind: 'fail', status: 1, message: 'hdiutil: convert failed - internal error' },
    });
    await expect(built()).rejects.toThrow(/internal error/);
    expect(mac.hdiutil.attached()).toEqual(before);
  });

  it.runIf(LONG)('InstallESD.dmg attached but mounted nowhere: says what to type, and leaves it', async () => {
    mac.hdiutil.run('attach', '-nomount', esd());
    await expect(built()).rejects.toMatchObject({
      message: expect.stringMatching(/attached already as \/dev\/disk2, but not mounted/),
      hint: expect.stringMatching(/hdiutil detach \/dev\/disk2/),
    });
    expect(mac.hdiutil.attached()).toHaveLength(1);
  });
});

it('--dry-run: every command, to be read next to the page', async () => {
  const options: BuildOptions = { app, output: '/tmp/Yosemite.iso', engine: 'hdiutil', force: true };
  const plan = await planBuild(options, asRoot);
  const lines = await hdiutilScript(plan, { scratch: '/scratch/.osx-iso-0', mounts: '/private/tmp/osx-iso-0' });
  await plan.installer.files.close();
  const text = lines
    .join('\n')
    .replaceAll(app, '/Applications/Install OS X Yosemite.app')
    .replaceAll(String(process.pid), 'PID');
  await expect(`${text}\n`).toMatchFileSnapshot('../../fixtures/hdiutil/yosemite-dry-run.txt');
  // They are commands that a shell understands.
  execFileSync('sh', ['-n'], { input: text });
  expect(mac.hdiutil.calls()).toEqual([]);
  expect(BIN).toMatch(/test\/bin$/);
});

it.runIf(LONG)('with OpenCore: the system partition is put in front of the volume that hdiutil wrote', async () => {
  const opencore = putFiles(join(mac.out, 'opencore'), releaseFiles());
  const { iso, notes, manifest } = await built({ opencore });
  expect(notes).toContain('the volume moves: the ISO is written a second time');
  expect(manifest.iso).toMatchObject({ map: 'gpt', esp: { loader: 'OpenCore 1.0.5 (RELEASE)' } });
  const { ok, checks } = await verifyFile(iso, { signal });
  expect(checks.filter((check) => !check.ok)).toEqual([]);
  expect(ok).toBe(true);
  expect(checks.map(({ name }) => name)).toContain('system partition');
});
