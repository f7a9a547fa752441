import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { ran } from '../helpers/command-line.js';
import { startServer } from '../helpers/http-server.js';
import { needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';
import { points } from '../helpers/long.js';
import { smallInstaller } from '../helpers/small-installer.js';
import { makeMultibootStub } from '../launch/multiboot-stub.js';
import { MISTAKES } from './mistakes.js';

const folder = scratch('mistakes');
const before = process.cwd();
/** Debian's "nobody". Who is not root is kept out by the mode alone. */
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  process.chdir(folder);
  chmodSync(folder, 0o755);
  const app = await smallInstaller();
  await cp(app, basename(app), { recursive: true });
  const manifest = {
    schema: 1,
    tool: { name: 'osx-iso', version: '0' },
    source: { version: '10.10.5', release: 'OS X 10.10.5 Yosemite (14F27)' },
    iso: { size: 4096 },
    facts: { checks: [{ name: 'kernel', ok: true, text: '' }] },
    boot: { memory: 2048 },
  };
  const files: Record<string, string | Uint8Array> = {
    'good.iso': new Uint8Array(4096),
    'good.iso.json': JSON.stringify(manifest, null, 2),
    'secret.iso': new Uint8Array(4096),
    'secret.iso.json': JSON.stringify(manifest, null, 2),
    'page.dmg': '<!DOCTYPE html><html><head><title>Sign in</title>',
    'error.iso': '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
    'd.qcow2': Buffer.concat([Buffer.from('514649fb00000003', 'hex'), Buffer.alloc(2 << 20)]),
    'd.vmdk': Buffer.concat([Buffer.from('KDMV'), Buffer.alloc(4096)]),
    'd.vdi': Buffer.concat([Buffer.alloc(64), Buffer.from('7f10dabe', 'hex'), Buffer.alloc(4096)]),
    'f.iso.gz': Buffer.from('1f8b0800', 'hex'),
    'f.zip': 'PK\x03\x04 and so on',
    'empty.iso': '',
    'notes.txt': 'just text\n',
    osk: 'A'.repeat(64),
    short: 'short',
    boot: makeMultibootStub('x'),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(name, content);
  for (const name of ['folder', 'isos', 'locked', 'bin', 'full']) mkdirSync(name);
  writeFileSync('folder/readme', 'x');
  writeFileSync('isos/a.iso', 'x');
  writeFileSync('bin/qemu-system-x86_64', QEMU, { mode: 0o755 });
  chmodSync('osk', 0o600);
  chmodSync('secret.iso', 0);
  chmodSync('locked', isRoot ? 0o700 : 0);
});
beforeAll(() => {
  vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env.PATH}`);
});
afterAll(() => {
  process.chdir(before);
  chmodSync(join(folder, 'locked'), 0o700);
  vi.unstubAllEnvs();
});

/** Says what a QEMU says about itself, and is never started. */
const QEMU = `#!/bin/sh
case "$*" in
  --version) echo 'QEMU emulator version 8.2.0';;
  '-device help') echo 'name "isa-applesmc", bus x';;
  '-accel help') printf 'Accelerators:\\ntcg\\n';;
  '-netdev help') printf 'Available netdev backend types:\\nuser\\n';;
  *) exit 1;;
esac
`;

/** Everything that lies there: names, sizes, times of change. */
function seen(): string[] {
  return readdirSync('.', { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('state'))
    .map((name) => {
      const { size, mtimeMs } = statSync(name);
      return `${name} ${size} ${mtimeMs}`;
    })
    .sort();
}

async function typed(line: string, as: 'nobody' | undefined) {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
  const other = as === 'nobody' && isRoot;
  try {
    if (other) process.setegid!(NOBODY);
    if (other) process.seteuid!(NOBODY);
    return await ran(...words);
  } finally {
    if (other) process.seteuid!(0);
    if (other) process.setegid!(0);
  }
}

describe('a mistake is told by its code and its words, and makes nothing', () => {
  const state = join(folder, 'state');
  let there: string[];
  beforeAll(() => {
    vi.stubEnv('XDG_STATE_HOME', state);
    vi.stubEnv('OSX_ISO_OSK', '');
    there = seen();
  });
  afterEach(() => {
    expect(seen()).toEqual(there);
  });

  test.each(
    points(
      MISTAKES.filter(({ full }) => full === undefined),
      60,
    ),
  )('$typed', async ({ typed: line, code, says, as, env = {} }) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const { code: found, out, err } = await typed(line, as);
    for (const name of Object.keys(env)) vi.stubEnv(name, undefined);
    expect(err).toMatch(says);
    expect([
      found,
      err.startsWith('osx-iso: ') || /^There is no manifest|^The guest gets|^no \/dev\/kvm/.test(err),
    ]).toEqual([code, true]);
    expect(err).not.toMatch(/bug in osx-iso|-no-user-config/);
    if (code !== 5) expect(out).toBe('');
  });

  // How much is free on a disk, and that none is, only a disk of its own can say.
  const full = MISTAKES.filter((mistake) => mistake.full !== undefined);
  test.for(points(full, 2))('$typed, $full free', async (mistake, context) => {
    if (mistake.typed.startsWith('disk')) needs(context, 'qemu-img');
    const server = await startServer([['/x.dmg', fromBytes(new Uint8Array(1_000_000), 'x')]]);
    const disk = join(folder, 'full');
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    try {
      if (status !== 0 && process.env.OSX_ISO_REQUIRE_ALL !== '1') context.skip('needs a disk mounted, which root may');
      expect(status).toBe(0);
      if (mistake.full === 'none') expect(() => writeFileSync(join(disk, 'fill'), new Uint8Array(1 << 20))).toThrow();
      const before = readdirSync(disk);
      const { code, out, err } = await typed(mistake.typed.replace('{server}', server.origin), undefined);
      expect(err).toMatch(mistake.says);
      expect([code, out, readdirSync(disk)]).toEqual([mistake.code, '', before]);
    } finally {
      await server.close();
      spawnSync('umount', [disk]);
    }
  });

  test('all of their codes are in the documents', () => {
    const ci = readFileSync(join(before, 'docs/ci.md'), 'utf8');
    for (const code of new Set(MISTAKES.map((mistake) => mistake.code))) expect(ci).toContain(`| ${code} | `);
    expect(MISTAKES.length).toBeGreaterThanOrEqual(80);
  });
});
