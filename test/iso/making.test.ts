import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
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
import { noJournal, type UndoRecord } from '../../src/core/journal.js';
import { lock, lockPath, unlock } from '../../src/core/lock.js';
import { isBug } from '../../src/errors.js';
import { giveTo, moveTo } from '../../src/host/hand-over.js';
import { processStart } from '../../src/host/process-start.js';
import { Making, type Place } from '../../src/iso/making.js';
import { LONG } from '../helpers/long.js';

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
/** Of each attack. Nothing of root's may be hit, not even once; by hand before a release: 1,000 rounds in all. */
const ROUNDS = LONG ? 250 : 10;

/**
 * The owner of the folder, in a loop as tight as it gets. Each attack leaves alone what the others are about: one that disturbs
 * everything stops a build long before the place that could be hit.
 */
const ATTACKS = {
  'links in the place of final names': `
    for (const name of ['y.iso', 'y.iso.json', 'y.iso.sha256']) tried(() => {
      if (lstatSync(folder + '/' + name).isSymbolicLink()) return;
      renameSync(folder + '/' + name, aside + '/' + i);
      symlinkSync(victims + '/y.iso', folder + '/' + name);
    });`,
  // To another name in the same folder: into another folder only its owner can move a folder.
  "a link to a folder of root's in the place of the private one": `
    for (const name of readdirSync(folder)) if (name.startsWith('.osx-iso-')) tried(() => {
      if (lstatSync(folder + '/' + name).isSymbolicLink()) return;
      Atomics.wait(clock, 0, 0, Math.random() * 8);
      renameSync(folder + '/' + name, folder + '/' + i);
      symlinkSync(victims, folder + '/' + name);
    });`,
  "a link to a folder of root's in the place of the output's": `
    tried(() => { renameSync(folder, folder + '-away'); symlinkSync(victims, folder); });
    tried(() => { unlinkSync(folder); renameSync(folder + '-away', folder); });`,
  'links in the place of the lock': `
    for (const name of ['.y.iso.lock', '.y.iso.lock.turn', '.y.iso.lock.' + pid]) {
      tried(() => symlinkSync(victims + '/y.iso', folder + '/' + name));
      tried(() => unlinkSync(folder + '/' + name));
    }`,
} as const;
const swapper = (attack: string) => `
  const { lstatSync, readdirSync, renameSync, symlinkSync, unlinkSync } = require('node:fs');
  const [folder, victims, aside, pid] = process.argv.slice(1);
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const tried = (work) => { try { work(); } catch {} };
  const parent = process.ppid;
  console.log('ready');
  // Not longer than the test, however that ends.
  for (let i = 0; process.ppid === parent; i++) tried(() => { ${attack} });`;

describe.runIf(process.geteuid?.() === 0)(
  'in a folder of somebody who swaps all the time, root hits nothing of its own',
  () => {
    it.each(Object.entries(ATTACKS))('%s', { timeout: 3_600_000 }, async (_, attack) => {
      const [victims, folder, aside] = ['root', 'home/out', 'home/aside'].map((name) => join(top, name)) as [
        string,
        string,
        string,
      ];
      chmodSync(top, 0o755);
      mkdirSync(victims, { mode: 0o755 });
      for (const path of [join(top, 'home'), folder, aside]) {
        mkdirSync(path);
        chownSync(path, USER.uid, USER.gid);
      }
      // Under the very names that are made: whoever is led here has something to hit.
      const names = ['lock', 'y.iso', 'y.iso.json', 'y.iso.sha256'];
      for (const name of names) writeFileSync(join(victims, name), 'of root');
      const seen = () =>
        readdirSync(victims).map((name) => {
          const { uid, gid, ino, mode, nlink, mtimeMs } = lstatSync(join(victims, name));
          return [name, uid, gid, ino, mode, nlink, mtimeMs, readFileSync(join(victims, name), 'utf8')];
        });
      const before = seen();
      expect(before).toHaveLength(names.length);

      const place = { iso: join(folder, 'y.iso'), folder: statSync(folder) };
      const args = ['-e', swapper(attack), folder, victims, aside, String(process.pid)];
      const other = spawn(process.execPath, args, { ...USER, stdio: ['ignore', 'pipe', 'ignore'] });
      try {
        await new Promise((resolve) => other.stdout.once('data', resolve));
        for (let round = 0; round < ROUNDS; round++) {
          await make(place, USER, true).then(
            () => {},
            (error: Error) => expect(isBug(error)).toBe(false),
          );
          expect(seen()).toEqual(before);
        }
        expect(other.exitCode).toBeNull();
      } finally {
        other.kill('SIGKILL');
        await new Promise((resolve) => other.once('exit', resolve));
      }
    });
  },
);
