import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Writer } from '../../src/core/journal.js';
import { lock as lockBy, lockPath, turnPath, unlock } from '../../src/core/lock.js';
import { processStart } from '../../src/host/process-start.js';

let folder: string;
let path: string;
let claims: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osx-iso-lock-'));
  path = lockPath(join(folder, 'x.iso'));
  claims = mkdtempSync(join(tmpdir(), 'osx-iso-claims-'));
});
afterEach(() => {
  expect(readdirSync(claims)).toEqual([]);
  for (const made of [folder, claims]) rmSync(made, { recursive: true, force: true });
});

/** Each process claims by a name in a private folder of its own. */
const lock = (output: string, writer: Writer) => lockBy(output, writer, join(claims, `${writer.pid}`));

const dead = { pid: 2 ** 22 + 17, started: 'long ago' };
const me = async () => ({ pid: process.pid, started: (await processStart(process.pid)) ?? '' });

describe('lock', () => {
  it('refuses a second build of one output, with the other’s pid', async () => {
    await lock(path, await me());
    await expect(lock(path, { pid: process.pid + 1, started: 'now' })).rejects.toMatchObject({
      // In use: one code in all commands.
      exitCode: 4,
      message: expect.stringContaining(`x.iso: another build of it is running, process ${process.pid}.`),
    });
    expect(readdirSync(folder)).toEqual(['.x.iso.lock']);
    await unlock(path, await me());
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over from a dead build', async () => {
    await lock(path, dead);
    await lock(path, await me());
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(readdirSync(folder)).toEqual(['.x.iso.lock']);
  });

  it('is given to one of many who come at once', async () => {
    const others = Array.from({ length: 8 }, () => spawn('sleep', ['60'], { stdio: 'ignore' }));
    try {
      const writers = await Promise.all(
        others.map(async ({ pid }) => ({ pid: pid!, started: (await processStart(pid!)) ?? '' })),
      );
      for (let round = 0; round < 20; round++) {
        await lock(path, dead);
        const results = await Promise.allSettled(writers.map((writer) => lock(path, writer)));
        const winners = writers.filter((_, i) => results[i]!.status === 'fulfilled');
        expect(winners).toEqual([JSON.parse(readFileSync(path, 'utf8'))].map(({ pid, started }) => ({ pid, started })));
        expect(readdirSync(folder)).toEqual(['.x.iso.lock']);
        await unlock(path, winners[0]!);
      }
    } finally {
      for (const other of others) other.kill();
    }
  });

  it('is not held up by one that died while it took a dead lock away', async () => {
    await lock(path, dead);
    writeFileSync(turnPath(path), JSON.stringify({ ...dead, host: hostname() }));
    await lock(path, await me());
    expect(readdirSync(folder)).toEqual(['.x.iso.lock']);
  });

  it('respects a build on another computer, and a lock that is just being written', async () => {
    writeFileSync(path, JSON.stringify({ ...dead, host: 'elsewhere.example' }));
    await expect(lock(path, await me())).rejects.toThrow(/running on elsewhere\.example, process/);
    writeFileSync(path, '');
    await expect(lock(path, await me())).rejects.toThrow(/may be running/);
    const old = Date.now() / 1000 - 60;
    utimesSync(path, old, old);
    await lock(path, await me());
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ host: hostname() });
  });

  it('is not given back by anybody else', async () => {
    await lock(path, await me());
    await unlock(path, dead);
    expect(existsSync(path)).toBe(true);
  });
});
