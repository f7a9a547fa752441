import { readdirSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.js';
import { Interrupted, SourceError } from '../../src/errors.js';
import { build as buildPlan } from '../../src/iso/build.js';
import { build } from '../../src/iso/build-run.js';
import { planBuild } from '../../src/iso/plan.js';
import { LONG, points } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

async function folderFor(name: string): Promise<string> {
  const folder = join(testFolder(), name);
  await mkdir(folder);
  return folder;
}

describe('a build in one call', () => {
  it('gives its events in order to who iterates it, and then its result', async () => {
    const output = await folderFor('events');
    const run = build({ app: await smallInstaller(), output });
    const events: RunEvent[] = [];
    for await (const event of run) events.push(event);
    const { iso, manifest } = await run.result;
    expect(events[0]?.type).toBe('run:start');
    expect(events.at(-1)).toMatchObject({ type: 'run:end', outcome: 'done', leftovers: [] });
    const started = events.filter(({ type }) => type === 'step:start').length;
    expect(started).toBe(manifest.steps.length);
    expect(events.filter(({ type }) => type === 'step:end').length).toBe(started);
    expect(await readdir(output)).toContain(iso.slice(output.length + 1));
    expect(run.pending()).toEqual([]);
  });

  it('holds its lock until the manifest is there, too', async () => {
    const options = { app: await smallInstaller(), output: join(await folderFor('held'), 'x.iso') };
    const held: string[][] = [];
    const emit = ({ type }: RunEvent) => {
      if (type === 'run:end') held.push(readdirSync(join(options.output, '..')));
    };
    await buildPlan(await planBuild(options), options, { signal: new AbortController().signal, emit });
    expect(held).toEqual([expect.arrayContaining(['.x.iso.lock', 'x.iso'])]);
    expect(held[0]).not.toContain('x.iso.json');
    expect((await readdir(join(options.output, '..'))).sort()).toEqual(['x.iso', 'x.iso.json']);
  });

  it('goes on when nobody iterates it, or who does stops; its events can be had later, progress only where it stood last', async () => {
    const run = build({ app: await smallInstaller(), output: await folderFor('unheard') });
    for await (const event of run) {
      expect(event.type).toBe('run:start');
      break;
    }
    await run.result;
    const types: string[] = [];
    for await (const { type } of run) types.push(type);
    expect(types.at(-1)).toBe('run:end');
    expect(types).not.toContain('run:start');
    expect(types.filter((type, i) => type === 'step:progress' && types[i + 1] === type)).toEqual([]);
  });

  it.runIf(LONG)('builds a plan that was looked at before', async () => {
    const plan = await planBuild({ app: await smallInstaller(), output: await folderFor('planned'), checksum: true });
    const { made } = await build(plan).result;
    expect(made).toEqual([plan.output.iso, plan.output.manifest, plan.output.checksum]);
  });

  it('fails with the same error for who iterates and who awaits', async () => {
    const run = build({ app: await smallInstaller({ kernel: 'missing' }), output: await folderFor('failed') });
    const types: string[] = [];
    const iterated = (async () => {
      for await (const { type } of run) types.push(type);
    })();
    const error = await iterated.catch((reason: unknown) => reason);
    expect(types.at(-1)).toBe('run:end');
    expect(error).toMatchObject({ exitCode: expect.any(Number), message: expect.stringContaining('kernel') });
    await expect(run.result).rejects.toBe(error);
  });

  it('fails before there is a plan, too; nobody has to listen', async () => {
    const run = build({ app: join(testFolder(), 'nothing.app') });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(run.result).rejects.toBeInstanceOf(SourceError);
    await expect(run[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(SourceError);
  });

  it.each(points(['step:progress', 'run:start'], 1))(
    'stops at an abort, here at its first %s, and leaves nothing',
    async (moment) => {
      const output = await folderFor(`stopped-${moment}`);
      const controller = new AbortController();
      const run = build({ app: await smallInstaller(), output, signal: controller.signal });
      const seen = (async () => {
        let last: RunEvent | undefined;
        try {
          for await (last of run) if (last.type === moment) controller.abort();
        } catch {}
        return last;
      })();
      await expect(run.result).rejects.toBeInstanceOf(Interrupted);
      expect(await seen).toMatchObject({ type: 'run:end', outcome: 'interrupted', leftovers: [] });
      expect(await readdir(output)).toEqual([]);
    },
  );

  it('stops before it has begun', async () => {
    const output = await folderFor('never');
    const run = build({ app: await smallInstaller(), output, signal: AbortSignal.abort() });
    await expect(run.result).rejects.toBeInstanceOf(Interrupted);
    expect(await readdir(output)).toEqual([]);
  });
});
