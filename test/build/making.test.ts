import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lock, lockPath, unlock } from '../../src/build/lock.js';
import { Making, type Place } from '../../src/build/making.js';
import { noJournal, type UndoRecord } from '../../src/core/journal.js';
import { giveTo, moveTo } from '../../src/host/hand-over.js';
import { processStart } from '../../src/host/process-start.js';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'osx-iso-making-'));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

/** What a build does with the host, without the building. Returns what is under the final names. */
async function make(place: Place, owner: { uid: number; gid: number } | undefined, replace = false) {
  const { iso } = place;
  const making = await Making.begin(place, noJournal);
  const writer = { pid: process.pid, started: (await processStart(process.pid)) ?? '' };
  const held = making.folder.at(basename(lockPath(iso)));
  try {
    await lock(held, writer, making.claim);
    try {
      const partial = making.partial('native');
      await writeFile(partial, 'iso', { flag: 'wx' });
      if (owner) await giveTo(partial, owner);
      await moveTo(partial, making.iso, { replace });
      await making.write(`${basename(iso)}.json`, 'manifest', { owner, replace });
      await making.write(`${basename(iso)}.sha256`, 'checksum', { owner, replace });
    } finally {
      await unlock(held, writer);
    }
  } finally {
    await making.end({ keep: false });
  }
}

describe('what is made', () => {
  it('appears under its final names only, in a private folder before', async () => {
    const iso = join(top, 'y.iso');
    const written: UndoRecord[] = [];
    const journal = { append: async (record: UndoRecord) => String(written.push(record)), done: async () => {} };
    const making = await Making.begin({ iso }, journal);
    const [room] = readdirSync(top);
    expect(written).toEqual([{ kind: 'folder', path: join(top, room!) }]);
    expect(statSync(join(top, room!)).mode & 0o777).toBe(0o700);
    expect(making.partial('hdiutil')).toBe(join(top, room!, 'y.iso'));
    await making.end({ keep: false });
    await make({ iso }, undefined);
    expect(readdirSync(top).sort()).toEqual(['y.iso', 'y.iso.json', 'y.iso.sha256']);
  });

  it('replaces nothing that has come into being meanwhile, unless it may', async () => {
    const iso = join(top, 'y.iso');
    writeFileSync(`${iso}.json`, 'mine');
    await expect(make({ iso }, undefined)).rejects.toThrow(`${iso}.json has come into being meanwhile.`);
    expect(readFileSync(`${iso}.json`, 'utf8')).toBe('mine');
    await make({ iso }, undefined, true);
    expect(readFileSync(`${iso}.json`, 'utf8')).toBe('manifest');
    expect(readdirSync(top).sort()).toEqual(['y.iso', 'y.iso.json', 'y.iso.sha256']);
  });

  it('stays where it was made only if it is to be kept', async () => {
    const making = await Making.begin({ iso: join(top, 'y.iso') }, noJournal);
    await writeFile(making.partial('native'), 'half');
    await making.end({ keep: true });
    const [room] = readdirSync(top);
    expect(readFileSync(join(top, room!, 'y.iso'), 'utf8')).toBe('half');
  });
});

/** nobody, as most systems number it: a second user without a name of ours. */
const USER = { uid: 65534, gid: 65534 };
/** Nothing of root's may be hit, not even once: 1,000 rounds take a minute. */
const ROUNDS = process.env.OSX_ISO_LONG === '1' ? 1000 : 40;

/**
 * As the owner of the folder, as fast as it can: puts links to root's file in the place of everything that appears there, moves
 * private folders away and links to root's folder in their place.
 */
const SWAPPER = `
  const { readdirSync, renameSync, symlinkSync, rmSync, unlinkSync, linkSync } = require('node:fs');
  const [folder, file, victims, aside] = process.argv.slice(1);
  const tried = (work) => { try { work(); } catch {} };
  console.log('ready');
  for (let i = 0; ; i++) {
    let names = [];
    tried(() => { names = readdirSync(folder); });
    for (const name of names) {
      const path = folder + '/' + name;
      tried(() => renameSync(path, aside + '/' + i + name));
      tried(() => symlinkSync(name.startsWith('.osx-iso-') ? victims : file, path));
    }
    if (i % 3 === 0) for (const name of ['y.iso', 'y.iso.json', '.y.iso.lock', '.y.iso.lock.${process.pid}']) {
      tried(() => symlinkSync(file, folder + '/' + name));
    }
    if (i % 7 === 0) for (const name of names) tried(() => unlinkSync(folder + '/' + name));
    if (i % 5 === 0) tried(() => { renameSync(folder, folder + '-away'); symlinkSync(victims, folder); unlinkSync(folder); renameSync(folder + '-away', folder); });
  }`;

describe.runIf(process.geteuid?.() === 0)('in a folder of somebody who swaps all the time', () => {
  it(`root hits nothing of its own in ${ROUNDS} rounds`, { timeout: 600_000 }, async () => {
    const [own, folder, aside] = ['root', 'home/out', 'home/aside'].map((name) => join(top, name)) as [
      string,
      string,
      string,
    ];
    chmodSync(top, 0o755);
    mkdirSync(own, { mode: 0o755 });
    for (const path of [join(top, 'home'), folder, aside]) {
      mkdirSync(path);
      chownSync(path, USER.uid, USER.gid);
    }
    const file = join(own, 'secret');
    writeFileSync(file, 'of root', { mode: 0o644 });
    const before = lstatSync(file);
    const place = { iso: join(folder, 'y.iso'), folder: statSync(folder) };

    const swapper = spawn(process.execPath, ['-e', SWAPPER, folder, file, own, aside], {
      ...USER,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const outcomes = new Map<string, number>();
    try {
      await new Promise((resolve) => swapper.stdout.once('data', resolve));
      for (let round = 0; round < ROUNDS; round++) {
        const outcome = await make(place, USER, round % 2 === 0).then(
          () => 'done',
          (error: Error) => error.constructor.name,
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        // Neither given away, nor written to, nor removed; and nothing was put beside it.
        const now = lstatSync(file);
        expect([now.uid, now.gid, now.ino, now.mode, now.nlink]).toEqual([
          before.uid,
          before.gid,
          before.ino,
          before.mode,
          1,
        ]);
        expect(readFileSync(file, 'utf8')).toBe('of root');
        expect(readdirSync(own)).toEqual(['secret']);
      }
      expect(swapper.exitCode).toBeNull();
    } finally {
      swapper.kill('SIGKILL');
    }
    expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(ROUNDS);
    expect(existsSync(file)).toBe(true);
  });
});
