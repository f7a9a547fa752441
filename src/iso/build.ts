import { basename } from 'node:path';
import type { Emit } from '../core/events.js';
import { type Journal, noJournal } from '../core/journal.js';
import { lock, lockPath, unlock } from '../core/lock.js';
import { Names } from '../core/names.js';
import { type RunResult, run } from '../core/run.js';
import { Scope } from '../core/scope.js';
import { openJournal } from '../core/state-folder.js';
import { caller } from '../host/hand-over.js';
import { processStart } from '../host/process-start.js';
import { quoteForSh } from '../host/quote.js';
import { problemsError } from '../preflight/index.js';
import { openTemplates } from './boot-plist-choice.js';
import { type EngineName, type EngineParts, openEngine } from './engine.js';
import { Identification } from './identify.js';
import { Making } from './making.js';
import { type Manifest, manifestOf, manifestText } from './manifest.js';
import { checksumLine } from './output.js';
import { type BuildOptions, type BuildPlan, closePlan } from './plan.js';

/** What a build may be given beside its plan. */
export interface BuildContext {
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** Both, or neither: the scope writes into the journal. Default: a journal in the user's state folder. */
  readonly scope?: Scope;
  readonly journal?: Journal;
  /** What replaces parts of the host, for tests. */
  readonly parts?: EngineParts;
}

export interface BuildResult {
  readonly iso: string;
  readonly manifestPath: string;
  /** Everything that was written, the ISO first. */
  readonly made: readonly string[];
  readonly manifest: Manifest;
  readonly run: RunResult;
}

/** Builds the ISO a plan describes. Throws the run's error when it was not done; by then everything is given back. */
export async function build(plan: BuildPlan, options: BuildOptions, context: BuildContext): Promise<BuildResult> {
  const { installer, output } = plan;
  const { scope, journal } = await scopeOf(plan.engine, context);
  const { force = false, keepWork = false } = options;
  const owner = caller();
  let identification: Identification | undefined;
  let making: Making | undefined;
  let running = false;
  // Of its own: a run gives back all that it has before the manifest is written.
  const locks = new Scope(journal);
  try {
    if (plan.problems.length > 0) throw problemsError(plan.problems);
    making = await Making.begin(output, journal);
    await holdLock(making, output.iso, locks);
    if (options.identify) identification = new Identification(installer.image, context.signal);
    const templates = await openTemplates();
    const tool = await openEngine(
      plan.engine,
      { output: output.iso, workDir: plan.scratch, keepWork, journal, scope },
      context.parts,
    );
    try {
      running = true;
      const result = await run(plan.recipe, {
        tool,
        scope,
        signal: context.signal,
        emit: context.emit,
        title: `${plan.release} from ${installer.path} to ${output.iso}`,
        names: new Names({
          app: { volume: installer.files },
          out: { hostPath: making.partial(plan.engine) },
          iso: { hostPath: making.iso },
          templates: { volume: templates },
          ...(plan.extra && { extra: { tree: plan.extra } }),
          ...(plan.kernel && { kernel: { tree: plan.kernel } }),
        }),
        options: {
          requireSignature: options.requireSignature ?? false,
          force,
          keepWork,
          ...(owner && { owner }),
          map: plan.map,
          bootPlist: plan.bootPlist,
          ...(plan.esp && { esp: plan.esp }),
        },
      });
      if (result.error) throw result.error;
      const identity = await identification?.done();
      const manifest = manifestOf(result, installer, tool.name, basename(output.iso), identity, plan.esp);
      const given = { owner, replace: force };
      await making.write(basename(output.manifest), manifestText(manifest), given);
      const made = [output.iso, output.manifest];
      if (options.checksum) {
        const line = checksumLine(manifest.iso.sha256, basename(output.iso));
        await making.write(basename(output.checksum), line, given);
        made.push(output.checksum);
      }
      return { iso: output.iso, manifestPath: output.manifest, made, manifest, run: result };
    } finally {
      await tool.close();
    }
  } finally {
    // A run gives back everything itself. A second time would cross out in the journal what could not be given back.
    if (!running) await scope.unwind('failed');
    await identification?.stop();
    await locks.unwind('failed');
    try {
      await making?.end({ keep: keepWork });
    } finally {
      await closePlan(plan);
    }
  }
}

/** Two builds of one output would write over each other. The lock goes last of all, when everything else is there or given back. */
async function holdLock({ folder, claim }: Making, iso: string, scope: Scope): Promise<void> {
  const path = lockPath(iso);
  const own = folder.at(basename(path));
  const writer = { pid: process.pid, started: (await processStart(process.pid)) ?? '' };
  const entry = await scope.announce({ kind: 'lock', path });
  await lock(own, writer, claim);
  scope.defer('give the lock back', () => unlock(own, writer), { command: `rm ${quoteForSh(path)}`, entry });
}

/** What the caller gave, or a scope over a journal of our own. */
async function scopeOf(engine: EngineName, context: BuildContext): Promise<{ scope: Scope; journal: Journal }> {
  const journal = context.journal ?? (context.scope ? noJournal : await openJournal({ optional: engine === 'native' }));
  if (context.scope) return { scope: context.scope, journal };
  return { scope: new Scope(journal), journal };
}
