import { basename } from 'node:path';
import { recipes } from '../pipelines/index.js';
import type { Emit, StepInfo } from './core/events.js';
import { Names } from './core/names.js';
import { describe, type RunResult, run } from './core/run.js';
import { Scope } from './core/scope.js';
import type { Recipe } from './core/step.js';
import { HostError, SourceError } from './errors.js';
import type { Tree } from './formats/entry.js';
import { NativeTool } from './image/native.js';
import { chooseKernel } from './kernel-choice.js';
import { type Manifest, manifestOf, writeManifest } from './manifest.js';
import { chooseOutput, giveBack, type Output } from './output.js';
import { majorVersion, releaseTitle } from './releases.js';
import { type Installer, openInstaller } from './source/index.js';
import { checkSpace, spaceFree, spaceNeeded } from './space.js';

/** What a user asks of a build. */
export interface BuildOptions {
  /** The installer: a path, or the bare name of an app. */
  readonly app: string;
  /** The ISO, or the folder it goes to; default: the app's name with .iso, here. */
  readonly output?: string;
  readonly engine?: 'hdiutil' | 'native';
  /** 'package' (default): from the installer; else a kernel file. */
  readonly kernel?: string;
  readonly requireSignature?: boolean;
  readonly force?: boolean;
  readonly keepWork?: boolean;
}

/** A build that could start now: everything is known, nothing is touched. */
export interface BuildPlan {
  readonly installer: Installer;
  readonly recipe: Recipe;
  /** What the kernel is copied from, where that is not the installer's package. */
  readonly kernel?: Tree;
  readonly steps: readonly StepInfo[];
  readonly output: Output;
  /** Bytes, at most. */
  readonly spaceNeeded: number;
  /** Bytes free where the ISO goes. */
  readonly spaceFree: number;
  /** "OS X 10.10.5 Yosemite (14F27)" */
  readonly release: string;
  readonly engine: 'native';
}

export interface BuildResult {
  readonly iso: string;
  readonly manifestPath: string;
  readonly manifest: Manifest;
  readonly run: RunResult;
}

/** Gives back what a plan holds open. `build` does it itself. */
export async function closePlan(plan: BuildPlan): Promise<void> {
  await plan.kernel?.close();
  await plan.installer.files.close();
}

/** Looks at the installer and the host, and says what a build would do. Hand the plan to `build` or to `closePlan`. */
export async function planBuild(options: BuildOptions): Promise<BuildPlan> {
  if (options.engine === 'hdiutil') {
    throw new HostError('The hdiutil engine is not part of this version.', {
      hint: 'Leave --engine out: the native engine needs no Mac and no root.',
    });
  }
  const installer = await openInstaller(options.app);
  try {
    const recipe = recipes[majorVersion(installer.version)];
    if (!recipe) {
      const known = Object.keys(recipes).map((version) => releaseTitle(version));
      throw new SourceError(
        `${installer.path}: this is ${releaseTitle(installer.version, installer.build)}; there are recipes for ${known.join(', ')}.`,
      );
    }
    const chosen = await chooseKernel(recipe, options.kernel ?? 'package');
    const output = await chooseOutput(options.output, installer.title, options.force ?? false);
    return {
      installer,
      recipe: chosen.recipe,
      ...(chosen.tree && { kernel: chosen.tree }),
      steps: describe(chosen.recipe),
      output,
      spaceNeeded: spaceNeeded(installer.sizes),
      spaceFree: await spaceFree(output.iso),
      release: releaseTitle(installer.version, installer.build),
      engine: 'native',
    };
  } catch (error) {
    await installer.files.close();
    throw error;
  }
}

/** Builds the ISO a plan describes. Throws the run's error when it was not done; by then everything is given back. */
export async function build(
  plan: BuildPlan,
  options: BuildOptions,
  context: { readonly signal: AbortSignal; readonly emit: Emit; readonly scope?: Scope },
): Promise<BuildResult> {
  const { installer, output } = plan;
  const tool = new NativeTool();
  try {
    const [problem] = await tool.check({ output: output.iso });
    if (problem) throw new HostError(problem.message, { hint: problem.hint });
    checkSpace(output.iso, plan.spaceNeeded, await spaceFree(output.iso));
    const result = await run(plan.recipe, {
      tool,
      scope: context.scope ?? new Scope(),
      signal: context.signal,
      emit: context.emit,
      names: new Names({
        app: { volume: installer.files },
        out: { hostPath: output.partial },
        iso: { hostPath: output.iso },
        ...(plan.kernel && { kernel: { tree: plan.kernel } }),
      }),
      options: {
        requireSignature: options.requireSignature ?? false,
        force: options.force ?? false,
        keepWork: options.keepWork ?? false,
      },
    });
    if (result.error) throw result.error;
    const manifest = manifestOf(result, installer, tool.name, basename(output.iso));
    await writeManifest(output.manifest, manifest);
    await giveBack([output.iso, output.manifest]);
    return { iso: output.iso, manifestPath: output.manifest, manifest, run: result };
  } finally {
    await tool.close();
    await closePlan(plan);
  }
}
