import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDisk, openVolume } from '../../../src/formats/disk.js';
import { openHostFile } from '../../../src/host/host-file.js';
import { build } from '../../../src/iso/build.js';
import { planBuild } from '../../../src/iso/plan.js';
import { verifyFile } from '../../../src/iso/verify-file.js';
import { LONG } from '../../helpers/long.js';
import { CommandLine, Mac } from '../../helpers/mac.js';
import { smallInstaller, testFolder } from '../../helpers/small-installer.js';
import { compileStandIn } from '../../helpers/stand-in.js';
import { snapshot } from '../../helpers/tree-snapshot.js';

/** Debian's "nobody". */
const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;

let standIn: string;
let cli: CommandLine;
let app: string;
let esd: string;
beforeAll(async () => {
  standIn = await compileStandIn();
  cli = new CommandLine();
  app = await smallInstaller();
  esd = join(app, 'Contents/SharedSupport/InstallESD.dmg');
});

let mac: Mac;
beforeEach(() => {
  mac = new Mac(standIn);
});
afterEach(() => mac.remove());

const argv = (...more: string[]) => [
  'build',
  '--app',
  app,
  '-o',
  join(mac.out, 'x.iso'),
  '--engine',
  'hdiutil',
  ...more,
];
const reached = async () => {
  const file = join(mac.hdiutil.state, 'reached');
  for (let i = 0; i < 1500 && !existsSync(file); i++) await sleep(20);
  expect(existsSync(file)).toBe(true);
};
const go = () => writeFileSync(join(mac.hdiutil.state, 'go'), '');

/** Whether anybody may run what lies here: a checkout below a private folder cannot be used by another user. */
function anybodyMay(path: string): boolean {
  for (let here = path; ; here = dirname(here)) {
    if ((statSync(here).mode & 0o005) !== 0o005) return false;
    if (here === dirname(here)) return true;
  }
}

describe('two builds at a time', () => {
  it.runIf(LONG)('of one output: the second is refused with the pid of the first, which goes on', async () => {
    mac.hdiutil.plan([{ verb: 'convert', times: 1, action: { kind: 'pause', wait: 30_000 } }]);
    const first = cli.start(mac, argv());
    await reached();
    const second = await cli.run(mac, argv());
    expect(second.status).toBe(4);
    const pid = /another build of it is running, process (\d+)/.exec(second.text)?.[1];
    expect(pid).toBeDefined();
    const live = await cli.run(mac, ['clean']);
    expect(live.text).toContain(`Process ${pid} is still at work: left alone.`);
    go();
    expect((await first.ended).status).toBe(0);
    expect(mac.left()).toEqual([]);
  });
});

describe('what cannot be given back', () => {
  it.runIf(LONG)('is told with the command that does it, stays in the journal, and clean does it later', async () => {
    mac.hdiutil.plan([
      {
        verb: 'convert',
        times: 1,
        action: { kind: 'fail', status: 1, message: 'hdiutil: convert failed - internal error' },
      },
      {
        verb: 'detach',
        action: { kind: 'fail', status: 16, message: 'hdiutil: couldn\'t unmount "disk2" - Resource busy' },
      },
    ]);
    const { status, text } = await cli.run(mac, argv());
    expect(status).toBe(1);
    expect(text).toMatch(/internal error/);
    expect(text).toMatch(/Left behind[\s\S]*hdiutil detach \/dev\/disk2[\s\S]*rmdir [\s\S]*rm -r /);
    expect(mac.hdiutil.attached().map(({ image }) => image)).toEqual([esd]);
    // Tried for a while, then by force, and the scratch folders are kept for what is still in them.
    expect(mac.hdiutil.calls().flat()).toContain('-force');
    expect(mac.left().length).toBeGreaterThan(2);

    mac.hdiutil.plan([]);
    const shown = await cli.run(mac, ['clean', '--dry-run']);
    expect(shown.text).toMatch(/is dead and left:[\s\S]*hdiutil detach \/dev\/disk2/);
    expect(mac.hdiutil.attached()).toHaveLength(1);
    const cleaned = await cli.run(mac, ['clean', '--json']);
    expect(JSON.parse(cleaned.text.trim())).toMatchObject({ type: 'clean', dryRun: false, failed: [] });
    expect(mac.left()).toEqual([]);
  });

  it.runIf(LONG)('a second Ctrl-C leaves at once and says what is left; clean does it', async () => {
    mac.hdiutil.plan([
      { at: 5, action: { kind: 'pause', wait: 2000 } },
      { verb: 'detach', times: 1, action: { kind: 'pause', wait: 30_000 } },
    ]);
    const session = cli.start(mac, argv(), { terminal: true });
    await reached();
    session.type('\u0003');
    await sleep(900);
    for (let i = 0; i < 500 && !mac.hdiutil.calls().some(([verb]) => verb === 'detach'); i++) await sleep(20);
    session.type('\u0003');
    const { status, text } = await session.ended;
    go();
    expect(status).toBe(130);
    expect(text).toMatch(/Left behind[\s\S]*hdiutil detach \/dev\/disk2/);
    const cleaned = await cli.run(mac, ['clean']);
    expect({ status: cleaned.status, text: cleaned.status === 0 ? '' : cleaned.text }).toEqual({ status: 0, text: '' });
    expect(mac.left()).toEqual([]);
  });
});

