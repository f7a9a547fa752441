import { basename, resolve } from 'node:path';
import { recipes } from '../../pipelines/index.js';
import type { Emit, StepInfo } from '../core/events.js';
import { type Journal, noJournal } from '../core/journal.js';
import { Names } from '../core/names.js';
import { describe, type RunResult, run } from '../core/run.js';
import { Scope } from '../core/scope.js';
import type { Recipe, RunOptions } from '../core/step.js';
import { SourceError, UsageError } from '../errors.js';
import type { Tree } from '../formats/entry.js';
import { givenPath } from '../host/given-path.js';
import { caller } from '../host/hand-over.js';
import { processStart } from '../host/process-start.js';
import { quoteForSh } from '../host/quote.js';
import { findHdiutil } from '../image/hdiutil/program.js';
import { DEFAULT_MAP } from '../image/layout.js';
import type { MapChoice, Problem } from '../image/types.js';
import { type HostFacts, preflight, problemsError } from '../preflight/index.js';
import { majorVersion, releaseTitle } from '../releases.js';
import { type Choose, type Installer, isFar, locate, openLocated } from '../source/index.js';
import { openJournal } from '../state-folder.js';
import { chooseBootPlist, extraFolder, openTemplates } from './boot-plist-choice.js';
import { chooseEngine, type EngineName, type EngineParts, openEngine, scratchParent } from './engine.js';
import { Identification } from './identify.js';
import { Keeper } from './keep.js';
import { chooseKernel } from './kernel-choice.js';
import { lock, lockPath, unlock } from './lock.js';
import { Making } from './making.js';
import { type Manifest, manifestOf, manifestText } from './manifest.js';
import { checksumLine, chooseOutput, type Output } from './output.js';
import { spaceFree, spaceNeeded } from './space.js';

/** What a user asks of a build. */
export interface BuildOptions {
  /** Ends the planning, and every reading of the installer. */
  readonly signal?: AbortSignal;
  /** The installer: a path, or the bare name of an app. Without one somebody is asked. */
  readonly app?: string;
  /** Of a release that is looked up: this build, not the newest. */
  readonly buildNumber?: string;
  /** A folder that keeps what is read of an installer on a server, for `download` to complete. */
  readonly save?: string;
  /** Told of requests that failed and are made again. */
  readonly onRetry?: (message: string) => void;
  /** Asks which of several installers it shall be. Without: an error lists them. */
  readonly choose?: Choose;
  /** The ISO, or the folder it goes to; default: the app's name with .iso, here. {name}, {version} and {build} are filled in. */
  readonly output?: string;
  /** Writes FILE.iso.sha256 too. */
  readonly checksum?: boolean;
  /** Looks the installer up among the published checksums: reads all of it once more, on the side. Default false. */
  readonly identify?: boolean;
  /** Default: hdiutil on a Mac, native elsewhere. */
  readonly engine?: EngineName;
  /** Where the hdiutil engine makes its scratch folder; default: beside the ISO. */
  readonly workDir?: string;
  /** 'package' (default): from the installer; 'host': of the Mac this runs on; else a kernel file. */
  readonly kernel?: string;
  readonly requireSignature?: boolean;
  readonly force?: boolean;
  readonly keepWork?: boolean;
  /** The ISO's partition map; default: a new Apple one. */
  readonly map?: MapChoice;
  /** Chameleon's plist on the ISO: 'none', or a file that takes the template's place. Default: the release's template. */
  readonly plist?: string;
  /** KEY=VALUE, over the template or the file. */
  readonly set?: readonly string[];
  /** Keys that are left out. */
  readonly unset?: readonly string[];
  readonly allowUnknown?: boolean;
  /** A folder of kexts, smbios.plist, themes: copied to /Extra. */
  readonly extra?: string;
}

/** A build that could start now: everything is known, nothing is touched. */
export interface BuildPlan {
  readonly installer: Installer;
  readonly recipe: Recipe;
  /** What the kernel is copied from, where that is not the installer's package. */
  readonly kernel?: Tree;
  readonly bootPlist: NonNullable<RunOptions['bootPlist']>;
  /** What goes to /Extra beside the plist. */
  readonly extra?: Tree;
  readonly steps: readonly StepInfo[];
  readonly output: Output;
  /** Bytes, at most. */
  readonly spaceNeeded: number;
  /** Bytes free where the ISO goes. */
  readonly spaceFree: number;
  /** "OS X 10.10.5 Yosemite (14F27)" */
  readonly release: string;
  readonly engine: EngineName;
  readonly map: MapChoice;
  /** The ISO's partition map, for people. */
  readonly mapTitle: string;
  /** The folder for scratch files, where the engine needs any. */
  readonly scratch?: string;
  /** What of this host is in the way, each with what to type. `build` refuses while there is any. */
  readonly problems: readonly Problem[];
}

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

