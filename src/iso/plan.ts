import { dirname, resolve } from 'node:path';
import { recipes } from '../../pipelines/index.js';
import type { PlannedStep } from '../core/events.js';
import { explainSteps } from '../core/run.js';
import type { Recipe, RunOptions } from '../core/step.js';
import { SourceError, UsageError } from '../errors.js';
import { type Tree, unixNow } from '../formats/entry.js';
import { planFat } from '../formats/fat/index.js';
import { freeSpace } from '../host/free-space.js';
import { givenPath } from '../host/given-path.js';
import { findHdiutil } from '../image/hdiutil/program.js';
import { DEFAULT_MAP } from '../image/layout.js';
import type { MapChoice, Problem } from '../image/types.js';
import { type Esp, gatherEsp } from '../opencore/index.js';
import { type HostFacts, preflight } from '../preflight/index.js';
import { majorVersion, releaseTitle } from '../releases.js';
import { type Choose, type Installer, isFar, locate, openLocated } from '../source/index.js';
import { chooseBootPlist, extraFolder } from './boot-plist-choice.js';
import { chooseEngine, type EngineName, scratchParent } from './engine.js';
import { Keeper } from './keep.js';
import { chooseKernel, type KernelChoice } from './kernel-choice.js';
import { expectNoInput } from './not-an-input.js';
import { chooseOutput, type Output } from './output.js';
import { spaceNeeded } from './space.js';

/** What a user asks of a build. */
export interface BuildOptions {
  /** Stops it, wherever it is: what was taken is given back, nothing unfinished is left. */
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
  /** The ISO, or the folder it goes to; default: {name}.iso, here. {name} (see `installerTitle`), {version} and {build} are filled in. */
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
  /** The ISO starts by UEFI, too: OpenCore's release as zip or folder, or a folder EFI with it that is configured. */
  readonly opencore?: string;
  /** The same with a folder EFI that is taken as it is, whatever loader it is of. */
  readonly efi?: string;
  /** With a release of OpenCore: kexts for it, and a config.plist instead of one that is made. */
  readonly kext?: readonly string[];
  readonly config?: string;
  /** PATH=VALUE in the config that is made. */
  readonly ocSet?: readonly string[];
  /** Bytes of the system partition; default: 40 MiB. */
  readonly espSize?: number;
}

