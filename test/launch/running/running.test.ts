import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HostError, Interrupted, SourceError, UserError } from '../../../src/errors.js';
import { processStart } from '../../../src/host/process-start.js';
import { DETACHED, detachGuest, takeDetached } from '../../../src/launch/running/detach.js';
import { runFolder } from '../../../src/launch/running/folder.js';
import { parseSshVersion, sshArgs, sshInto } from '../../../src/launch/running/ssh.js';
import { guestStatus, statusLines } from '../../../src/launch/running/status.js';
import { stopGuest } from '../../../src/launch/running/stop.js';
import { waitForSsh } from '../../../src/launch/running/wait-ssh.js';
import { kept, scratch } from '../../helpers/judges/tool.js';

let folder: string;
const servers: Server[] = [];
const signal = new AbortController().signal;
const name = 'yosemite';

beforeEach(() => {
  folder = scratch('running');
  writeFileSync(join(folder, 'guest.json'), '{}');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** What an `osx-iso boot` writes down, for a process that takes its place. */
async function running(pid: number, more: object = {}): Promise<void> {
  const state = {
    schema: 1,
    host: hostname(),
    pid,
    processStart: await processStart(pid),
    startedAt: new Date(Date.now() - 3_725_000).toISOString(),
    ports: { forwards: [] },
    ...more,
  };
  writeFileSync(join(folder, 'run.json'), JSON.stringify(state), { mode: 0o600 });
}

function listen(on: string | number, hear: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(hear);
  servers.push(server);
  return new Promise((resolve) => {
    const ready = () => resolve((server.address() as AddressInfo).port);
    if (typeof on === 'string') server.listen(on, ready);
    else server.listen(on, '127.0.0.1', ready);
  });
}

/** QEMU's second socket: answers everything alike, and says of its end what it is told. */
async function control(status: string): Promise<{ path: string; shutdown(guest: boolean): void }> {
  const path = join(folder, 'control');
  const said: ((text: object) => void)[] = [];
  await listen(path, (socket) => {
    const say = (text: object) => socket.write(`${JSON.stringify(text)}\n`);
    said.push(say);
    socket.on('error', () => {});
    say({ QMP: {} });
    socket.on('data', (text) => {
      for (const line of String(text).trim().split('\n')) say({ return: { status }, id: JSON.parse(line).id });
    });
  });
  return {
    path,
    shutdown: (guest) => {
      for (const say of said) say({ event: 'SHUTDOWN', data: { guest } });
    },
  };
}

/** A process that takes a supervisor's place: it writes down the signals it gets. */
async function supervisor(script: string): Promise<ChildProcess & { readonly pid: number }> {
  const log = join(folder, 'signals');
  const head = `const { appendFileSync: note } = require('node:fs'); const log = ${JSON.stringify(log)};`;
  const child = kept(spawn(process.execPath, ['-e', `${head}${script};note(log, '');setInterval(() => {}, 1000)`]));
  await vi.waitFor(() => expect(existsSync(log)).toBe(true), { timeout: 20_000 });
  return child as ChildProcess & { readonly pid: number };
}
const signals = () => readFileSync(join(folder, 'signals'), 'utf8').trim();
const GOES = "process.on('SIGTERM', () => { note(log, 'TERM '); setTimeout(() => process.exit(0), 300) })";

describe('a guest’s folder', () => {
  test('by its path, or by its guest.json', async () => {
    expect(await runFolder(folder)).toBe(folder);
    expect(await runFolder(join(folder, 'guest.json'))).toBe(folder);
  });

  test('is nothing else', async () => {
    mkdirSync(join(folder, 'empty'));
    await expect(runFolder(join(folder, 'empty'))).rejects.toThrow(/found a folder without guest\.json/);
    await expect(runFolder(join(folder, 'none'))).rejects.toThrow(/found nothing/);
    writeFileSync(join(folder, 'x.iso'), '');
    await expect(runFolder(join(folder, 'x.iso'))).rejects.toBeInstanceOf(SourceError);
  });
});

describe('guest status', () => {
  test('of one that does not run, never did, or was killed', async () => {
    expect(await guestStatus(folder)).toEqual({ running: false });
    await running(process.pid, { processStart: 'another boot' });
    expect(await guestStatus(folder)).toEqual({ running: false });
    expect(statusLines(name, { running: false })).toEqual(['yosemite does not run.']);
  });

  test('of one that runs', async () => {
    const { path } = await control('paused');
    const ports = { ssh: 2222, forwards: [{ host: 8080, guest: 80 }] };
    await running(process.pid, { qmp: path, ports, accelerator: 'tcg', vnc: { port: 5903 } });
    const found = await guestStatus(folder);
    expect(found).toMatchObject({ running: true, status: 'paused', run: { pid: process.pid, ports, qmp: path } });
    expect(statusLines(name, found)).toEqual([
      `yosemite: paused by TCG, for 1 h 2 min, process ${process.pid}`,
      '  ssh       127.0.0.1:2222',
      "  forward   127.0.0.1:8080 to the guest's 80",
      '  screen    vnc://127.0.0.1:5903',
      `  QMP       ${path}`,
    ]);
  });

  test('of one whose QEMU is being started, or does not answer', async () => {
    await running(process.pid);
    expect(await guestStatus(folder)).toMatchObject({ running: true, status: 'starting' });
    await running(process.pid, { qmp: join(folder, 'gone') });
    expect(await guestStatus(folder)).toMatchObject({ running: true, status: 'unknown' });
  });
});

describe('guest stop', () => {
  const stop = (now = false, until = signal) => stopGuest(folder, { now, signal: until, name });

  test('of one that does not run: nothing gets a signal, whoever has its process id by now', async () => {
    expect(await stop()).toEqual({ how: 'did-not-run' });
    await running(process.pid, { processStart: 'another boot' });
    expect(await stop()).toEqual({ how: 'did-not-run' });
  });

  test.each([
    [true, 'off'],
    [false, 'forced'],
  ] as const)('tells how it ended: by the guest %s', async (guest, how) => {
    const { path, shutdown } = await control('running');
    const { pid } = await supervisor(GOES);
    await running(pid, { qmp: path });
    const stopping = stop();
    await vi.waitFor(() => expect(signals()).toBe('TERM'), { timeout: 20_000 });
    shutdown(guest);
    expect(await stopping).toEqual({ how, pid });
  });

  test('at once: as Ctrl-C twice', async () => {
    const hurry =
      "process.on('SIGTERM', () => note(log, 'TERM ')); process.on('SIGINT', () => { note(log, 'INT'); process.exit() })";
    const { pid } = await supervisor(hurry);
    await running(pid);
    expect(await stop(true)).toEqual({ how: 'unknown', pid });
    expect(signals()).toBe('TERM INT');
  });

  test('may be left: the guest goes on shutting down', async () => {
    const { pid } = await supervisor("process.on('SIGTERM', () => note(log, 'TERM '))");
    await running(pid);
    await expect(stop(false, AbortSignal.timeout(300))).rejects.toThrow();
    expect(signals()).toBe('TERM');
  });

  test('of another computer’s is refused', async () => {
    await running(1, { host: 'elsewhere.example' });
    await expect(stop()).rejects.toThrow(/runs on elsewhere\.example, process 1/);
  });
});

describe('guest wait --ssh', () => {
  const wait = (timeout: number) => waitForSsh(folder, { timeout, signal, name });
  const guestAt = (port: number) => running(process.pid, { ports: { ssh: port, forwards: [] } });

  test('until a server says who it is, in pieces, behind other lines', async () => {
    const port = await listen(0, (socket) => {
      socket.write('Hello\r\nSSH-2.0-Open');
      setTimeout(() => socket.write('SSH_6.2\r\n'), 20);
    });
    await guestAt(port);
    expect(await wait(5)).toBe('SSH-2.0-OpenSSH_6.2');
  });

  test('not by QEMU, which takes a connection that nobody in the guest does', async () => {
    let tries = 0;
    const port = await listen(0, (socket) => {
      tries++;
      if (tries === 1) socket.end();
      else socket.write('SSH-2.0-x\n');
    });
    await guestAt(port);
    expect(await wait(5)).toBe('SSH-2.0-x');
    expect(tries).toBe(2);
  });

  test('ends with its time, with the guest, and with the user', async () => {
    const port = await listen(0, () => {});
    await guestAt(port);
    await expect(wait(1)).rejects.toThrow(`yosemite: no ssh server has answered on 127.0.0.1:${port} in 1 s.`);
    const stopped = waitForSsh(folder, { timeout: 99, signal: AbortSignal.timeout(50), name });
    await expect(stopped).rejects.toThrow();
    const { pid } = await supervisor('setTimeout(() => process.exit(0), 200)');
    const closed = await listen(0, (socket) => socket.end());
    await running(pid, { ports: { ssh: closed, forwards: [] } });
    await expect(wait(99)).rejects.toThrow('yosemite: the guest has ended.');
  });

  test('is refused where there is no guest, or no port', async () => {
    await expect(wait(1)).rejects.toThrow(/does not run/);
    await running(process.pid);
    await expect(wait(1)).rejects.toBeInstanceOf(HostError);
  });
});

describe('guest ssh', () => {
  test.each([
    ['OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.22', [9, 2]],
    ['OpenSSH_for_Windows_8.1p1, LibreSSL 2.9.2', [8, 1]],
    ['OpenSSH_6.6.1p1', [6, 6]],
    ['Sun_SSH_1.1', undefined],
  ])('%s', (text, version) => {
    expect(parseSshVersion(text)).toEqual(version);
  });

  test('gives an ssh of each age what servers of that time need', () => {
    const args = (version: [number, number] | undefined, more = {}) =>
      sshArgs(2222, { command: [], ...more }, version).join(' ');
    expect(args([9, 2])).toBe(
      '-p 2222 -o HostKeyAlgorithms=+ssh-rsa -o PubkeyAcceptedAlgorithms=+ssh-rsa -o UserKnownHostsFile=known_hosts -o HostKeyAlias=guest -o StrictHostKeyChecking=accept-new -o CheckHostIP=no 127.0.0.1',
    );
    expect(args(undefined)).toBe(args([9, 2]));
    expect(args([8, 4])).toContain('PubkeyAcceptedKeyTypes=+ssh-rsa');
    expect(args([7, 5])).not.toContain('accept-new');
    expect(args([6, 6])).not.toContain('+ssh-rsa');
    expect(args([9, 2], { user: 'admin', command: ['sw_vers', '-x y'] })).toMatch(
      / -l admin 127\.0\.0\.1 -- sw_vers -x y$/,
    );
  });

  test('runs it in the guest’s folder, and gives its status', async () => {
    const bin = scratch('ssh');
    const said = join(bin, 'said');
    const script = `#!/bin/sh\n[ "$1" = -V ] && { echo OpenSSH_8.1p1 >&2; exit; }\nprintf '%s\\n' "$PWD" "$@" >${said}\nexit 7\n`;
    writeFileSync(join(bin, 'ssh'), script, { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
    await running(process.pid, { ports: { ssh: 2299, forwards: [] } });
    expect(await sshInto(folder, { command: ['true'], signal, name })).toBe(7);
    const [where, ...args] = readFileSync(said, 'utf8').trim().split('\n');
    expect(where).toBe(folder);
    expect(args).toEqual(sshArgs(2299, { command: ['true'] }, [8, 1]));
  });

  test('says what is missing', async () => {
    await expect(sshInto(folder, { command: [], signal, name })).rejects.toThrow(/yosemite: this guest does not run/);
    await running(process.pid, { ports: { ssh: 2299, forwards: [] } });
    vi.stubEnv('PATH', scratch('no-ssh'));
    await expect(sshInto(folder, { command: [], signal, name })).rejects.toMatchObject({ exitCode: 4 });
  });
});

describe('--detach', () => {
  const detach = (script: string, until = signal) =>
    detachGuest(folder, { command: [process.execPath, '-e', script], signal: until });

  test('returns when the guest runs, and the log is the owner’s alone', async () => {
    const state = `{ schema: 1, host: ${JSON.stringify(hostname())}, pid: process.pid, processStart: '', startedAt: '', qmp: '/q', ports: { forwards: [] } }`;
    const script = `console.log('starting', process.env.${DETACHED}, process.env.OSX_ISO_OSK);
      require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'run.json'))}, JSON.stringify(${state}), { mode: 0o600 });
      setTimeout(() => {}, 20_000)`;
    vi.stubEnv('OSX_ISO_OSK', 'k');
    const { run, log } = await detach(script);
    expect(run.qmp).toBe('/q');
    expect(readFileSync(log, 'utf8')).toBe('starting 1 k\n');
    process.kill(run.pid, 'SIGKILL');
  });

  test('where it does not start its words are the error, and its exit code', async () => {
    const says = (script: string) => detachGuest(folder, { command: ['/bin/sh', '-c', script], signal });
    const error = await says('echo osx-iso: no key >&2; exit 4').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/did not start.*\n {2}osx-iso: no key$/),
    });
    await expect(says('exit 77')).rejects.toMatchObject({ exitCode: 1 });
    await expect(says('kill -9 $$')).rejects.toThrow(/SIGKILL/);
    await expect(says('')).rejects.toThrow(/has ended already/);
  });

  test('is ended when the user leaves before it runs', async () => {
    await expect(detach('setInterval(() => {}, 1000)', AbortSignal.timeout(400))).rejects.toBeInstanceOf(Interrupted);
  });

  test('a link in the log’s place is not followed', async () => {
    symlinkSync('/etc/passwd', join(folder, 'boot.log'));
    await expect(detach('')).rejects.toBeInstanceOf(HostError);
  });

  test('the mark is taken out of the environment', () => {
    const env = { [DETACHED]: '1' };
    expect([takeDetached(env), takeDetached(env), env]).toEqual([true, false, {}]);
  });
});
