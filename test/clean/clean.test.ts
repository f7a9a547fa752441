import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clean } from '../../src/clean/index.js';
import { fileJournal, type UndoRecord, type Writer } from '../../src/core/journal.js';
import { turnPath } from '../../src/core/lock.js';
import { processStart } from '../../src/host/process-start.js';
import { LONG } from '../helpers/long.js';
import { Mac } from '../helpers/mac.js';
import { smallInstaller } from '../helpers/small-installer.js';
import { compileStandIn } from '../helpers/stand-in.js';

/** No process has this id. */
const DEAD = { pid: 2 ** 22 + 17, started: 'long ago' };
const ID = '0123456789ab';

let standIn: string;
let esd: string;
beforeAll(async () => {
  standIn = await compileStandIn();
  esd = join(await smallInstaller(), 'Contents/SharedSupport/InstallESD.dmg');
});

let mac: Mac;
let leave: () => void;
let folder: string;
let mounts: string;
let scratch: string;
beforeEach(() => {
  mac = new Mac(standIn);
  leave = mac.enter();
  folder = join(mac.top, 'state', 'osx-iso');
  mounts = join(mac.env.TMPDIR!, `osx-iso-${ID}`);
  scratch = join(mac.out, `.osx-iso-${ID}`);
});
afterEach(() => {
  for (const { device } of mac.hdiutil.attached()) mac.hdiutil.run('detach', device);
  leave();
  mac.remove();
});

/** What a run that died had written down, in its order. */
async function journal(...records: UndoRecord[]): Promise<string> {
  const written = fileJournal(folder, DEAD);
  for (const record of records) await written.append(record);
  return written.file;
}

function attachOurs(): void {
  mkdirSync(join(mounts, '1'), { recursive: true });
  mac.hdiutil.run('attach', '-readonly', '-mountpoint', join(mounts, '1'), esd);
}

