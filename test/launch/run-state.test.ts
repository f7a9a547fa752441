import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { clean } from '../../src/clean/index.js';
import { fileJournal } from '../../src/core/journal.js';
import { Scope } from '../../src/core/scope.js';
import { InUseError, SourceError } from '../../src/errors.js';
import { claimRun, isAlive, readRunState } from '../../src/launch/run-state.js';
import { scratch } from '../helpers/judges/tool.js';

let folder: string;
beforeEach(() => {
  folder = scratch('run-state');
});
const path = () => join(folder, 'run.json');
const ports = { ssh: 2222, forwards: [{ host: 8080, guest: 80 }] };
const good = {
  schema: 1,
  host: hostname(),
  pid: process.pid,
  processStart: 'x',
  startedAt: '2026-01-01T00:00:00.000Z',
  ports,
};

/** A process of this user's that is no more. */
const dead = () => spawnSync('true').pid;

describe('a guest that runs', () => {
  test('is told by run.json, which goes with it', async () => {
    const scope = new Scope();
    const own = await claimRun(folder, scope, { ports });
    expect(await readRunState(folder)).toMatchObject({ pid: process.pid, ports, host: hostname() });
    await Promise.all([
      own.tell({ qmp: '/tmp/a' }),
      own.tell({ qmp: '/tmp/b', qemu: 7 }),
      own.tell({ accelerator: 'tcg' }),
    ]);
    const state = await readRunState(folder);
    expect(state).toMatchObject({ qmp: '/tmp/b', qemu: 7, accelerator: 'tcg', ports });
    expect(await isAlive(state!)).toBe(true);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    await own.spend();
    expect(readdirSync(folder)).toEqual([]);
    expect(scope.pending()).toEqual([]);
  });

  test('is given back by the scope, too', async () => {
    const scope = new Scope();
    await claimRun(folder, scope, { ports });
    await scope.unwind('failed');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is not started twice: the second is told the process, and how to end it', async () => {
    const own = await claimRun(folder, new Scope(), { ports });
    const error = await claimRun(folder, new Scope(), { ports }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InUseError);
    expect((error as InUseError).message).toBe(`${folder}: this guest runs already, process ${process.pid}.`);
    expect((error as InUseError).hint).toContain('osx-iso guest stop');
    expect(await readRunState(folder)).toBeDefined();
    await own.spend();
  });

  test('one that was killed does not stand in the way, and is not alive', async () => {
    const pid = dead();
    const lost = { ...good, pid };
    writeFileSync(path(), JSON.stringify(lost), { mode: 0o600 });
    writeFileSync(join(folder, '.run.json.lock'), JSON.stringify({ pid, started: 'x', host: hostname() }));
    expect(await isAlive((await readRunState(folder))!)).toBe(false);
    const own = await claimRun(folder, new Scope(), { ports });
    expect(await readRunState(folder)).toMatchObject({ pid: process.pid });
    await own.spend();
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('a process id that was given to somebody else is not the guest; one of another computer may be', async () => {
  const state = { ...good, schema: 1, forwards: [] } as const;
  expect(await isAlive({ ...state, processStart: 'another boot 1' })).toBe(false);
  expect(await isAlive({ ...state, pid: dead() })).toBe(false);
  expect(await isAlive({ ...state, pid: dead(), host: 'elsewhere.example' })).toBe(true);
});

describe('run.json as anybody may have written it', () => {
  test('none', async () => {
    expect(await readRunState(folder)).toBeUndefined();
    expect(await readRunState(join(folder, 'nowhere'))).toBeUndefined();
  });

  test.each([
    ['null', /JSON object/],
    ['{', /JSON object/],
    ['[]', /schema: expected 1, found nothing/],
    [{ ...good, schema: 2 }, /schema: expected 1, found 2/],
    [{ ...good, pid: -1 }, /pid: expected a process id, found -1/],
    [{ ...good, pid: '1' }, /pid: expected a process id, found "1"/],
    [{ ...good, host: undefined }, /host: expected a text, found nothing/],
    [{ ...good, qmp: 3 }, /qmp: expected a text/],
    [{ ...good, qemu: 'x' }, /qemu: expected a process id/],
    [{ ...good, ports: null }, /ports: expected/],
    [{ ...good, ports: { ssh: 70_000, forwards: [] } }, /ports: expected/],
    [{ ...good, ports: { forwards: [null] } }, /ports: expected/],
    [{ ...good, vnc: {} }, /vnc: expected/],
    [{ ...good, vnc: null }, /vnc: expected/],
    [{ ...good, web: { url: 1 } }, /web: expected/],
    [`${' '.repeat(70_000)}{}`, /JSON object/],
  ])('%j', async (value, message) => {
    writeFileSync(path(), typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });
    const error = await readRunState(folder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceError);
    expect((error as SourceError).message).toMatch(message);
    expect((error as SourceError).hint).toContain('rm ');
  });

  test('one that others can write to, and a link, are not believed: a process gets signals by it', async () => {
    writeFileSync(path(), JSON.stringify(good));
    chmodSync(path(), 0o666);
    await expect(readRunState(folder)).rejects.toThrow(/only its owner can write to/);
    const other = scratch('run-state-link');
    writeFileSync(join(other, 'x'), JSON.stringify(good), { mode: 0o600 });
    symlinkSync(join(other, 'x'), join(scratch('run-state-linked'), 'run.json'));
    const linked = scratch('run-state-linked-2');
    symlinkSync(join(other, 'x'), join(linked, 'run.json'));
    await expect(readRunState(linked)).rejects.toBeInstanceOf(SourceError);
  });
});

test('what kill -9 left is given back by clean, and nothing of a guest that was started again', async () => {
  const journals = scratch('run-state-journals');
  const pid = dead();
  const journal = fileJournal(journals, { pid, started: 'x' });
  await journal.append({ kind: 'lock', path: join(folder, '.run.json.lock') });
  await journal.append({ kind: 'run', path: path() });
  await journal.append({ kind: 'run', path: join(folder, 'again', 'run.json') });
  writeFileSync(path(), JSON.stringify({ ...good, pid }), { mode: 0o600 });
  writeFileSync(join(folder, '.run.json.lock'), JSON.stringify({ pid, started: 'x', host: hostname() }));
  const again = scratch('run-state-again');
  await journal.append({ kind: 'run', path: join(again, 'run.json') });
  writeFileSync(join(again, 'run.json'), JSON.stringify(good), { mode: 0o600 });
  await journal.append({ kind: 'run', path: '/etc/passwd' });

  const { runs, failed } = await clean({ folder: journals });
  expect(runs[0]?.actions.map(({ command }) => command)).toEqual([
    `rm ${path()}`,
    `rm ${join(folder, '.run.json.lock')}`,
  ]);
  expect(failed).toMatchObject([{ reason: expect.stringContaining("expected a running guest's run.json") }]);
  expect(readdirSync(folder)).toEqual([]);
  expect(JSON.parse(readFileSync(join(again, 'run.json'), 'utf8'))).toEqual(good);
  expect(existsSync('/etc/passwd')).toBe(true);
});
