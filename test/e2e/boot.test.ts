import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuiltIso, buildIso, type Ended } from '../helpers/built-iso.js';
import { needs } from '../helpers/judges/needs.js';
import { HANG, kept } from '../helpers/judges/tool.js';
import { LONG, points } from '../helpers/long.js';
import { readPng } from '../helpers/png.js';
import { makeMultibootStub } from '../launch/multiboot-stub.js';

// The built ISO, started as a user starts it. A multiboot stand-in takes Chameleon's place: it shows that QEMU takes every word
// of ours, that it is handed the key, and that there is a screen. Always TCG: KVM inside of a virtual machine is not to be had.

const TOP = join(import.meta.dirname, '..', '..');
const KEY = `${'A'.repeat(32)}${'B'.repeat(32)}`;
/** Of a text in which it can be seen. */
const KEY_SEEN = /A{8}|B{8}/;
const MARKER = 'OSX-ISO MULTIBOOT';
/** Milliseconds that a guest has to get that far. */
const PATIENCE = HANG;

let built: BuiltIso;
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  built = await buildIso({ release: '10.10', scale: 0.0005 });
  folder = built.folder;
  writeFileSync(at('boot'), makeMultibootStub(MARKER));
  writeFileSync(at('osk'), `${KEY}\n`, { mode: 0o600 });
}, 300_000);

/** Where everything about the runs is kept that they could write. */
const environment = () => ({
  ...process.env,
  XDG_STATE_HOME: at('state'),
  XDG_RUNTIME_DIR: at('runtime'),
  TMPDIR: at('tmp'),
});

