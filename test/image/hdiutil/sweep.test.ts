import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { yosemite } from '../../../pipelines/yosemite.js';
import { verifyFile } from '../../../src/iso/verify-file.js';
import { LONG, WHOLE } from '../../helpers/long.js';
import { CommandLine, type Ended, Mac } from '../../helpers/mac.js';
import { smallInstaller } from '../../helpers/small-installer.js';
import { BIN, compileStandIn } from '../../helpers/stand-in.js';
import type { Action } from '../../stand-in/failures.js';

// For every call of hdiutil and cp that the recipe makes: it fails; the user presses Ctrl-C while it is under way; the build is told
// to end; the build is killed while the call goes on, and `osx-iso clean` comes after. And for every step that calls neither: the
// build is told to end, and killed, when it begins. Each time with processes of their own.

const KINDS = ['fail', 'SIGINT', 'SIGTERM', 'SIGKILL'] as const;
type Kind = (typeof KINDS)[number];

function actionOf(kind: Kind, at: number): Action {
  switch (kind) {
    case 'fail':
      return { kind, status: 1, message: 'hdiutil: failed - internal error' };
    case 'SIGINT':
      return { kind: 'pause', wait: 20_000 };
    case 'SIGTERM':
      return { kind: 'signal', signal: kind, wait: 50 };
    // In turns: done before `clean` looks, and still under way then.
    case 'SIGKILL':
      return { kind: 'signal', signal: kind, wait: at % 2 === 0 ? 50 : 1000 };
  }
}

const needsScript = (() => {
  try {
    return !execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return true;
  }
})();
/** Steps that call no program. */
const OWN_STEPS = ['remove', 'open-package', 'expect-kernel', 'verify', 'rename'];
/** cp counts as a call, too. */
const COUNTED = { PATH: `${join(BIN, 'counted')}${delimiter}${BIN}${delimiter}${process.env.PATH ?? ''}` };
/** At the same time: they wait for processes most of the time. */
const LANES = 3;

let standIn: string;
let cli: CommandLine;
let app: string;
const macs: Mac[] = [];
beforeAll(async () => {
  if (!LONG) return;
  standIn = await compileStandIn();
  cli = new CommandLine();
  app = await smallInstaller();
});
afterAll(() => {
  for (const mac of macs) mac.remove();
});

const esd = () => join(app, 'Contents/SharedSupport/InstallESD.dmg');
const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const fingerprint = () => [statSync(esd()).mtimeMs, digest(esd())];

function argvOf(mac: Mac): string[] {
  return ['build', '--app', app, '-o', join(mac.out, 'x.iso'), '--engine', 'hdiutil', '--force'];
}

/** At the call of that number, or at the beginning of the step of that verb. */
interface Point {
  readonly kind: Kind;
  readonly at: number | string;
  readonly what: string;
}

async function attempt(mac: Mac, { kind, at }: Point): Promise<Ended> {
  if (typeof at === 'string') return attemptAtStep(mac, kind as 'SIGTERM' | 'SIGKILL', at);
  mac.hdiutil.plan([{ at, action: actionOf(kind, at) }]);
  const session = cli.start(mac, argvOf(mac), { terminal: kind === 'SIGINT' && !needsScript, env: COUNTED });
  if (kind === 'SIGINT') {
    const reached = join(mac.hdiutil.state, 'reached');
    let over = false;
    void session.ended.then(() => {
      over = true;
    });
    while (!over && !existsSync(reached)) await sleep(10);
    if (needsScript) session.kill('SIGINT');
    else session.type('\u0003');
    await sleep(100);
    writeFileSync(join(mac.hdiutil.state, 'go'), '');
  }
  return session.ended;
}

async function attemptAtStep(mac: Mac, signal: 'SIGTERM' | 'SIGKILL', verb: string): Promise<Ended> {
  mac.hdiutil.plan([]);
  let sent = false;
  const session = cli.start(mac, [...argvOf(mac), '--json'], {
    env: COUNTED,
    onText: (text) => {
      if (sent || !text.includes(`"type":"step:start","schema":1,"step":{"index":${stepIndex(verb)},`)) return;
      sent = true;
      session.kill(signal);
    },
  });
  return session.ended;
}

const stepIndex = (verb: string) => yosemite.findIndex((step) => step.verb === verb);

