import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileJournal } from '../../src/core/journal.js';
import { top } from '../helpers/imports.js';
import { HANG, kept } from '../helpers/judges/tool.js';
import { KilledUser } from '../helpers/killed.js';
import { LONG } from '../helpers/long.js';
import { makePlaces, type Places } from './stop/places.js';

const PROGRAM = join(top, 'bin', 'osx-iso.js');
const SLOW_HOST = `--import=${join(top, 'test', 'helpers', 'slow-host.mjs')}`;
/**
 * Milliseconds in which a command has to be at its end. 2,000 are promised; how long it takes is printed. Whoever does not stop when it is
 * told takes minutes.
 */
const MOST = 10_000;
const KEXT = 'AppleIntelCPUPowerManagement';

/** A command that has something to do when it is told to stop. */
interface Case {
  readonly name: string;
  readonly argv: (at: Places) => readonly string[];
  /** What it says when it is at the place; its files answer slowly from there on. Default: from the start, after so many reads. */
  readonly from?: string;
  readonly after?: number;
  /** It waits for something else: what it, or whom it waits for, says then. */
  readonly waits?: string;
  readonly env?: (at: Places) => Readonly<Record<string, string>>;
  readonly says?: RegExp;
  readonly prepare?: (at: Places, user: KilledUser) => Promise<void>;
  /** Not in the short run. */
  readonly long?: true;
}

const build = ({ built, folder }: Places) => ['build', '--app', built.app, '-o', join(folder, 'y.iso'), '--force'];
const boot = ({ qemu, osk, loader, disk }: Places) => [
  ...['boot', '--qemu', qemu, '--osk-file', osk, '--chameleon', loader, '--accel', 'tcg', '--headless'],
  ...['--disk', disk, '--disk-format', 'raw'],
];
const network = ({ offers }: Places) => ({ OSX_ISO_OFFERS: offers });
const deaf = ({ deaf }: Places) => ({ PATH: `${deaf}:${process.env.PATH}` });

const mute = (places: Places) => ({ ...deaf(places), OSX_ISO_MUTE: '1' });

const CASES: readonly Case[] = [
  { name: 'build: recognising the app', argv: build, long: true },
  { name: 'build: opening the image', argv: build, from: 'Attach app', long: true },
  { name: 'build: copying packages', argv: build, from: 'Copy esd:/Packages', long: true },
  { name: 'build: looking for the kernel', argv: build, from: 'Copy kernel', long: true },
  { name: 'build: writing the ISO', argv: build, from: 'Write the ISO' },
  { name: 'build: proving the ISO', argv: build, from: 'Prove the ISO', long: true },
  { name: 'verify: at the start', argv: ({ iso }) => ['verify', iso], long: true },
  { name: 'verify: in the middle', argv: ({ iso }) => ['verify', iso], after: 30, long: true },
  { name: 'inspect', argv: ({ iso }) => ['inspect', iso], after: 5, long: true },
  {
    name: 'inspect -o FOLDER',
    argv: ({ iso, folder }) => ['inspect', iso, '/System', '-o', join(folder, 'out')],
    after: 20,
    long: true,
  },
  { name: 'inspect -o -', argv: ({ iso }) => ['inspect', iso, '/BaseSystem.dmg', '-o', '-'], after: 12, long: true },
  { name: 'plist --image: reading a raw disk', argv: ({ disk }) => ['plist', '--image', disk], after: 3, long: true },
  {
    name: 'plist --image: a qemu-nbd that hangs',
    argv: ({ qcow2 }) => ['plist', '--image', qcow2],
    env: deaf,
    waits: 'qemu-nbd waits',
  },
  {
    name: 'plist --image: a qemu-img that hangs, raw',
    argv: ({ disk }) => ['plist', '--image', disk],
    env: mute,
    waits: 'qemu-img waits',
    long: true,
  },
  {
    name: 'plist --image: a qemu-img that hangs, qcow2',
    argv: ({ qcow2 }) => ['plist', '--image', qcow2],
    env: mute,
    waits: 'qemu-img waits',
    long: true,
  },
  {
    name: 'guest remove-kext --image',
    argv: ({ disk }) => ['guest', 'remove-kext', KEXT, '--image', disk, '--force'],
    after: 3,
    long: true,
  },
  {
    name: 'disk create: a qemu-img that hangs',
    argv: ({ folder }) => ['disk', 'create', join(folder, 'new.qcow2')],
    env: deaf,
    waits: 'qemu-img waits',
    long: true,
  },
  {
    name: 'doctor: a QEMU that hangs',
    argv: ({ deaf }) => ['doctor', '--qemu', join(deaf, 'qemu')],
    waits: 'qemu waits',
    long: true,
  },
  {
    name: 'boot: a QEMU that hangs',
    argv: ({ deaf, ...at }) => boot({ ...at, deaf, qemu: join(deaf, 'qemu') }),
    waits: 'qemu waits',
    long: true,
  },
  { name: 'boot: looking into an ISO', argv: (at) => ['boot', at.iso, ...boot(at).slice(1)], after: 20, long: true },
  {
    name: 'boot: a guest that runs',
    // This one never shuts down, and by default it has a minute to.
    argv: (at) => [...boot(at), '--grace', '0'],
    env: ({ said }) => ({ FAKE_QEMU: JSON.stringify({ log: said }) }),
    waits: '-qmp',
  },
  { name: 'list: a server that says nothing', argv: () => ['list'], env: network, waits: 'the server waits' },
  {
    name: 'download: a server that stalls',
    argv: ({ folder }) => ['download', '10.10', '-o', join(folder, 'd')],
    env: network,
    waits: 'the server waits',
    long: true,
  },
  {
    name: 'inspect URL: a server that stalls',
    argv: ({ server }) => ['inspect', server.url('/x.dmg')],
    waits: 'the server waits',
    long: true,
  },
  {
    name: 'build URL: a server that stalls',
    argv: ({ server, folder }) => ['build', '--app', server.url('/x.dmg'), '-o', join(folder, 'z.iso')],
    waits: 'the server waits',
    long: true,
  },
  { name: 'clean: a program that does not go', argv: () => ['clean'], prepare: orphan, waits: 'Process' },
];