describe('without root', () => {
  it.runIf(isRoot)('the engine refuses, before it touches anything, and says both ways out', async () => {
    if (!anybodyMay(import.meta.dirname)) return;
    chmodSync(testFolder(), 0o755);
    mac.give(NOBODY);
    const { status, text } = await cli.run(mac, argv(), { uid: NOBODY });
    expect(status).toBe(4);
    expect(text).toMatch(/must run as root: only root can keep the owners/);
    expect(text).toMatch(/Type: sudo osx-iso build --app [\s\S]*--engine native/);
    expect(mac.hdiutil.calls()).toEqual([]);
    expect(mac.left()).toEqual([]);

    const plan = await cli.run(mac, argv('--dry-run'), { uid: NOBODY });
    expect(plan.status).toBe(0);
    expect(plan.text).toMatch(/hdiutil convert [\s\S]*In the way: The hdiutil engine must run as root/);
  });

  it.runIf(LONG)('the whole recipe runs, and with owners simulated makes what the native engine makes', async () => {
    const uid = isRoot && anybodyMay(import.meta.dirname) ? NOBODY : undefined;
    if (uid !== undefined) {
      chmodSync(testFolder(), 0o755);
      mac.give(uid);
    }
    const iso = join(mac.out, 'x.iso');
    const ended = await cli.script(
      mac,
      `import { build } from './src/iso/build.js';
       import { planBuild } from './src/iso/plan.js';
       const facts = { platform: 'linux', euid: 0, macosVersion: async () => undefined, freeSpace: async () => 1e12,
         volumeOf: async () => 1, refusal: async () => undefined };
       const options = ${JSON.stringify({ app, output: iso, engine: 'hdiutil' })};
       const parts = { chown: async () => {} };
       const context = { signal: new AbortController().signal, emit: () => {}, parts };
       await build(await planBuild(options, facts), options, context);
       console.log('built by', process.geteuid());`,
      { ...(uid !== undefined && { uid }) },
    );
    expect(ended.text).toBe(`built by ${uid ?? process.geteuid?.()}\n`);
    expect(mac.left()).toEqual([]);
    const signal = new AbortController().signal;
    expect((await verifyFile(iso, { signal })).ok).toBe(true);
    const options = { app, output: join(mac.out, 'native.iso'), engine: 'native' } as const;
    const native = await build(await planBuild(options), options, { signal, emit: () => undefined });
    const [ours, theirs] = [await tree(iso), await tree(native.iso)];
    for (const [path, entry] of theirs) expect(ours.get(path), path).toEqual(entry);
    expect(ours.size).toBe(theirs.size);
  });
});

it.runIf(isRoot && LONG)('what root makes under sudo belongs to who called it', async () => {
  const { status } = await cli.run(mac, argv(), { env: { SUDO_UID: '4711', SUDO_GID: '4712', SUDO_USER: 'nobody' } });
  expect(status).toBe(0);
  for (const name of readdirSync(mac.out)) {
    const { uid, gid } = statSync(join(mac.out, name));
    expect([name, uid, gid]).toEqual([name, 4711, 4712]);
  }
  expect(readFileSync(join(mac.out, 'x.iso.json'), 'utf8')).toContain('"hdiutil"');
});

async function tree(iso: string) {
  const file = await openHostFile(iso);
  try {
    const { volume } = await openVolume(await openDisk(file));
    const entries = await snapshot(volume);
    return new Map([...entries].map(([path, { kind, bsd, content, link }]) => [path, { kind, bsd, content, link }]));
  } finally {
    await file.close();
  }
}
