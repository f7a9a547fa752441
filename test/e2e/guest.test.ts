import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import type { Guest } from '../../src/guest-folder/guest.js';
import { openHostFile } from '../../src/host/host-file.js';
import { withControl } from '../../src/launch/control.js';
import type { RunState } from '../../src/launch/run-state.js';
import { asRaw, diskFile } from '../guest-disk/disks.js';
import { systemDisk } from '../guest-folder/systems.js';
import { buildIso, type Ended } from '../helpers/built-iso.js';
import { needs } from '../helpers/judges/needs.js';
import { HANG, kept, scratch } from '../helpers/judges/tool.js';
import { LONG } from '../helpers/long.js';
import { makeMultibootStub } from '../launch/multiboot-stub.js';

// A guest from the finished ISO to its own system, as a user types it. A multiboot stand-in takes Chameleon's place, and the test
// the installer's: it puts a system onto the disk while QEMU runs.

const TOP = join(import.meta.dirname, '..', '..');
const MARKER = 'OSX-ISO GUEST';

let folder: string;
/** What `build` says is to be typed next. */
let next: readonly string[];
const at = (...names: string[]) => join(folder, ...names);
const guestJson = () => JSON.parse(readFileSync(at('yosemite/guest.json'), 'utf8')) as Guest;

beforeAll(async () => {
  if (!LONG) return;
  const built = await buildIso({ release: '10.10', scale: 0.0005 });
  ({ folder } = built);
  const [, line = ''] = /Next, a guest for it:\n\s+osx-iso (.*)\n?$/.exec(built.build.stdout) ?? [];
  next = line.replace('--chameleon FILE', '--chameleon boot').replace('--osk-file FILE', '--osk-file osk').split(' ');
  writeFileSync(at('boot'), makeMultibootStub(MARKER));
  writeFileSync(at('osk'), 'A'.repeat(64), { mode: 0o600 });
  for (const name of ['state', 'tmp']) mkdirSync(at(name), { mode: 0o700 });
}, 300_000);

function osxIso(...args: string[]) {
  const child = kept(
    spawn(process.execPath, [join(TOP, 'bin/osx-iso.js'), ...args], {
      cwd: folder,
      env: { ...process.env, XDG_STATE_HOME: at('state'), TMPDIR: at('tmp') },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  let [stdout, stderr] = ['', ''];
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

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + HANG; Date.now() < end; await sleep(50)) if (holds()) return;
  throw new Error(`${what}: not within ${HANG} ms`);
}
const marked = (serial: string) =>
  until(`the marker in ${serial}`, () => existsSync(serial) && readFileSync(serial, 'latin1').includes(MARKER));
const running = () => JSON.parse(readFileSync(at('yosemite/run.json'), 'utf8')) as RunState;

describe('a guest', () => {
  test.runIf(LONG)('is made, installs, and starts by itself from then on', { timeout: 4 * HANG }, async (context) => {
    needs(context, 'qemu-system-x86_64', 'qemu-img', 'qemu-nbd');
    const created = await osxIso(...next, '--disk-size', '64M', '--headless', '--accel', 'tcg', '--memory', '512')
      .ended;
    expect(created).toMatchObject({ status: 0, stdout: expect.stringMatching(/Next:\n +osx-iso boot yosemite\n$/) });
    expect(guestJson()).toMatchObject({ installed: false, iso: at('built.iso'), memory: 512 });

    const first = osxIso('boot', 'yosemite', '--serial', 'first.log', '--yes', '--grace', '0');
    await marked(at('first.log'));
    const second = await osxIso('boot', 'yosemite').ended;
    const refusal = expect.stringContaining(`runs already, process ${first.child.pid}`);
    expect(second).toMatchObject({ status: 4, stderr: refusal });
    // The installer's work.
    const made = diskFile(scratch('system'), await systemDisk(), 'qcow2');
    renameSync(made, at('yosemite/disk.qcow2'));
    // Its restart: the loader comes again, and the installer does not.
    const { qmp, qemu } = running();
    await withControl({ qmp: qmp! }, (control) => control.command('system_reset'));
    await until('another QEMU', () => running().qemu !== qemu);
    await marked(at('first.log'));
    first.child.kill('SIGINT');
    const { stdout, stderr } = await first.ended;
    expect(stderr).toContain('The disk is empty.');
    expect(stderr).toContain('The installer has finished: "Macintosh HD" holds a system.');
    expect(stderr).toContain('It starts again, from its disk.');
    expect(stderr.match(/The installer has finished/g)).toHaveLength(1);
    expect(stdout).toMatch(/add +\/Extra\/org\.chameleon\.Boot\.plist/);
    expect(guestJson()).toMatchObject({ installed: true, system: { version: '10.10.5', build: '14F27' } });
    const raw = await openHostFile(asRaw(scratch('raw'), at('yosemite/disk.qcow2')));
    const { volume } = await openVolume(await openDisk(raw));
    expect((await volume.file(['Extra', 'org.chameleon.Boot.plist']))?.size).toBeGreaterThan(200);
    await raw.close();

    // Somewhere else, under another name.
    renameSync(at('yosemite'), at('moved'));
    const dry = await osxIso('boot', 'moved', '--dry-run').ended;
    expect(dry).toMatchObject({ status: 0, stdout: expect.stringContaining(`file=${at('moved/disk.qcow2')}`) });
    expect(dry.stdout).not.toContain('built.iso');
    expect((await osxIso('guest', 'list').ended).stdout).toBe('moved  OS X 10.10.5 Yosemite (14F27)  installed\n');
    const again = osxIso('boot', 'moved', '--serial', 'again.log', '--grace', '0');
    await marked(at('again.log'));
    again.child.kill('SIGINT');
    expect((await again.ended).stderr).not.toMatch(/The disk is empty|installer/);
    expect((await osxIso('guest', 'delete', 'moved').ended).status).toBe(2);
    expect(existsSync(at('moved/disk.qcow2'))).toBe(true);
    expect(await osxIso('guest', 'delete', 'moved', '--force').ended).toMatchObject({ status: 0 });
    expect(existsSync(at('moved'))).toBe(false);
  });
});