let at: Places;
beforeAll(async () => {
  at = await makePlaces();
});
afterAll(() => at.server.close());

/** A run that died, whose program is still there and does not hear SIGINT. */
async function orphan({ deaf }: Places, user: KilledUser): Promise<void> {
  const folder = join(user.temporary, 'osx-iso-0123456789ab');
  const journal = fileJournal(join(user.state, 'osx-iso'), { pid: 2 ** 22 + 17, started: 'long ago' });
  await journal.append({ kind: 'folder', path: folder });
  kept(
    spawn(process.execPath, [join(deaf, 'qemu-nbd'), `--socket=${folder}-is-its-name`, folder], { stdio: 'ignore' }),
  );
}

/** Until a text stands there. */
async function until(what: string, text: () => string): Promise<void> {
  for (const end = Date.now() + HANG; !text().includes(what); await sleep(20)) {
    if (Date.now() > end) throw new Error(`"${what}" never came, but:\n${text()}`);
  }
}

const times: string[] = [];
afterAll(() => console.log(`Milliseconds from SIGTERM to the end:\n${times.join('\n')}`));

describe('SIGTERM ends a command wherever it is, and nothing is left', () => {
  it.each(CASES.filter(({ long }) => LONG || !long))('$name', async (one) => {
    const user = new KilledUser();
    writeFileSync(at.said, '');
    await one.prepare?.(at, user);
    const slow = one.waits === undefined;
    const env = {
      ...user.env,
      ...(slow && {
        NODE_OPTIONS: SLOW_HOST,
        SLOW_AFTER: String(one.after ?? 0),
        ...(one.from && { SLOW_FROM: one.from }),
      }),
      ...one.env?.(at),
    };
    const child = kept(spawn(process.execPath, [PROGRAM, ...one.argv(at)], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
    let all = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (all += chunk.toString('latin1')));
    const end = new Promise<number | string>((resolve) => child.once('exit', (code, by) => resolve(code ?? by!)));
    const text = () => all + readFileSync(at.said, 'utf8');
    await Promise.race([until(one.waits ?? 'SLOW', text), end]);
    const told = Date.now();
    child.kill('SIGTERM');
    const code = await Promise.race([end, sleep(MOST, 'nothing')]);
    times.push(`${String(Date.now() - told).padStart(6)}  ${one.name}`);
    expect({ code, all }).toEqual({ code: 130, all: expect.stringMatching(one.says ?? /Interrupted\./) });
    // What clean has not done yet stays written down.
    if (!one.prepare) expect(user.left()).toEqual([]);
    for (const made of ['y.iso', 'z.iso', 'new.qcow2']) expect(existsSync(join(at.folder, made))).toBe(false);
  });
});
