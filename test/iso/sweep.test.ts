import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { yosemite } from '../../pipelines/yosemite.js';
import { Names } from '../../src/core/names.js';
import { run } from '../../src/core/run.js';
import { Scope } from '../../src/core/scope.js';
import { NativeTool } from '../../src/image/native.js';
import { openTemplates } from '../../src/iso/boot-plist-choice.js';
import { openInstaller } from '../../src/source/index.js';
import { points } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';
import { type Trouble, troubled } from '../helpers/troubled-tool.js';

/** Runs the recipe of Yosemite over the real engine, with trouble at one of its calls. */
async function attempt(app: string, trouble: Trouble | undefined, existing: boolean) {
  const folder = join(testFolder(), `sweep-${trouble ? `${trouble.kind}-${trouble.at}` : 'clean'}`);
  await mkdir(folder);
  const iso = join(folder, 'x.iso');
  if (existing) await writeFile(iso, 'mine');
  const installer = await openInstaller(app);
  const native = new NativeTool();
  const { tool, calls, open } = troubled(native, trouble);
  const result = await run(yosemite, {
    tool,
    scope: new Scope(),
    signal: (trouble?.controller ?? new AbortController()).signal,
    emit: () => undefined,
    names: new Names({
      app: { volume: installer.files },
      out: { hostPath: join(folder, '.partial') },
      iso: { hostPath: iso },
      templates: { volume: await openTemplates() },
    }),
    options: { force: existing },
  });
  await native.close();
  await installer.files.close();
  return { folder, iso, calls, open, result };
}

it('gives everything back, whichever call of the recipe fails or is interrupted', async () => {
  const app = await smallInstaller();
  const esd = join(app, 'Contents/SharedSupport/InstallESD.dmg');
  const fingerprint = async () => [
    (await stat(esd)).mtimeMs,
    createHash('sha256')
      .update(await readFile(esd))
      .digest('hex'),
  ];
  const before = await fingerprint();
  const clean = await attempt(app, undefined, false);
  expect(clean.result.outcome).toBe('done');
  expect(await readdir(clean.folder)).toEqual(['x.iso']);
  const calls = clean.calls.map((_, index) => index + 1);
  expect(calls.length).toBeGreaterThan(20);
  const places = points(calls, 6);

  const outcomes = new Map<string, number>();
  for (const kind of ['fail', 'abort'] as const) {
    for (const at of places) {
      const controller = new AbortController();
      const { folder, iso, open, result, calls } = await attempt(app, { at, kind, controller }, true);
      const where = `${kind} at ${at} (${calls[at - 1]}): ${result.outcome}`;
      // An undo that failed is the one thing that may be left, and then it is listed.
      if (result.leftovers.length === 0) expect(open.size, where).toBe(0);
      expect(await readdir(folder), where).toEqual(['x.iso']);
      if (result.outcome !== 'done') expect(await readFile(iso, 'utf8'), where).toBe('mine');
      outcomes.set(result.outcome, (outcomes.get(result.outcome) ?? 0) + 1);
    }
  }
  expect(await fingerprint()).toEqual(before);
  console.info(
    `failure points swept over the native engine: ${places.length} of ${calls.length} × 2, outcomes ${JSON.stringify([...outcomes])}`,
  );
  expect(outcomes.get('failed')).toBeGreaterThan(places.length / 2);
  expect(outcomes.get('interrupted')).toBeGreaterThan(places.length / 2);
}, 300_000);