/** What is not as it must be after a run, in words. */
async function judge(mac: Mac, { kind, at }: Point, { status, text }: Ended): Promise<string[]> {
  const faults: string[] = [];
  if (kind === 'SIGKILL') {
    if (status !== 'SIGKILL' && typeof at !== 'string') faults.push(`ended with ${status}: ${text}`);
    const cleaned = await cli.run(mac, ['clean']);
    if (cleaned.status !== 0) faults.push(`clean ended with ${cleaned.status}: ${cleaned.text}`);
  } else if (kind !== 'fail' && status !== 130 && !(status === 0 && typeof at === 'string'))
    faults.push(`ended with ${status}, not with 130: ${text}`);
  else if (kind === 'fail' && ![0, 1].includes(status as number)) faults.push(`ended with ${status}: ${text}`);
  faults.push(...mac.left());
  const iso = join(mac.out, 'x.iso');
  if (status === 0) {
    faults.push(...(await faultsOf(iso)));
  } else {
    const replaced = readFileSync(iso).subarray(0, 4).toString() !== 'mine';
    // Killed when it was all but done: the ISO has its name, whole, by a rename.
    if (replaced && at === 'rename') faults.push(...(await faultsOf(iso)));
    else if (replaced) faults.push('the file that was there was touched');
    const files = readdirSync(mac.out).filter((name) => name !== 'x.iso' && !(replaced && name === 'x.iso.json'));
    if (files.length > 0) faults.push(`left beside it: ${files}`);
  }
  return faults;
}

async function faultsOf(iso: string): Promise<string[]> {
  const { checks } = await verifyFile(iso, { signal: new AbortController().signal });
  return checks.filter(({ ok }) => !ok).map(({ name, text }) => `the ISO: ${name}: ${text}`);
}

function newMac(): Mac {
  const mac = new Mac(standIn);
  macs.push(mac);
  writeFileSync(join(mac.out, 'x.iso'), 'mine');
  return mac;
}

it.runIf(LONG)(
  'leaves nothing, at whatever call of hdiutil the build fails, is interrupted, ended or killed',
  async () => {
    const before = fingerprint();
    const began = Date.now();
    const clean = newMac();
    clean.hdiutil.plan([]);
    const whole = await cli.run(clean, argvOf(clean), { env: COUNTED });
    expect(whole.text).toMatch(/checks passed/);
    expect(whole.status).toBe(0);
    expect(clean.left()).toEqual([]);
    const calls = clean.hdiutil.calls().map(([verb]) => verb);
    expect(calls.length).toBeGreaterThan(12);

    expect(calls.filter((verb) => verb === 'cp')).toHaveLength(3);

    const left: Point[] = [
      ...KINDS.flatMap((kind) => {
        const all = calls.map((verb, index) => ({ kind, what: verb!, at: index + 1 }));
        // Ctrl-C and SIGTERM, which go the same way, in turns.
        const turn = ['SIGINT', 'SIGTERM'].indexOf(kind);
        return WHOLE || turn < 0 ? all : all.filter(({ at }) => at % 2 === turn);
      }),
      ...OWN_STEPS.flatMap((at) => (['SIGTERM', 'SIGKILL'] as const).map((kind) => ({ kind, what: 'step', at }))),
    ];
    const count = left.length;
    const faults: string[] = [];
    const outcomes = new Map<string, number>();
    const lane = async () => {
      let mac = newMac();
      for (let point = left.shift(); point; point = left.shift()) {
        const ended = await attempt(mac, point);
        const outcome = `${point.kind} → ${ended.status}`;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        const found = await judge(mac, point, ended);
        faults.push(...found.map((fault) => `${point!.kind} at ${point!.at} (${point!.what}): ${fault}`));
        // One that left something must not be blamed for it twice.
        if (found.length > 0 || readFileSync(join(mac.out, 'x.iso')).length > 4) mac = newMac();
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const seconds = Math.round((Date.now() - began) / 1000);
    const swept = `${calls.length} calls × ${KINDS.join(', ')}, ${OWN_STEPS.length} steps × SIGTERM, SIGKILL = ${count} points in ${seconds} s`;
    console.info(`failure points swept over hdiutil's stand-in: ${swept}; ${JSON.stringify([...outcomes])}`);
    expect(faults).toEqual([]);
    expect(fingerprint()).toEqual(before);
  },
  900_000,
);
