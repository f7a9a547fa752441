import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '../../src/core/events.js';
import { fileJournal, readJournals } from '../../src/core/journal.js';
import { type Holding, Names } from '../../src/core/names.js';
import { type RunResult, run } from '../../src/core/run.js';
import { Scope } from '../../src/core/scope.js';
import type { Recipe } from '../../src/core/step.js';
import { MemoryTool, type MemoryToolOptions, type Trouble } from './memory-tool.js';

/** One run of a recipe over memory, with trouble at one place. */
export interface Trial {
  readonly recipe: Recipe;
  readonly volumes: MemoryToolOptions['volumes'];
  readonly fast?: boolean;
  /** What `app` and the like stand for. `out` is given by the sweep. */
  readonly given: (tool: MemoryTool) => Readonly<Record<string, Holding>>;
}

export interface SweepReport {
  /** Calls of the tool in a run without trouble: each of them was made to fail, and to be interrupted. */
  readonly points: number;
  /** Runs that were made. */
  readonly runs: number;
  /** How often each outcome came up. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Everything that is not as it must be, in words; empty when all is well. */
  readonly faults: readonly string[];
}

/**
 * Every failure point, by counting: runs the recipe once without trouble, then with the 1st call of the tool failing, the 2nd, …,
 * then once more with an abort at each. After each run nothing may be attached, nothing half-written may be there, and scratch is
 * gone; or it stands in the list of leftovers and in the journal.
 */
export async function sweep(makeTrial: () => Trial): Promise<SweepReport> {
  const faults: string[] = [];
  const outcomes: Record<string, number> = {};
  const clean = await once(makeTrial(), undefined);
  if (clean.result.outcome !== 'done')
    faults.push(`without trouble: ${clean.result.outcome}: ${clean.result.error?.message}`);
  faults.push(...clean.faults.map((fault) => `without trouble: ${fault}`));
  const points = clean.tool.calls.length;
  let runs = 1;
  for (const kind of ['fail', 'abort'] as const) {
    for (let at = 1; at <= points; at++) {
      const trial = await once(makeTrial(), { at, kind });
      runs++;
      const { outcome } = trial.result;
      outcomes[`${kind}: ${outcome}`] = (outcomes[`${kind}: ${outcome}`] ?? 0) + 1;
      faults.push(...trial.faults.map((fault) => `${kind} at ${at} (${trial.tool.calls[at - 1]}): ${fault}`));
    }
  }
  return { points, runs, outcomes, faults };
}

async function once(trial: Trial, where: Omit<Trouble, 'controller'> | undefined) {
  const home = await mkdtemp(join(tmpdir(), 'osx-iso-sweep-'));
  try {
    const controller = new AbortController();
    const tool = new MemoryTool({
      volumes: trial.volumes,
      ...(trial.fast !== undefined && { fast: trial.fast }),
      ...(where && { trouble: { ...where, controller } }),
    });
    const journal = fileJournal(join(home, 'journal'), { pid: process.pid, started: 'test' });
    const scope = new Scope(journal);
    const out = join(home, 'out.iso');
    const scratch = join(home, 'scratch');
    const entry = await scope.announce({ kind: 'folder', path: scratch });
    await mkdir(scratch);
    scope.scratch('remove the scratch folder', () => rm(scratch, { recursive: true }), {
      command: `rm -r ${scratch}`,
      entry,
    });
    const events: RunEvent[] = [];
    const names = new Names({ ...trial.given(tool), out: { hostPath: out } });
    const result = await run(trial.recipe, {
      tool,
      names,
      scope,
      signal: controller.signal,
      emit: (event) => events.push(event),
    });
    return { tool, result, faults: await judge(home, out, scratch, tool, scope, result, events, where) };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function judge(
  home: string,
  out: string,
  scratch: string,
  tool: MemoryTool,
  scope: Scope,
  result: RunResult,
  events: readonly RunEvent[],
  where: Omit<Trouble, 'controller'> | undefined,
): Promise<string[]> {
  const faults: string[] = [];
  const left = result.leftovers.length;
  if (left === 0) {
    if (tool.attached.length > 0) faults.push(`still attached, not listed: ${tool.attached}`);
    if (tool.images.length > 0) faults.push(`still held, not listed: ${tool.images}`);
    if (existsSync(scratch)) faults.push('the scratch folder is still there, not listed');
    const journals = await readJournals(join(home, 'journal'));
    if (journals.length > 0) faults.push('the journal is still there');
  } else {
    if (where?.kind !== 'fail') faults.push(`left behind: ${result.leftovers.map((l) => l.title)}`);
    if (!existsSync(scratch)) faults.push('the scratch folder was removed under something that is left behind');
    if (!result.leftovers.some((l) => l.command === `rm -r ${scratch}`))
      faults.push('the kept scratch folder is not listed');
    if ((await readJournals(join(home, 'journal'))).length !== 1) faults.push('nothing in the journal for `clean`');
    if (tool.attached.length > 1) faults.push(`one failed undo kept others attached: ${tool.attached}`);
  }
  if (scope.pending().length > 0) faults.push('the scope still owes something');
  const text = existsSync(out) ? await readFile(out, 'utf8') : undefined;
  if (result.outcome === 'done' ? text !== 'whole' : text !== undefined) {
    faults.push(`the ISO is ${text ?? 'not there'} after "${result.outcome}"`);
  }
  if (events.at(0)?.type !== 'run:start' || events.at(-1)?.type !== 'run:end') faults.push('events without a frame');
  const started = events.filter((e) => e.type === 'step:start').length;
  if (started !== events.filter((e) => e.type === 'step:end').length) faults.push('a step started and did not end');
  if (result.outcome !== 'done' && !result.error) faults.push('no error says why');
  return faults;
}