/** A build that could start now: everything is known, nothing is touched. */
export interface BuildPlan {
  /** What it was asked for with. */
  readonly options: BuildOptions;
  readonly installer: Installer;
  readonly recipe: Recipe;
  /** What the kernel is copied from, where that is not the installer's package. */
  readonly kernel?: Tree;
  readonly bootPlist: NonNullable<RunOptions['bootPlist']>;
  /** What goes to /Extra beside the plist. */
  readonly extra?: Tree;
  /** What the ISO's EFI system partition has in it. */
  readonly esp?: Esp;
  readonly steps: readonly PlannedStep[];
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
  // A date that is none is said now, not when the first thing is dated.
  unixNow();
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
  let chosen: KernelChoice | undefined;
  try {
    if (buildNumber !== undefined && installer.build !== buildNumber) {
      throw new UsageError(
        `--build-number ${buildNumber}: ${installer.path} is ${installer.build}.`,
        'Leave it out, or name the release: it is looked up then.',
      );
    }
    const recipe = recipes[majorVersion(installer.version)];
    if (!recipe) {
      const known = Object.keys(recipes).map((version) => releaseTitle(version));
      throw new SourceError(
        `${installer.path}: this is ${releaseTitle(installer.version, installer.build)}; there are recipes for ${known.join(', ')}.`,
      );
    }
    chosen = await chooseKernel(recipe, await givenPath(options.kernel ?? 'package'), installer);
    const bootPlist = await chooseBootPlist(options, installer.version);
    const extra = options.extra === undefined ? undefined : await extraFolder(await givenPath(options.extra));
    const wanted = options.output === undefined ? undefined : await givenPath(options.output);
    const output = await chooseOutput(wanted, installer, options.force ?? false);
    await expectNoInput(output, await inputsOf(options, installer));
    if (options.workDir !== undefined && engine === 'native') throw new UsageError(NO_SCRATCH, 'Leave --work-dir out.');
    const workDir = options.workDir === undefined ? undefined : resolve(await givenPath(options.workDir));
    const scratch = engine === 'hdiutil' ? scratchParent(output.iso, workDir) : undefined;
    const esp = await chooseEsp(options, installer);
    const map = chooseMap(options, esp);
    const bytes = spaceNeeded(installer.sizes) + (esp?.size ?? 0);
    const needs = {
      engine,
      output: output.iso,
      bytes,
      ...(scratch !== undefined && { scratch }),
      ...(keeper && { kept: { folder: keeper.folder, bytes: keeper.missing } }),
    };
    return {
      options,
      installer,
      recipe: chosen.recipe,
      ...(chosen.tree && { kernel: chosen.tree }),
      bootPlist,
      ...(extra && { extra }),
      ...(esp && { esp }),
      steps: explainSteps(chosen.recipe),
      output,
      spaceNeeded: bytes,
      spaceFree: await freeSpace(dirname(output.iso)),
      release: releaseTitle(installer.version, installer.build),
      engine,
      map,
      mapTitle: esp ? `${MAP_TITLES[map]}: a system partition with ${esp.loader}, and the installer` : MAP_TITLES[map],
      ...(scratch !== undefined && { scratch }),
      problems: await preflight({ ...needs, argv: argvOf(options) }, host),
    };
  } catch (error) {
    await chosen?.tree?.close();
    await installer.files.close();
    throw error;
  }
}

const NO_SCRATCH = '--work-dir is for the hdiutil engine: the native one needs no scratch files.';

/** What the ISO's system partition is to have in it; undefined where there is to be none. */
async function chooseEsp(options: BuildOptions, { version }: Installer): Promise<Esp | undefined> {
  const {
    opencore,
    efi,
    config,
    kext = [],
    ocSet: set = [],
    espSize: size,
    signal = new AbortController().signal,
  } = options;
  const given = async (path: string | undefined) => (path === undefined ? undefined : givenPath(path));
  if (opencore === undefined && efi === undefined) {
    const strays = { config, kext: kext[0], 'oc-set': set[0], 'esp-size': size };
    const stray = Object.entries(strays).find(([, value]) => value !== undefined)?.[0];
    if (stray !== undefined)
      throw new UsageError(`--${stray} is for an ISO that starts by UEFI.`, 'Give --opencore ZIP, too.');
    return undefined;
  }
  const request = {
    openCore: await given(opencore),
    efi: await given(efi),
    config: await given(config),
    kexts: await Promise.all(kext.map(givenPath)),
    release: version,
    set,
    size,
  };
  const esp = await gatherEsp(request, { signal });
  // What does not fit is said now, not after an hour.
  planFat(esp.items, { size: esp.size, label: esp.label, date: 0 });
  return esp;
}

/** A system partition needs a GUID map: firmware looks for it in no Apple one. */
function chooseMap({ map }: BuildOptions, esp: Esp | undefined): MapChoice {
  if (!esp) return map ?? DEFAULT_MAP;
  if (map === undefined || map === 'gpt') return 'gpt';
  throw new UsageError(`--map ${map}: an ISO that starts by UEFI has a GUID map.`, 'Leave --map out.');
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

/** Files of this computer that a build reads, as far as they are given by name. */
async function inputsOf(options: BuildOptions, { path, image }: Installer): Promise<(string | undefined)[]> {
  const { kernel, plist, opencore, config, kext = [] } = options;
  const given = [kernel, plist, opencore, config, ...kext].filter((one) => one !== undefined);
  return [path, image.hostPath, ...(await Promise.all(given.map((one) => givenPath(one))))];
}
