import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.js';
import { Names } from '../../src/core/names.js';
import { run } from '../../src/core/run.js';
import { Scope } from '../../src/core/scope.js';
import type { Job, Recipe, Step } from '../../src/core/step.js';
import { FormatError, VerifyError } from '../../src/errors.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { file, folder, MemoryTool, symlink } from '../helpers/memory-tool.js';
import { sweep, type Trial } from '../helpers/sweep.js';

const step = (title: string, work: (job: Job) => Promise<void> | void): Step => ({
  verb: 'test',
  title,
  says: '',
  args: [],
  run: async (job) => work(job),
});

async function go(recipe: Recipe, options: { signal?: AbortSignal; scope?: Scope; now?: () => number } = {}) {
  const events: RunEvent[] = [];
  const result = await run(recipe, {
    tool: new MemoryTool({ volumes: {} }),
    names: new Names(),
    scope: options.scope ?? new Scope(),
    signal: options.signal ?? new AbortController().signal,
    emit: (event) => events.push(event),
    ...(options.now && { now: options.now }),
  });
  return { result, events, types: events.map((e) => e.type) };
}

describe('run', () => {
  it('runs the steps in order and says so', async () => {
    const seen: string[] = [];
    const { result, types, events } = await go([
      step('one', (job) => {
        seen.push('one');
        job.note('by the way');
        job.record('kernel', '14.0.0');
      }),
      step('two', () => void seen.push('two')),
    ]);
    expect(seen).toEqual(['one', 'two']);
    expect(types).toEqual(['run:start', 'step:start', 'step:note', 'step:end', 'step:start', 'step:end', 'run:end']);
    expect(result).toMatchObject({ outcome: 'done', facts: { kernel: '14.0.0' }, leftovers: [] });
    expect(result.steps.map((s) => [s.step.index, s.step.title, s.outcome])).toEqual([
      [0, 'one', 'done'],
      [1, 'two', 'done'],
    ]);
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
  });

  it('stops at the first failure, undoes, and names step and cause without a stack', async () => {
    const undone: string[] = [];
    const { result, events, types } = await go([
      step('take', (job) => {
        job.scope.defer('give back a', () => void undone.push('a'));
        job.scope.onFailure('remove b', () => void undone.push('b'));
      }),
      step('Copy the packages', () => {
        throw new Error('boom');
      }),
      step('never', () => void undone.push('never')),
    ]);
    expect(undone).toEqual(['b', 'a']);
    expect(types.slice(-5)).toEqual(['step:start', 'step:end', 'undo', 'undo', 'run:end']);
    expect(result.error).toMatchObject({ message: 'Copy the packages: boom.', exitCode: 1 });
    expect(result.failed?.title).toBe('Copy the packages');
    expect(JSON.stringify(events)).not.toContain('run.test.ts');
  });

  it('leaves errors made for users as they are', async () => {
    const fault = { file: 'a.dmg', structure: 'koly trailer', offset: 9, expected: 'koly', found: 'nothing' };
    for (const error of [new FormatError(fault), new VerifyError('not bootable', 'build again')]) {
      const { result } = await go([
        step('x', () => {
          throw error;
        }),
      ]);
      expect(result.error).toBe(error);
      expect(result.outcome).toBe('failed');
    }
  });

  it.each([
    ['ENOSPC', 'Write: no space left on the disk while writing /big.iso.', '--work-dir'],
    ['EACCES', 'Write: not permitted to use /big.iso.', 'ls -l'],
    ['EPERM', 'Write: the system does not allow this on /big.iso.', 'Full Disk Access'],
    ['EMFILE', 'Write: too many files are open at once.', 'ulimit'],
  ])('says %s in words', async (code, message, hint) => {
    const { result } = await go([
      step('Write', () => {
        throw Object.assign(new Error(`${code}: gibberish, write`), { code, path: '/big.iso' });
      }),
    ]);
    expect(result.error?.message).toBe(message);
    expect(result.error?.hint).toContain(hint);
  });

  it('calls a programming error a likely bug', async () => {
    const { result } = await go([step('x', () => void (undefined as unknown as string).length)]);
    expect(result.error?.hint).toContain('bug in osx-iso');
  });

  it('starts no step after an abort, and does not call it a failure when a step stops for it', async () => {
    const controller = new AbortController();
    const { result, types } = await go(
      [
        step('slow', (job) => {
          job.scope.defer('give back', () => {
            expect(job.signal.aborted).toBe(true);
          });
          controller.abort();
          job.signal.throwIfAborted();
        }),
        step('never', () => expect.unreachable()),
      ],
      { signal: controller.signal },
    );
    expect(result).toMatchObject({ outcome: 'interrupted', error: { exitCode: 130 } });
    expect(result.failed).toBeUndefined();
    expect(types).toEqual(['run:start', 'step:start', 'step:end', 'undo', 'run:end']);

    const between = await go([step('one', () => {}), step('two', () => expect.unreachable())], {
      signal: AbortSignal.abort(),
    });
    expect(between.result.outcome).toBe('interrupted');
    expect(between.types).toEqual(['run:start', 'run:end']);
  });

  it('lets ten progress events a second through, and always the last one', async () => {
    let clock = 0;
    const { events } = await go(
      [
        step('copy', (job) => {
          for (let done = 1; done <= 1000; done++) {
            clock += 1;
            job.report({ done, total: 1000 });
          }
        }),
      ],
      { now: () => clock },
    );
    const progress = events.flatMap((e) => (e.type === 'step:progress' ? [e.progress.done] : []));
    expect(progress.length).toBeGreaterThanOrEqual(10);
    expect(progress.length).toBeLessThanOrEqual(11);
    expect(progress.at(-1)).toBe(1000);
    expect(events.findIndex((e) => e.type === 'step:end')).toBeGreaterThan(
      events.findLastIndex((e) => e.type === 'step:progress'),
    );
  });

  it('hears nothing from a step that is over', async () => {
    let late: Job | undefined;
    const { events } = await go([
      step('one', (job) => {
        late = job;
      }),
      step('two', () => {
        late?.report({ done: 1 });
        late?.note('late');
      }),
    ]);
    expect(events.some((e) => e.type === 'step:progress' || e.type === 'step:note')).toBe(false);
  });

  it('is not disturbed by a listener that throws', async () => {
    const undone: string[] = [];
    const result = await run([step('one', (job) => void job.scope.defer('x', () => void undone.push('x')))], {
      tool: new MemoryTool({ volumes: {} }),
      names: new Names(),
      scope: new Scope(),
      signal: new AbortController().signal,
      emit: () => {
        throw new Error('EPIPE');
      },
    });
    expect(result.outcome).toBe('done');
    expect(undone).toEqual(['x']);
  });
});

