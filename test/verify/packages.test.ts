import { chmod, copyFile, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError, UserError } from '../../src/errors.js';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import { packagesOnDisk, placedFile } from '../../src/formats/disk-packages.js';
import type { Path } from '../../src/formats/entry.js';
import { openXar } from '../../src/formats/xar/index.js';
import { build } from '../../src/iso/build.js';
import { planBuild } from '../../src/iso/plan.js';
import { verifyFile } from '../../src/iso/verify-file.js';
import { checkContents } from '../../src/verify/contents.js';
import { verifyIso } from '../../src/verify/index.js';
import { Checks } from '../../src/verify/report.js';
import { LONG } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

const { signal } = new AbortController();
const NAME = 'package checksums';
/** 200 flips a sweep instead of a few. */

/** Numbers that are the same in every run. */
function* numbers(seed: number): Generator<number, never> {
  for (let value = seed; ; ) {
    value = (value * 48_271) % 0x7fff_ffff;
    yield value;
  }
}

async function built(esd: string, iso: string) {
  const options = { app: esd, output: iso, engine: 'native' as const, identify: false };
  return build(await planBuild(options), options, { signal, emit: () => undefined });
}

let app: string;
let iso: string;
let bytes: Buffer;
let facts: Record<string, unknown>;
beforeAll(async () => {
  app = await smallInstaller();
  iso = join(testFolder(), 'packages.iso');
  const { manifest } = await built(app, iso);
  facts = manifest.facts;
  await rm(`${iso}.json`);
  bytes = await readFile(iso);
});
afterAll(() => rm(iso, { force: true }));

const textsOf = async (file: ByteSource, packages?: 'quick') => {
  const report = await verifyIso(file, { signal, ...(packages && { packages }) });
  return report.checks.filter(({ name }) => name === NAME).map(({ ok, text }) => `${ok ? 'ok' : 'FAIL'}: ${text}`);
};

/** The stretches of the disk that the packages lie in, and those of them that some checksum covers. */
async function places() {
  const disk = await openDisk(fromBytes(bytes, 'x.iso'));
  const { partition, volume } = await openVolume(disk);
  const { placed } = await packagesOnDisk(volume, partition);
  const all: { offset: number; length: number }[] = [];
  const covers: { from: number; to: number }[] = [];
  for (const { name, source, proof, stretches } of placed) {
    const [only] = (await placedFile(volume, partition, name.slice(1).split('/'), proof)).stretches!;
    expect(stretches).toEqual([only]);
    all.push(only!);
    const archive = await openXar(source);
    const cover = (from: number, length: number) =>
      covers.push({ from: only!.offset + from, to: only!.offset + from + length });
    // The header, the table of contents and its checksum (SHA-1).
    cover(0, archive.heap + 20);
    for (const { offset, length } of archive.members) cover(archive.heap + offset, length);
  }
  return { all, isCovered: (at: number) => covers.some(({ from, to }) => at >= from && at < to) };
}

