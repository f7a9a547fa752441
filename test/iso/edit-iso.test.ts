import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { foreseenDigests } from '../../src/iso/foreseen-digests.js';
import { checksumLine } from '../../src/iso/output.js';
import { ran } from '../helpers/command-line.js';
import { top } from '../helpers/imports.js';
import { LONG } from '../helpers/long.js';
import { checkedFile } from '../helpers/schemas.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
let built = '';

beforeAll(async () => {
  built = join(testFolder(), 'built.iso');
  await ran('build', await smallInstaller(), '-o', built, '--engine', 'native', '--checksum');
});

/** A built ISO of its own, with the files beside it. */
function isoNamed(name: string): string {
  const iso = join(testFolder(), name);
  copyFileSync(built, iso);
  copyFileSync(`${built}.json`, `${iso}.json`);
  writeFileSync(`${iso}.sha256`, checksumLine(sha256(readFileSync(iso)), name));
  return iso;
}

const plist = (iso: string, ...more: string[]) => ran('plist', '--image', iso, '--set', 'Timeout=9', ...more);
const text = (path: string) => readFileSync(path, 'utf8');

/** Loaded first: the process ends by kill -9 before that many-th write or flush. */
const killedAt = (count: number) =>
  `--import=data:text/javascript,${encodeURIComponent(`
  import { open } from 'node:fs/promises';
  const handle = await open(process.execPath);
  const files = Object.getPrototypeOf(handle);
  await handle.close();
  let left = ${count};
  for (const name of ['write', 'writeFile', 'sync', 'datasync']) {
    const real = files[name];
    files[name] = function (...args) {
      if (--left < 0) process.kill(process.pid, 'SIGKILL');
      return real.apply(this, args);
    };
  }`)}`;

describe('plist --image that is killed', () => {
  it('leaves files beside the ISO that are true of it, and the next one ends what was begun', {
    timeout: 120_000,
  }, async () => {
    const seen = { before: 0, after: 0, between: 0 };
    const state = join(testFolder(), 'state');
    for (const count of LONG ? Array.from({ length: 12 }, (_, i) => 5 * i + 3) : [8]) {
      const iso = isoNamed(`killed-${count}.iso`);
      const old = sha256(readFileSync(iso));
      const { signal } = spawnSync(
        process.execPath,
        [join(top, 'bin', 'osx-iso.js'), 'plist', '--image', iso, '--set', 'Timeout=9'],
        { env: { ...process.env, NODE_OPTIONS: killedAt(count), XDG_STATE_HOME: state } },
      );
      const now = sha256(readFileSync(iso));
      const stated = JSON.parse(text(`${iso}.json`)).iso as { sha256: string; sha256Before?: string };
      const known = [stated.sha256, stated.sha256Before];
      seen[now === old ? 'before' : known.includes(now) ? 'after' : 'between']++;
      expect(known.includes(now) || stated.sha256Before === old, `killed at ${count}`).toBe(true);
      const line = text(`${iso}.sha256`);
      expect(line.startsWith('#') || line === checksumLine(now, basename(iso)), `killed at ${count}: ${line}`).toBe(
        true,
      );
      if (count % 25 === 8) expect(await ran('verify', iso)).toMatchObject({ code: 0 });

      expect((await plist(iso)).code).toBe(0);
      const then = sha256(readFileSync(iso));
      const { iso: end } = checkedFile(`${iso}.json`, 'manifest') as { iso: object };
      expect(end).toMatchObject({ sha256: then });
      expect(end).not.toHaveProperty('sha256Before');
      expect(text(`${iso}.sha256`)).toBe(checksumLine(then, basename(iso)));
      rmSync(iso);
      if (signal === null) break;
    }
    if (LONG) expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
  });
});

describe('plist --image on an ISO of ours', () => {
  it('keeps the manifest and the checksum file true', async () => {
    const iso = isoNamed('a.iso');
    const { out, err } = await plist(iso);
    expect(out).toContain(`its new checksum is in ${iso}.json\n  its new checksum is in ${iso}.sha256`);
    expect(err).toBe(`Reading all of ${iso} for its checksum, which changes.\n`);
    const now = sha256(readFileSync(iso));
    expect(text(`${iso}.sha256`)).toBe(checksumLine(now, 'a.iso'));
    const before = JSON.parse(text(`${built}.json`));
    const after = checkedFile(`${iso}.json`, 'manifest') as typeof before;
    expect(after.iso).toEqual({ ...before.iso, sha256: now });
    expect(after.facts.bootPlist).toMatchObject({ Timeout: '9' });
    const named = (checks: { name: string }[]) => checks.map(({ name }) => name);
    expect(named(after.facts.checks)).toEqual(named(before.facts.checks));
    const verified = await ran('verify', iso);
    expect(verified.code).toBe(0);
    expect(verified.out).toMatch(/^ok {2} {2}manifest /m);
  });

  it('touches neither where nothing is written', async () => {
    const iso = isoNamed('dry.iso');
    const { err } = await plist(iso, '--dry-run');
    expect(err).toBe('');
    expect(text(`${iso}.json`)).toBe(text(`${built}.json`));
  });

  it.runIf(LONG)(
    'leaves, and says so, what did not fit before: another size, other bytes, more than one line',
    async () => {
      const longer = isoNamed('longer.iso');
      truncateSync(longer, readFileSync(longer).length + 1024);
      writeFileSync(`${longer}.sha256`, `${text(`${longer}.sha256`)}${checksumLine('0'.repeat(64), 'other')}`);
      const other = await plist(longer);
      expect(other.err).toMatch(
        /longer\.iso\.json is left as it is: it describes an ISO of \d+ bytes, this one has \d+\./,
      );
      expect(other.err).toMatch(/longer\.iso\.sha256 is left as it is: it is not the one line that build writes\./);
      expect(other.err).not.toContain('Reading all');

      const damaged = isoNamed('damaged.iso');
      const bytes = readFileSync(damaged);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(damaged, bytes);
      expect((await plist(damaged)).err).toMatch(/damaged\.iso\.json is left as it is: it states the sha256 /);
      expect(text(`${damaged}.json`)).toBe(text(`${built}.json`));
      expect((await ran('verify', damaged)).code).toBe(5);

      const foreign = isoNamed('foreign.iso');
      writeFileSync(`${foreign}.json`, '[]');
      const { err, code } = await plist(foreign);
      expect({ code, err: err.includes(`${basename(foreign)}.json: expected a manifest of an ISO`) }).toEqual({
        code: 0,
        err: true,
      });
    },
  );
});

it('what is foreseen of a disk is what it has when all is written, over the edges of what is read at once', async () => {
  const size = (3 << 20) + 17;
  const disk = Buffer.alloc(size, 1);
  const news = fromBytes(Buffer.alloc(2 << 20, 2), 'new');
  const writes = [
    { offset: 5, length: 1, source: news, from: 9 },
    { offset: (1 << 20) - 3, length: (1 << 20) + 7, source: news, from: 0 },
    { offset: size - 2, length: 2, source: news, from: 4 },
  ];
  const after = Buffer.from(disk);
  for (const { offset, length } of writes) after.fill(2, offset, offset + length);
  expect(await foreseenDigests(fromBytes(disk, 'disk'), writes)).toEqual({
    before: sha256(disk),
    after: sha256(after),
  });
});