/** The yosemite recipe in small, with steps written out, so that the core is swept without the real steps. */
function smallTrial(fast: boolean): Trial {
  const attach = async (job: Job, name: string, readOnly: boolean) => {
    const volume = await job.tool.attach(job.names.image(name), { readOnly }, job);
    job.names.amend(name, { volume, undo: job.scope.defer(`detach ${name}`, () => volume.close()) });
  };
  return {
    fast,
    volumes: {
      'InstallESD.dmg': [
        folder('/Packages'),
        file('/Packages/a.pkg'),
        file('/Packages/b.pkg'),
        file('/BaseSystem.dmg'),
      ],
      'BaseSystem.dmg': [folder('/System'), symlink('/System/Packages', '/elsewhere')],
    },
    given: () => ({ app: { source: fromBytes(new Uint8Array(1), 'InstallESD.dmg') } }),
    recipe: [
      step('attach esd', async (job) => {
        const image = await job.tool.open(job.names.get('app').source!);
        job.scope.defer('let go of esd', () => job.tool.dispose(image));
        job.names.bind('esd', { image });
        await attach(job, 'esd', true);
      }),
      step('convert target', async (job) => {
        const source = await job.names.volume('esd').file(['BaseSystem.dmg']);
        const base = await job.tool.open(source!);
        job.scope.defer('let go of base', () => job.tool.dispose(base));
        const image = await job.tool.convert(base, 'sparse', undefined, job);
        job.scope.defer('let go of target', () => job.tool.dispose(image));
        job.names.bind('target', { image });
      }),
      step('resize', (job) => job.tool.resize(job.names.image('target'), 8e9, job)),
      step('attach target', (job) => attach(job, 'target', false)),
      step('remove the link', (job) => job.names.volume('target').remove(['System', 'Packages'])),
      step('copy', async (job) => {
        const [esd, target] = [job.names.tree('esd'), job.names.volume('target')];
        if (target.copyFrom) return target.copyFrom(esd, ['Packages'], ['System', 'Packages'], job);
        for await (const entry of esd.walk(['Packages'])) {
          job.signal.throwIfAborted();
          await target.put({ ...entry, path: ['System', 'Packages', ...entry.path.slice(1)] });
        }
      }),
      step('detach esd', (job) => job.names.release('esd')),
      step('detach target', (job) => job.names.release('target')),
      step('write', async (job) => {
        const to = job.names.hostPath('out');
        const entry = await job.scope.announce({ kind: 'file', path: to });
        job.scope.onFailure('remove the unfinished ISO', () => rm(to, { force: true }), { command: `rm ${to}`, entry });
        await job.tool.convert(job.names.image('target'), 'iso', to, job);
        expect(MemoryTool.paths(job.names.image('target'))).toContain('/System/Packages/a.pkg');
      }),
    ],
  };
}

describe('every failure point of a small recipe', () => {
  it.each([false, true])('leaves nothing behind (copyFrom: %s)', async (fast) => {
    const report = await sweep(() => smallTrial(fast));
    expect(report.faults).toEqual([]);
    expect(report.points).toBe(fast ? 16 : 18);
    expect(report.runs).toBe(1 + 2 * report.points);
    // A failing `dispose` after the last step is listed, and the ISO stays.
    expect(report.outcomes).toMatchObject({ 'fail: done': 3, 'abort: done': 3 });
  });

  it('would be noticed: a careless recipe is found out', async () => {
    const careless: Recipe = [
      step('attach', async (job) => {
        const image = await job.tool.open(job.names.get('app').source!);
        const volume = await job.tool.attach(image, { readOnly: true }, job);
        await volume.entry([]);
        await volume.close();
        await job.tool.dispose(image);
      }),
      step('write', async (job) => {
        const image = await job.tool.open(job.names.get('app').source!);
        job.scope.defer('let go', () => job.tool.dispose(image));
        await job.tool.convert(image, 'iso', job.names.hostPath('out'), job);
      }),
    ];
    const { faults, points } = await sweep(() => ({ ...smallTrial(false), recipe: careless }));
    expect(points).toBe(8);
    expect(faults).toContain('fail at 3 (entry InstallESD.dmg:/): still attached, not listed: InstallESD.dmg');
    expect(faults).toContain('fail at 2 (attach InstallESD.dmg read-only): still held, not listed: InstallESD.dmg');
    expect(faults).toContain('fail at 7 (convert InstallESD.dmg iso): the ISO is half after "failed"');
    expect(faults).toContain('abort at 7 (convert InstallESD.dmg iso): the ISO is half after "interrupted"');
  });
});