describe('packages of a finished ISO', () => {
  it('are proved while it is written, and by verify from its bytes alone', async () => {
    const proved = Object.entries(facts.packages as Record<string, string>);
    expect(proved.length).toBeGreaterThan(3);
    for (const [path, text] of proved) {
      expect([path, text]).toEqual([
        expect.stringMatching(/^\/System\/Installation\/Packages\/.*pkg$/),
        expect.stringMatching(/^proved: \d+ members?/),
      ]);
    }
    expect(facts.payload).toEqual({
      of: 'esd:/Packages/Essentials.pkg',
      proof: 'each file compared with its checksum in the Bom',
    });
    expect(facts.checks).toContainEqual({ name: NAME, ok: true, text: 'compared while the ISO was written' });
    const text = '/BaseSystem.dmg: compared while the ISO was written';
    expect(facts.checks).toContainEqual({ name: 'BaseSystem', ok: true, text });
    expect(await textsOf(fromBytes(bytes, 'x.iso'))).toEqual([`ok: all of ${proved.length} packages match theirs`]);
    expect(await textsOf(fromBytes(bytes, 'x.iso'), 'quick')).toEqual(['ok: not compared: left out by --quick']);
  });

  it('lie behind BaseSystem.dmg, which is read for the system in it just before', async () => {
    const { partition, volume } = await openVolume(await openDisk(fromBytes(bytes, 'x.iso')));
    const nothing = { update: () => undefined, finish: () => '' };
    const { stretches } = await placedFile(volume, partition, ['BaseSystem.dmg'], nothing);
    const { all } = await places();
    expect(stretches![0]!.offset).toBeLessThan(Math.min(...all.map(({ offset }) => offset)));
  });

  it('that are empty or next to it are none', async () => {
    const { partition, volume } = await openVolume(await openDisk(fromBytes(bytes, 'x.iso')));
    const sizes = [0, 3, 27];
    const short = sizes.map((size) => ({
      ...{ path: ['Packages', `${size}.pkg`], kind: 'file' },
      data: fromBytes(new Uint8Array(size), `${size}.pkg`),
    }));
    const walk = async function* () {
      yield* short;
    };
    const disk = Object.create(volume, { walk: { value: walk } });
    const { placed, broken } = await packagesOnDisk(disk, partition);
    expect(placed).toEqual([]);
    expect(new Set(broken.map(({ name }) => name))).toEqual(new Set(sizes.map((size) => `/Packages/${size}.pkg`)));
  });

  it('are proved, though another file cannot be read', async () => {
    const { partition, volume } = await openVolume(await openDisk(fromBytes(bytes, 'x.iso')));
    const { placed } = await packagesOnDisk(volume, partition);
    const error = new FormatError({ file: 'Bad', structure: 'block', offset: 0, expected: 'zlib', found: 'damage' });
    const failing = (reason: Error) => {
      const data = { name: 'Bad', size: 9, read: () => Promise.reject(reason) };
      const walk = async function* (folder: Path) {
        if (folder.length === 1) yield { path: ['Packages', 'Bad'], kind: 'file', data };
        yield* volume.walk(folder);
      };
      return packagesOnDisk(Object.create(volume, { walk: { value: walk } }), partition);
    };
    const found = await failing(error);
    expect(found.broken).toEqual([{ name: '/Packages/Bad', error }]);
    expect(found.placed.map(({ name }) => name)).toEqual(placed.map(({ name }) => name));
    await expect(failing(new Error('EIO'))).rejects.toThrow('EIO');
  });

  it('of 0 bytes are not counted', async () => {
    const disk = await openDisk(fromBytes(bytes, 'x.iso'));
    const { partition, volume } = await openVolume(disk);
    const saidOf = async (empty: boolean) => {
      const walk = async function* (folder: Path) {
        for await (const entry of volume.walk(folder)) {
          const data = empty && entry.path.at(-1)!.endsWith('.pkg') ? fromBytes(new Uint8Array(0), 'x') : entry.data;
          yield { ...entry, data };
        }
      };
      const checks = new Checks();
      await checkContents({ disk, partition, volume: Object.create(volume, { walk: { value: walk } }) }, checks);
      return checks.all.filter(({ name }) => name === 'packages').map(({ text }) => text);
    };
    expect(await saidOf(false)).toEqual([expect.stringMatching(/Packages: \d+ packages, /)]);
    expect(await saidOf(true)).toEqual(['/System/Installation/Packages: expected packages, found none']);
  });

  it('are read once, with BaseSystem.dmg and all that a manifest covers', async () => {
    const whole = fromBytes(bytes, 'x.iso');
    let read = 0;
    const file: ByteSource = {
      name: whole.name,
      size: whole.size,
      read: (offset, length) => {
        read += length;
        return whole.read(offset, length);
      },
    };
    await verifyIso(file, { signal, packages: 'quick' });
    const without = read;
    read = 0;
    await verifyIso(file, { signal, provedOnTheWay: true });
    const { volume } = await openVolume(await openDisk(whole));
    const image = (await volume.file(['BaseSystem.dmg']))!.size;
    expect(read).toBeLessThanOrEqual(without - image);
    read = 0;
    let seen = 0;
    const see = (part: Uint8Array) => {
      seen += part.length;
    };
    const report = await verifyIso(file, { signal, see });
    expect([report.ok, seen]).toEqual([true, bytes.length]);
    // Beside the one reading: file system, tables of contents.
    expect(read).toBeLessThan(bytes.length + without + bytes.length / 10);
  });

  it('a bit flipped anywhere in them is found without the manifest, and named', async () => {
    const { all, isCovered } = await places();
    const total = all.reduce((sum, { length }) => sum + length, 0);
    const random = numbers(10);
    const file = await open(iso, 'r+');
    let nothing = 0;
    try {
      for (let i = 0; i < (LONG ? 200 : 12); i++) {
        let at = random.next().value % total;
        const place = all.find(({ length }) => {
          if (at < length) return true;
          at -= length;
          return false;
        })!;
        at += place.offset;
        const flip = (bit: number) => file.write(Uint8Array.of(bytes[at]! ^ bit), 0, 1, at);
        await flip(1 << (random.next().value % 8));
        const { ok, checks } = await verifyFile(iso, { signal });
        const failed = checks.filter((check) => !check.ok);
        await flip(0);
        if (!isCovered(at)) {
          nothing++;
          continue;
        }
        expect([at, ok, failed.map(({ name }) => name)]).toEqual([at, false, expect.arrayContaining([NAME])]);
        expect(failed.find(({ name }) => name === NAME)!.text).toMatch(/\/System\/Installation\/Packages\/.*pkg/);
      }
    } finally {
      await file.close();
    }
    // Our archives' members lie side by side: no byte carries nothing.
    expect(nothing).toBe(0);
  });
});

describe('a bit flipped in the source', () => {
  it('ends the build: nothing wrong becomes an ISO', { timeout: 600_000 }, async () => {
    const source = join(app, 'Contents/SharedSupport/InstallESD.dmg');
    const good = await readFile(source);
    const random = numbers(11);
    const esd = join(testFolder(), 'InstallESD.dmg');
    await copyFile(source, esd);
    await chmod(esd, 0o644);
    const exits = new Map<string, number>();
    const unnoticed: number[] = [];
    for (let i = 0; i < (LONG ? 200 : 4); i++) {
      const at = random.next().value % good.length;
      const bit = 1 << (random.next().value % 8);
      const file = await open(esd, 'r+');
      await file.write(Uint8Array.of(good[at]! ^ bit), 0, 1, at);
      const output = join(testFolder(), `flipped-${i}.iso`);
      try {
        const { made } = await built(esd, output);
        unnoticed.push(at);
        for (const path of made) await rm(path);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        exits.set(`${error.exitCode}`, (exits.get(`${error.exitCode}`) ?? 0) + 1);
      } finally {
        await file.write(Uint8Array.of(good[at]!), 0, 1, at);
        await file.close();
      }
    }
    expect([...exits.keys()].filter((code) => code !== '3' && code !== '5')).toEqual([]);
    // The property list and the trailer have fields that nobody reads: they lie behind the data fork.
    const koly = good.subarray(good.length - 512);
    const fork = Number(koly.readBigUInt64BE(24)) + Number(koly.readBigUInt64BE(32));
    expect(unnoticed.filter((at) => at < fork)).toEqual([]);
  });
});