describe('clean', () => {
  it('has nothing to do where nothing was written down', async () => {
    expect(await clean()).toEqual({ runs: [], failed: [] });
    expect(mac.hdiutil.calls()).toEqual([]);
  });

  it('shows what it would do, and does it: detaches, removes files, then folders, then the journal', async () => {
    mkdirSync(scratch, { mode: 0o700 });
    writeFileSync(join(scratch, 'x.sparseimage'), 'half');
    writeFileSync(join(mac.out, '.x.iso.1.partial'), 'half');
    attachOurs();
    const file = await journal(
      { kind: 'folder', path: scratch },
      { kind: 'mounts', path: mounts },
      { kind: 'attachment', image: esd, mountPoint: join(mounts, '1') },
      { kind: 'file', path: join(scratch, 'x.sparseimage') },
      { kind: 'file', path: join(mac.out, '.x.iso.1.partial') },
      { kind: 'file', path: join(mac.out, '.never made.iso.1.partial') },
    );
    const before = readFileSync(file, 'utf8');
    const plan = await clean({ dryRun: true });
    expect(plan.failed).toEqual([]);
    expect(plan.runs).toHaveLength(1);
    expect(plan.runs[0]).toMatchObject({ pid: DEAD.pid, live: false, journal: file });
    expect(plan.runs[0]!.actions.map(({ command }) => command)).toEqual([
      `rm ${join(mac.out, '.x.iso.1.partial')}`,
      `rm ${join(scratch, 'x.sparseimage')}`,
      'hdiutil detach /dev/disk2',
      `rmdir ${mounts}/* ${mounts}`,
      `rm -r ${scratch}`,
    ]);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(mac.hdiutil.attached()).toHaveLength(1);

    const seen: string[] = [];
    const done = await clean({ onAction: ({ command }) => seen.push(command) });
    expect(done.failed).toEqual([]);
    expect(seen).toEqual(plan.runs[0]!.actions.map(({ command }) => command));
    expect(mac.left()).toEqual([]);
    expect(existsSync(esd)).toBe(true);
    expect(await clean()).toEqual({ runs: [], failed: [] });
  });

  it('leaves the journal of a live run alone', async () => {
    const me = { pid: process.pid, started: (await processStart(process.pid)) ?? '' };
    const live = fileJournal(folder, me);
    writeFileSync(join(mac.out, '.x.iso.1.partial'), 'x');
    await live.append({ kind: 'file', path: join(mac.out, '.x.iso.1.partial') });
    const { runs } = await clean();
    expect(runs).toEqual([{ pid: process.pid, journal: live.file, live: true, actions: [] }]);
    expect(existsSync(join(mac.out, '.x.iso.1.partial'))).toBe(true);
    expect(existsSync(live.file)).toBe(true);
  });

  it('knows a process that got a dead one’s id', async () => {
    const written = fileJournal(folder, { pid: process.pid, started: 'another boot 17' });
    await written.append({ kind: 'file', path: join(mac.out, '.half.iso.1.partial') });
    writeFileSync(join(mac.out, '.half.iso.1.partial'), 'x');
    expect((await clean()).runs[0]).toMatchObject({ live: false });
    expect(existsSync(join(mac.out, '.half.iso.1.partial'))).toBe(false);
  });

  it('never touches what somebody else attached, were it the very same image', async () => {
    const theirs = join(mac.env.TMPDIR!, 'theirs');
    mkdirSync(theirs);
    mac.hdiutil.run('attach', '-readonly', '-mountpoint', theirs, esd);
    await journal({ kind: 'attachment', image: esd, mountPoint: join(mounts, '1') });
    const report = await clean();
    expect(report.failed).toEqual([]);
    expect(report.runs[0]!.actions).toEqual([]);
    expect(mac.hdiutil.attached()).toHaveLength(1);
  });

  it.runIf(LONG)(
    'says what to type about an image that is attached and mounted nowhere: it may be anybody’s',
    async () => {
      mac.hdiutil.run('attach', '-nomount', esd);
      const file = await journal({ kind: 'attachment', image: esd, mountPoint: join(mounts, '1') });
      const { failed } = await clean();
      expect(failed).toHaveLength(1);
      expect(failed[0]!.reason).toMatch(/mounted nowhere: if it is not yours, type hdiutil detach \/dev\/disk2/);
      expect(existsSync(file)).toBe(true);
      expect(mac.hdiutil.attached()).toHaveLength(1);
    },
  );

  it('keeps scratch, mount points and journal while a volume cannot be detached, and ends the work later', async () => {
    mkdirSync(scratch, { mode: 0o700 });
    attachOurs();
    const file = await journal(
      { kind: 'folder', path: scratch },
      { kind: 'mounts', path: mounts },
      { kind: 'attachment', image: esd, mountPoint: join(mounts, '1') },
    );
    mac.hdiutil.plan([{ verb: 'info', action: { kind: 'fail', status: 1, message: 'hdiutil: info failed' } }]);
    const { failed } = await clean();
    expect(failed.map(({ title }) => title)).toEqual([
      expect.stringMatching(/^detach/),
      expect.stringMatching(/^remove the mount points/),
      expect.stringMatching(/^remove the scratch folder/),
    ]);
    expect([existsSync(file), existsSync(scratch), existsSync(mounts)]).toEqual([true, true, true]);
    mac.hdiutil.plan([]);
    expect((await clean()).failed).toEqual([]);
    expect(mac.left()).toEqual([]);
  });

  it('removes nothing that is not plainly ours, and says what is wrong with the journal', async () => {
    const victim = join(mac.top, 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'kept'), 'x');
    symlinkSync(victim, scratch);
    const kept = join(victim, 'kept');
    const records: UndoRecord[] = [
      { kind: 'folder', path: victim },
      { kind: 'folder', path: '/etc' },
      { kind: 'folder', path: `${mounts}/../${basename(victim)}` },
      { kind: 'folder', path: `${victim}\n/osx-iso-0123456789ab/..` },
      { kind: 'folder', path: 'relative/.osx-iso-0123456789ab' },
      { kind: 'file', path: victim },
      { kind: 'file', path: kept },
      { kind: 'lock', path: kept },
      { kind: 'mounts', path: victim },
      { kind: 'something new', path: victim },
      { kind: 'attachment', image: 7, mountPoint: null },
      { kind: 'attachment', image: esd, mountPoint: victim },
    ];
    for (const record of records) {
      const file = await journal(record);
      const { failed, runs } = await clean();
      expect(runs[0]!.actions, JSON.stringify(record)).toEqual([]);
      expect(failed).toEqual([
        {
          title: `an entry of the journal ${file}`,
          // Nothing that the journal says is repeated as advice.
          command: `cat ${file}`,
          reason: expect.stringMatching(/^it says \{.*\}: expected .* Nothing was done about it$/),
        },
      ]);
      expect(existsSync(file)).toBe(true);
      rmSync(file);
    }
    // By its name it is ours; what it is says that it is not.
    await journal({ kind: 'folder', path: scratch });
    expect((await clean()).failed).toMatchObject([{ reason: expect.stringContaining('no folder any more') }]);
    expect(readdirSync(victim)).toEqual(['kept']);
    expect(lstatSync(scratch).isSymbolicLink()).toBe(true);
  });

  it('leaves a lock to a live process that has taken it since, and removes what a dead one left beside it', async () => {
    const path = join(mac.out, '.x.iso.lock');
    const text = (writer: Writer) => JSON.stringify({ ...writer, host: hostname() });
    writeFileSync(path, text({ pid: process.pid, started: (await processStart(process.pid)) ?? '' }));
    await journal({ kind: 'lock', path });
    expect(await clean({ dryRun: true })).toMatchObject({ runs: [{ actions: [] }], failed: [] });
    writeFileSync(turnPath(path), text(DEAD));
    expect(await clean()).toMatchObject({ runs: [{ actions: [{ command: `rm ${turnPath(path)}` }] }], failed: [] });
    expect([existsSync(path), existsSync(turnPath(path))]).toEqual([true, false]);
    writeFileSync(path, text(DEAD));
    await journal({ kind: 'lock', path });
    expect(await clean()).toMatchObject({ runs: [{ actions: [{ command: `rm ${path}` }] }], failed: [] });
    expect(existsSync(path)).toBe(false);
  });

  it('takes journals that were cut off or are none', async () => {
    mkdirSync(folder, { recursive: true });
    const heading = JSON.stringify({ schema: 1, host: hostname(), ...DEAD });
    writeFileSync(join(mac.out, '.half.iso.1.partial'), 'x');
    const record = JSON.stringify({ id: '1', record: { kind: 'file', path: join(mac.out, '.half.iso.1.partial') } });
    writeFileSync(join(folder, 'a.journal.jsonl'), `${heading}\n${record}\n{"id":"2","rec`);
    writeFileSync(join(folder, 'b.journal.jsonl'), 'nonsense');
    const { runs, failed } = await clean();
    expect(runs).toHaveLength(1);
    expect(failed).toEqual([]);
    expect(existsSync(join(mac.out, '.half.iso.1.partial'))).toBe(false);
    expect(readdirSync(folder)).toEqual(['b.journal.jsonl']);
  });

  it('removes a journal whose run was killed before a word was in it; not that of another host, or of a run that lives', async () => {
    mkdirSync(folder, { recursive: true });
    const id = '01234567-89ab-cdef-0123-456789abcdef.journal.jsonl';
    const kept = [`${hostname()}-${process.pid}-${id}`, `another-host-${DEAD.pid}-${id}`, `${DEAD.pid}-${id}`];
    for (const name of [...kept, `${hostname()}-${DEAD.pid}-${id}`]) writeFileSync(join(folder, name), '');
    expect((await clean()).failed).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(kept.sort());
  });

  it('ends programs of the dead run that still work on its files, and no others', async () => {
    mkdirSync(scratch, { mode: 0o700 });
    const program = join(mac.top, 'hdiutil-like');
    mkdirSync(program);
    const file = join(program, 'cp');
    writeFileSync(file, '#!/bin/sh\nwhile :; do sleep 0.1; done\n');
    chmodSync(file, 0o755);
    const orphan = spawn(file, [join(scratch, 'x')], { detached: true, stdio: 'ignore' });
    const other = spawn(file, [join(mac.out, 'x')], { detached: true, stdio: 'ignore' });
    const gone = new Promise((resolve) => orphan.once('exit', resolve));
    try {
      await journal({ kind: 'folder', path: scratch });
      const action = { title: `end cp, process ${orphan.pid}`, command: `kill ${orphan.pid}` };
      expect((await clean({ dryRun: true })).runs[0]!.actions[0]).toEqual(action);
      expect(orphan.exitCode).toBeNull();
      expect((await clean()).failed).toEqual([]);
      await gone;
      expect(other.exitCode).toBeNull();
      expect(existsSync(scratch)).toBe(false);
    } finally {
      other.kill('SIGKILL');
      orphan.kill('SIGKILL');
    }
  });
});
