import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, type TestContext, test } from 'vitest';
import type { RunState } from '../../src/launch/run-state.js';
import { top } from '../helpers/imports.js';
import { needs } from '../helpers/judges/needs.js';
import { kept, scratch } from '../helpers/judges/tool.js';
import { BANNER, DEAF, LINUX_WORDS, linuxKernel, makeInitrd, OFF, UP } from '../helpers/linux-guest.js';
import { LONG } from '../helpers/long.js';

// A whole guest as its user has it: started and left, looked at, reached, shut down, by the command line alone. Always TCG.

let home: string;
const at = (name: string) => join(home, name);
const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

const needsLinux = (context: TestContext) =>
  needs(context, 'qemu-system-x86_64', 'qemu-img', '/boot/vmlinuz-*-cloud-amd64', '/bin/busybox');

beforeAll(() => {
  home = scratch('linux-guest');
  for (const name of ['state', 'tmp', 'runtime']) mkdirSync(at(name), { mode: 0o700 });
});

function osxIso(...argv: string[]) {
  const env = {
    ...process.env,
    XDG_STATE_HOME: at('state'),
    TMPDIR: at('tmp'),
    XDG_RUNTIME_DIR: at('runtime'),
    CI: '1',
  };
  const child = kept(spawn(process.execPath, [join(top, 'bin/osx-iso.js'), ...argv], { cwd: home, env }));
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said.err += chunk;
  });
  const ended = new Promise<{ status: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (status) => resolve({ status, ...said }));
  });
  return { child, said, ended };
}

/** A guest's folder: `words` go to the kernel. The numbers are those of two ports of this computer. */
async function makeGuest(name: string, words = ''): Promise<{ ssh: number; echo: number }> {
  const [ssh, echo] = [await freePort(), await freePort()];
  mkdirSync(at(name));
  writeFileSync(join(at(name), 'disk.img'), new Uint8Array(1 << 20));
  await makeInitrd(join(at(name), 'initrd'));
  const guest = {
    schema: 1,
    release: '10.10',
    installed: true,
    disks: [{ file: 'disk.img', format: 'raw' }],
    loader: { kind: 'none', firmware: 'bios' },
    smc: false,
    chipset: 'q35',
    memory: 512,
    processors: 1,
    network: 'virtio-net-pci',
    mac: '52:54:00:00:00:01',
    uuid: '11111111-2222-4333-8444-555555555555',
    ssh: { port: ssh },
    forwards: [{ host: echo, guest: 22 }],
    accelerator: 'tcg',
    display: { kind: 'none' },
    serial: 'serial.log',
    qemuArgs: ['-kernel', linuxKernel(), '-initrd', join(at(name), 'initrd'), '-append', `${LINUX_WORDS} ${words}`],
  };
  writeFileSync(join(at(name), 'guest.json'), JSON.stringify(guest));
  return { ssh, echo };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** What the guest's server gives back. */
function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      heard += chunk;
      if (heard.endsWith(text)) socket.end(() => resolve(heard));
    });
  });
}

const stateOf = (name: string) => JSON.parse(read(join(at(name), 'run.json')) || '{}') as Partial<RunState>;
/** Starts a guest on this side, and waits until QEMU runs. */
async function inFront(name: string, ...more: string[]) {
  const { child, ended } = osxIso('boot', name, ...more);
  while (stateOf(name).qmp === undefined) {
    const end = await Promise.race([ended, sleep(50)]);
    if (end) throw new Error(`it ended with ${end.status}: ${end.err}`);
  }
  return { child, ended };
}
/** What guests leave behind: sockets, drafts, journals. */
const left = () =>
  [...readdirSync(at('tmp')), ...readdirSync(at('state'), { recursive: true, encoding: 'utf8' })].filter(
    (name) => !/(^|\/)(osx-iso|licence-noted)$/.test(name),
  );

describe.runIf(LONG)('a guest', () => {
  test('is started and left, looked at, reached by its ports, not started twice, and shut down', async (context) => {
    needsLinux(context);
    const { ssh, echo } = await makeGuest('linux');
    const started = await osxIso('boot', 'linux', '--detach').ended;
    expect(started).toMatchObject({ status: 0, out: expect.stringContaining('osx-iso guest stop linux') });

    const [status, again, waited] = await Promise.all([
      osxIso('guest', 'status', 'linux', '--json').ended,
      osxIso('boot', 'linux').ended,
      osxIso('guest', 'wait', 'linux', '--ssh', '--timeout', '200', '--json').ended,
    ]);
    const { pid, qmp } = stateOf('linux');
    expect(JSON.parse(status.out)).toMatchObject({
      type: 'status',
      running: true,
      status: 'running',
      pid,
      qmp,
      ports: { ssh, forwards: [{ host: echo, guest: 22 }] },
      uptime: expect.any(Number),
      accelerator: 'tcg',
    });
    expect(again).toMatchObject({
      status: 4,
      err: expect.stringContaining(`this guest runs already, process ${pid}.`),
    });
    expect(JSON.parse(waited.out)).toMatchObject({ type: 'ssh', banner: BANNER });
    expect(read(join(at('linux'), 'serial.log'))).toContain(UP);
    expect(await talk(echo, 'to the guest and back')).toBe(`${BANNER}\r\nto the guest and back`);

    const stopped = await osxIso('guest', 'stop', 'linux').ended;
    expect(stopped).toMatchObject({ status: 0, out: 'The guest shut down.\n' });
    expect(read(join(at('linux'), 'serial.log'))).toContain(OFF);
    expect(read(join(at('linux'), 'boot.log'))).toContain('The guest shut down, as it was asked to.');
    expect((await osxIso('guest', 'status', 'linux').ended).out).toBe('linux does not run.\n');
    expect(readdirSync(at('linux')).sort()).toEqual(['boot.log', 'disk.img', 'guest.json', 'initrd', 'serial.log']);
    expect(left()).toEqual([]);
  });

  test('that does not listen is ended by force when its time is over, which Ctrl-C shows', async (context) => {
    needsLinux(context);
    await makeGuest('deaf', DEAF);
    const { child, ended } = await inFront('deaf', '--grace', '2');
    child.kill('SIGINT');
    const { status, out, err } = await ended;
    expect({ status, out }).toEqual({ status: 130, out: 'The guest was stopped by force.\n' });
    expect(err).toContain('By force in 2 s; Ctrl-C again: at once.');
    expect(err).toContain('The guest did not shut down: ended by force.');
    expect(left()).toEqual([]);
  });

  test('that is killed is given back by clean: its QEMU, its sockets, what it wrote down', async (context) => {
    needsLinux(context);
    await makeGuest('killed', DEAF);
    const { child, ended } = await inFront('killed');
    const { qemu } = stateOf('killed');
    child.kill('SIGKILL');
    await ended;
    const cleaned = await osxIso('clean').ended;
    expect(cleaned.status).toBe(0);
    expect(() => process.kill(qemu!, 0)).toThrow();
    expect(readdirSync(at('killed')).sort()).toEqual(['disk.img', 'guest.json', 'initrd', 'serial.log']);
    expect(left()).toEqual([]);
  });
});