const MAP_TITLES: Readonly<Record<MapChoice, string>> = {
  apm: 'a new Apple partition map with blocks of 512 bytes',
  gpt: 'a GUID partition table',
  keep: "the base image's own partition map",
};

/** Gives back what a plan holds open. `build` does it itself. */
export async function closePlan(plan: BuildPlan): Promise<void> {
  await plan.kernel?.close();
  await plan.installer.files.close();
}

/** Looks at the installer and the host, and says what a build would do. Hand the plan to `build` or to `closePlan`. */
export async function planBuild(options: BuildOptions, host?: HostFacts): Promise<BuildPlan> {
  const app = options.app === undefined ? undefined : await givenPath(options.app);
  const { buildNumber, choose, onRetry, signal } = options;
  // Before anything else: where there is no hdiutil, nothing else matters.
  if (chooseEngine(options.engine) === 'hdiutil') await findHdiutil();
  const located = await locate(app, { choose, buildNumber, ...(signal && { signal }) });
  const engine = isFar(located) ? farEngine(options.engine) : chooseEngine(options.engine);
  const keeper = options.save === undefined ? undefined : new Keeper(resolve(await givenPath(options.save)));
  if (keeper && !isFar(located)) throw new UsageError('--save is for installers on a server; this one is here.');
  const installer = await openLocated(located, {
    buildNumber,
    onRetry,
    ...(keeper && { keep: keeper.open.bind(keeper) }),
    ...(signal && { signal }),
  }).catch(async (error: unknown) => {
    await keeper?.close();
    throw error;
  });
  if (keeper) installer.files.hold(keeper);
  try {
    const recipe = recipes[majorVersion(installer.version)];
    if (!recipe) {
      const known = Object.keys(recipes).map((version) => releaseTitle(version));
      throw new SourceError(
        `${installer.path}: this is ${releaseTitle(installer.version, installer.build)}; there are recipes for ${known.join(', ')}.`,
      );
    }
    const chosen = await chooseKernel(recipe, await givenPath(options.kernel ?? 'package'), installer);
    const bootPlist = await chooseBootPlist(options, installer.version);
    const extra = options.extra === undefined ? undefined : await extraFolder(await givenPath(options.extra));
    const wanted = options.output === undefined ? undefined : await givenPath(options.output);
    const output = await chooseOutput(wanted, installer, options.force ?? false);
    const workDir = options.workDir === undefined ? undefined : resolve(await givenPath(options.workDir));
    const scratch = engine === 'hdiutil' ? scratchParent(output.iso, workDir) : undefined;
    const bytes = spaceNeeded(installer.sizes);
    const { map = DEFAULT_MAP } = options;
    const needs = { engine, output: output.iso, bytes, ...(scratch !== undefined && { scratch }) };
    return {
      installer,
      recipe: chosen.recipe,
      ...(chosen.tree && { kernel: chosen.tree }),
      bootPlist,
      ...(extra && { extra }),
      steps: describe(chosen.recipe),
      output,
      spaceNeeded: bytes,
      spaceFree: await spaceFree(output.iso),
      release: releaseTitle(installer.version, installer.build),
      engine,
      map,
      mapTitle: MAP_TITLES[map],
      ...(scratch !== undefined && { scratch }),
      problems: await preflight({ ...needs, argv: argvOf(options) }, host),
    };
  } catch (error) {
    await installer.files.close();
    throw error;
  }
}

/** hdiutil attaches files only. */
function farEngine(given: EngineName | undefined): EngineName {
  if (given !== 'hdiutil') return 'native';
  throw new UsageError(
    'The hdiutil engine cannot read an installer on a server.',
    'Leave --engine out, or get it first: osx-iso download',
  );
}

/** The command line that asks for the same, for hints. */
function argvOf({ app, output, workDir, kernel, force }: BuildOptions): string[] {
  const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  return [
    'build',
    ...option('--app', app),
    ...option('-o', output),
    ...option('--work-dir', workDir),
    ...option('--kernel', kernel === 'package' ? undefined : kernel),
    ...(force ? ['--force'] : []),
  ];
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
  try {
    if (plan.problems.length > 0) throw problemsError(plan.problems);
    making = await Making.begin(output, journal);
    await holdLock(making, output.iso, scope);
    // What is on a server would have to be fetched twice for it.
    if (options.identify && !installer.remote) identification = new Identification(installer.image, context.signal);
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
          ...(options.map !== undefined && { map: options.map }),
          bootPlist: plan.bootPlist,
        },
      });
      if (result.error) throw result.error;
      const identity = await identification?.done();
      const manifest = manifestOf(result, installer, tool.name, basename(output.iso), identity);
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
    try {
      await making?.end({ keep: keepWork });
    } finally {
      await closePlan(plan);
    }
  }
}

/** Two builds of one output would write over each other. The lock goes last of all, when everything else is given back. */
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
