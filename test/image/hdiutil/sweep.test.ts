import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHostFile } from '../../../src/formats/bytes.js';
import { openDisk } from '../../../src/formats/disk.js';
import { CommandLine, type Ended, Mac } from '../../helpers/mac.js';
import { smallInstaller } from '../../helpers/small-installer.js';
import { compileStandIn } from '../../helpers/stand-in.js';
import type { Action } from '../../stand-in/failures.js';

// For every call of hdiutil that the recipe makes: it fails; the user presses Ctrl-C while it is under way; the build is told to
// end; the build is killed while the call goes on, and `osx-iso clean` comes after. Each time with processes of their own.

const KINDS = ['fail', 'SIGINT', 'SIGTERM', 'SIGKILL'] as const;
type Kind = (typeof KINDS)[number];

const ACTIONS: Readonly<Record<Kind, Action>> = {
  fail: { kind: 'fail', status: 1, message: 'hdiutil: failed - internal error' },
  SIGINT: { kind: 'pause', wait: 20_000 },
  SIGTERM: { kind: 'signal', signal: 'SIGTERM', wait: 50 },
  SIGKILL: { kind: 'signal', signal: 'SIGKILL', wait: 50 },
};

const needsScript = (() => {
  try {
    return !execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return true;
  }
})();
/** At the same time: they wait for processes most of the time. */
const LANES = 3;

let standIn: string;
let cli: CommandLine;
let app: string;
const macs: Mac[] = [];
beforeAll(async () => {
  standIn = compileStandIn('sweep');
  cli = new CommandLine('hdiutil-sweep');
  app = await smallInstaller();
}, 240_000);
afterAll(() => {
  for (const mac of macs) mac.remove();
});

const esd = () => join(app, 'Contents/SharedSupport/InstallESD.dmg');
const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const fingerprint = () => [statSync(esd()).mtimeMs, digest(esd())];

function argvOf(mac: Mac): string[] {
  return ['build', '--app', app, '-o', join(mac.out, 'x.iso'), '--engine', 'hdiutil', '--force'];
}

async function attempt(mac: Mac, kind: Kind, at: number): Promise<Ended> {
  mac.hdiutil.plan([{ at, action: ACTIONS[kind] }]);
  const session = cli.start(mac, argvOf(mac), { terminal: kind === 'SIGINT' && !needsScript });
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

/** What is not as it must be after a run, in words. */
async function judge(mac: Mac, kind: Kind, { status, text }: Ended): Promise<string[]> {
  const faults: string[] = [];
  if (kind === 'SIGKILL') {
    if (status !== 'SIGKILL') faults.push(`ended with ${status}: ${text}`);
    const cleaned = await cli.run(mac, ['clean']);
    if (cleaned.status !== 0) faults.push(`clean ended with ${cleaned.status}: ${cleaned.text}`);
  } else if (kind !== 'fail' && status !== 130) faults.push(`ended with ${status}, not with 130: ${text}`);
  else if (kind === 'fail' && ![0, 1].includes(status as number)) faults.push(`ended with ${status}: ${text}`);
  faults.push(...mac.left());
  const iso = join(mac.out, 'x.iso');
  if (status === 0) {
    const file = await openHostFile(iso);
    if ((await openDisk(file)).map.scheme !== 'apm') faults.push('the ISO is no disk');
    await file.close();
  } else {
    if (readFileSync(iso, 'utf8') !== 'mine') faults.push('the file that was there was touched');
    const files = readdirSync(mac.out);
    if (files.length !== 1) faults.push(`left beside it: ${files}`);
  }
  return faults;
}

function newMac(): Mac {
  const mac = new Mac(standIn);
  macs.push(mac);
  writeFileSync(join(mac.out, 'x.iso'), 'mine');
  return mac;
}

it('leaves nothing, at whatever call of hdiutil the build fails, is interrupted, ended or killed', async () => {
  const before = fingerprint();
  const clean = newMac();
  clean.hdiutil.plan([]);
  const whole = await cli.run(clean, argvOf(clean));
  expect(whole.text).toMatch(/checks passed/);
  expect(whole.status).toBe(0);
  expect(clean.left()).toEqual([]);
  const calls = clean.hdiutil.calls().map(([verb]) => verb);
  expect(calls.length).toBeGreaterThan(12);

  const points = KINDS.flatMap((kind) => calls.map((verb, index) => ({ kind, verb, at: index + 1 })));
  const faults: string[] = [];
  const outcomes = new Map<string, number>();
  const lane = async () => {
    let mac = newMac();
    for (let point = points.shift(); point; point = points.shift()) {
      const ended = await attempt(mac, point.kind, point.at);
      const outcome = `${point.kind} → ${ended.status}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const found = await judge(mac, point.kind, ended);
      faults.push(...found.map((fault) => `${point!.kind} at ${point!.at} (${point!.verb}): ${fault}`));
      // One that left something must not be blamed for it twice.
      if (found.length > 0 || ended.status === 0) mac = newMac();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const swept = `${calls.length} calls of hdiutil × ${KINDS.join(', ')} = ${calls.length * KINDS.length} points`;
  console.info(`failure points swept over hdiutil's stand-in: ${swept}; ${JSON.stringify([...outcomes])}`);
  expect(faults).toEqual([]);
  expect(fingerprint()).toEqual(before);
}, 480_000);