function osxIso(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  for (const name of ['state', 'runtime', 'tmp']) mkdirSync(at(name), { recursive: true, mode: 0o700 });
  const child = kept(
    spawn(process.execPath, [join(TOP, 'bin/osx-iso.js'), ...args], {
      cwd: folder,
      env: { ...environment(), ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ended };
}

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(50)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what}: not within ${PATIENCE} ms`);
}
const content = (path: string) => (existsSync(path) ? readFileSync(path, 'latin1') : '');
const marked = (serial: string) =>
  until(`the marker in ${serial}`, () => content(serial).includes(MARKER) || undefined);

/** The process that QEMU wrote down, once it has. */
const processOf = (pidFile: string) => until('QEMU’s process', () => Number(content(pidFile)) || undefined);
const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** What anybody could see of a process. */
function seenOf(pid: number): string {
  return ['cmdline', 'environ', 'comm'].map((name) => content(`/proc/${pid}/${name}`)).join('\n');
}

const guest = (name: string, more: readonly string[] = []) => [
  ...['boot', built.iso, '--chameleon', 'boot', '--disk', `${name}.qcow2`, '--create-disk', '64M', '--accel', 'tcg'],
  ...[
    '--headless',
    '--serial',
    `${name}.log`,
    '--qemu-arg=-pidfile',
    '--qemu-arg',
    `${name}.pid`,
    '--grace',
    '1',
    ...more,
  ],
];
const key = ['--osk-file', 'osk'];

describe.each(points(['q35', 'pc'], 1))('on %s', (chipset) => {
  test('osx-iso boot starts QEMU, and its screen is a picture', async (context) => {
    needs(context, 'qemu-system-x86_64', 'qemu-img');
    const name = `run-${chipset}`;
    const words = [...guest(name, ['--machine', chipset, '--screenshot', `${name}.png`]), ...key, '--verbose'];
    const { child, ended } = osxIso(words);
    await marked(at(`${name}.log`));
    const pid = await processOf(at(`${name}.pid`));
    expect(alive(pid)).toBe(true);
    const said = [seenOf(pid), seenOf(child.pid!)];
    // The screen is drawn by the time the text is out.
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    expect(stdout).toContain(`The guest was stopped by force.\nIts screen: ${at(`${name}.png`)}`);
    expect({ status, alive: alive(pid) }).toEqual({ status: 130, alive: false });
    expect(stderr).not.toMatch(/This is a bug|\n +at /);
    for (const text of [...said, stdout, stderr]) expect(text).not.toMatch(KEY_SEEN);

    const { width, height, colours } = readPng(readFileSync(at(`${name}.png`)));
    expect([width, height]).toEqual([720, 400]);
    // Blue all over, with the red of the text in it.
    const like = (fits: (red: number, green: number, blue: number) => boolean) =>
      [...colours].reduce((sum, [c, n]) => (fits(c >> 16, (c >> 8) & 0xff, c & 0xff) ? sum + n : sum), 0);
    expect(like((red, green, blue) => red + green === 0 && blue > 0x80)).toBeGreaterThan(100_000);
    expect(like((red, green, blue) => red > 0x80 && green + blue === 0)).toBeGreaterThan(500);
  });

  test.runIf(LONG)('the printed command starts QEMU when it is pasted into a shell', async (context) => {
    needs(context, 'qemu-system-x86_64', 'qemu-img');
    const name = `pasted-${chipset}`;
    const made = await osxIso(['disk', 'create', `${name}.qcow2`, '--size', '64M']).ended;
    expect(made.status).toBe(0);
    const words = [...guest(name, ['--machine', chipset, '--dry-run']), ...key];
    const { status, stdout } = await osxIso(words).ended;
    expect(status).toBe(0);
    const shell = kept(spawn('/bin/sh', ['-c', stdout], { cwd: folder, env: environment(), stdio: 'ignore' }));
    const gone = new Promise((resolve) => shell.once('exit', resolve));
    await marked(at(`${name}.log`));
    const pid = await processOf(at(`${name}.pid`));
    if (existsSync('/proc')) expect(seenOf(pid)).toContain('-readconfig');
    expect(seenOf(pid)).not.toMatch(KEY_SEEN);
    process.kill(pid, 'SIGKILL');
    await gone;
  });
});

test.runIf(LONG)('the installer’s ISO is not written to, and a guest’s end is told as data', async (context) => {
  needs(context, 'qemu-system-x86_64', 'qemu-img');
  const before = readFileSync(built.iso);
  const words = [...guest('still'), ...key, '--stop-after', '3', '--json'];
  const { status, stdout } = await osxIso(words).ended;
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  expect({ status, last: lines.at(-1) }).toMatchObject({
    status: 0,
    last: { type: 'boot', by: 'time', status: 0, accelerator: 'tcg' },
  });
  expect(readFileSync(built.iso).equals(before)).toBe(true);
});

describe('osx-iso build --boot', () => {
  const build = (name: string, more: readonly string[]) => [
    ...['build', '--app', built.app, '-o', `${name}.iso`, '--boot', '--accel', 'tcg', '--headless'],
    ...['--disk', `${name}.qcow2`, '--create-disk', '64M', '--serial', `${name}.log`, '--grace', '1', ...key, ...more],
  ];

  test.runIf(LONG)('starts what it built', async (context) => {
    needs(context, 'qemu-system-x86_64', 'qemu-img');
    const { child, ended } = osxIso(build('direct', ['--chameleon', 'boot']));
    await marked(at('direct.log'));
    child.kill('SIGINT');
    const { status, stdout } = await ended;
    expect({ status, stdout }).toEqual({ status: 130, stdout: expect.stringContaining('stopped by force') });
    expect(stdout).toContain(`${at('direct.iso')}\n  OS X 10.10.5 Yosemite`);
  });

  test.runIf(LONG)('refuses what could not be started before it builds', async (context) => {
    needs(context, 'qemu-system-x86_64', 'qemu-img');
    const { status, stderr } = await osxIso(build('never', ['--chameleon', 'osk'])).ended;
    expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining('multiboot header') });
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([]);
  });

  test('with --dry-run prints the plan and the machine', async (context) => {
    needs(context, 'qemu-system-x86_64', 'qemu-img');
    const { status, stdout } = await osxIso(build('plan', ['--chameleon', 'boot', '--dry-run'])).ended;
    expect(status).toBe(0);
    expect(stdout).toContain(`would become ${at('plan.iso')}`);
    expect(stdout).toContain(`snapshot=on,file=${at('plan.iso')}`);
    expect(readdirSync(folder).filter((name) => name.startsWith('plan'))).toEqual([]);
  });
});

describe('the key', () => {
  test.runIf(LONG)('is nowhere but where it belongs', async (context) => {
    needs(context, 'qemu-system-x86_64', 'qemu-img');
    const said: string[] = [];
    const ways = [
      ['secret-variable', [], { OSX_ISO_OSK: KEY }],
      ['secret-file', key, {}],
    ] as const;
    for (const [name, given, more] of points(ways, 1)) {
      for (const format of points(['shell', 'json', 'libvirt'], 1)) {
        const dry = await osxIso([...guest(name), ...given, '--dry-run', '--format', format, '--verbose'], more).ended;
        expect(dry.status).toBe(0);
        said.push(dry.stdout, dry.stderr);
      }
      const { child, ended } = osxIso([...guest(name), ...given, '--verbose', '--json'], more);
      await marked(at(`${name}.log`));
      const pid = await processOf(at(`${name}.pid`));
      said.push(seenOf(pid));
      if (given.length > 0) said.push(seenOf(child.pid!));
      child.kill('SIGINT');
      const { stdout, stderr } = await ended;
      said.push(stdout, stderr);
    }
    for (const wrong of points([KEY.slice(1), `${KEY}A`, `${KEY.slice(1)}"`], 1)) {
      writeFileSync(at('wrong'), wrong);
      const failed = await osxIso([...guest('secret-wrong'), '--osk-file', 'wrong', '--verbose']).ended;
      expect(failed.status).toBe(4);
      said.push(failed.stdout, failed.stderr);
      const variable = await osxIso([...guest('secret-wrong'), '--json'], { OSX_ISO_OSK: wrong }).ended;
      expect(variable.status).toBe(4);
      said.push(variable.stdout, variable.stderr);
    }
    // A QEMU that refuses its configuration.
    const refused = await osxIso([...guest('secret-refused', ['--qemu-arg=-nonsense']), ...key, '--verbose']).ended;
    expect(refused.status).toBe(1);
    said.push(refused.stdout, refused.stderr);
    expect(said.join('\n')).toMatch(/-readconfig/);
    for (const text of said) expect(text).not.toMatch(KEY_SEEN);

    // Nothing was written down: manifest, journal, logs, state, sockets.
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => ![at('osk'), at('wrong')].includes(path) && !path.startsWith(built.app));
    expect(files).toContain(`${built.iso}.json`);
    expect(files).toContain(at('state/osx-iso/licence-noted'));
    expect(files.filter((path) => readFileSync(path).includes(KEY.slice(28, 36)))).toEqual([]);
    expect([...readdirSync(at('runtime')), ...readdirSync(at('tmp'))].filter((name) => /osx-iso/.test(name))).toEqual(
      [],
    );
  });
});

test('doctor looks at this very computer', async () => {
  const { status, stdout, stderr } = await osxIso(['doctor', '--json']).ended;
  const [line] = stdout.trim().split('\n');
  const { type, findings } = JSON.parse(line!) as { type: string; findings: { name: string; state: string }[] };
  expect(type).toBe('doctor');
  expect(findings.map(({ name }) => name)).toContain('QEMU');
  const problems = findings.filter(({ state }) => state === 'problem');
  expect(status).toBe(problems.length === 0 ? 0 : 4);
  for (const { name } of problems) expect(stderr).toContain(name);
});

test('smc says why it cannot read a key here', async () => {
  // No key that a real one has.
  const { status, stderr } = await osxIso(['smc', 'ZZZ0']).ended;
  expect(status).toBe(4);
  expect(stderr).toMatch(/\/dev\/port|Linux only|does not answer|applesmc|does not say how long/);
});
