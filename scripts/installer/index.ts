import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteSource } from '../../src/formats/bytes.js';
import { type AppFolder, beginApp } from './app.js';
import { makeBase } from './base.js';
import { Contents } from './content.js';
import { writeDvd } from './dvd.js';
import { EntryList, type MadeEntry } from './entries.js';
import { makeEsd } from './esd.js';
import { wrapInstaller } from './forms.js';
import { writeInstallInfo } from './install-info.js';
import type { InstallerOptions } from './options.js';
import { identity, type Settings, settingsOf } from './settings.js';
import { makeSharedSupport } from './shared-support.js';
import { Spool } from './spool.js';
import { listing, sha256Of, type Truth } from './truth.js';

export { madeFrom } from './app.js';
export { givenOf, wrapInstaller } from './forms.js';
export {
  type Faults,
  type Form,
  forms,
  type InstallerOptions,
  type PartitionMap,
  type PayloadCoding,
} from './options.js';
export { type Release, type ReleaseName, releases } from './releases.js';
export { identity, settingsOf } from './settings.js';
export type { Truth, TruthEntry } from './truth.js';

const NO_FILES: ReadonlyMap<string, ByteSource> = new Map();

export interface MadeInstaller {
  /** The path of the finished app, or of the form asked for. */
  readonly app: string;
  /** Where it was asked for, and the installer is one an ISO can be built from. */
  readonly truth?: Truth;
}

/**
 * Writes a made-up installer into a folder: the shape of Apple's, no byte of theirs, the same bytes for the same options. It gets
 * its name when it is whole; on failure nothing is left. An app of the same name is replaced only if it came from here.
 */
export async function makeInstaller(options: InstallerOptions): Promise<MadeInstaller> {
  const { form = 'app' } = options;
  const settings = settingsOf(options);
  await mkdir(options.directory, { recursive: true });
  if (settings.release.layout === 'dvd') return makeDvd(options);
  if (form === 'app') return makeApp(options);
  const inside = join(options.directory, `.${form}.making`);
  try {
    const { app, truth } = await makeApp({ ...options, directory: inside });
    return { app: await wrapInstaller(app, form, options.directory, options.seed), ...(truth ? { truth } : {}) };
  } finally {
    await rm(inside, { recursive: true, force: true });
  }
}

async function makeApp(options: InstallerOptions): Promise<MadeInstaller> {
  const settings = settingsOf(options);
  await mkdir(options.directory, { recursive: true });
  const { app: appFault, shortVersion: version } = settings.faults;
  const details = { stub: appFault === 'stub', version };
  const app = await beginApp(options.directory, settings.release, identity(settings), details);
  try {
    const truth = app.shared === undefined ? undefined : await fill(app, app.shared, options);
    await writeTruth(options, truth);
    return { app: await app.finish(), ...(truth ? { truth } : {}) };
  } catch (error) {
    await app.abandon();
    throw error;
  }
}

/** 10.6 comes on a DVD; its image is all there is. */
async function makeDvd(options: InstallerOptions): Promise<MadeInstaller> {
  const settings = settingsOf(options);
  const spool = new Spool(join(options.directory, '.packages.making'));
  try {
    const { path, entries, kernel } = await writeDvd(options.directory, settings, spool, options.report ?? (() => {}));
    if (options.truth === undefined && !options.wantTruth) return { app: path };
    const truth = await wholeTruth(settings, settings.release.baseVolume, entries, kernel);
    await writeTruth(options, truth);
    return { app: path, truth };
  } finally {
    await spool.close();
  }
}

async function writeTruth({ truth: file }: InstallerOptions, truth: Truth | undefined): Promise<void> {
  if (truth && file !== undefined) await writeFile(file, `${JSON.stringify(truth, undefined, 1)}\n`);
}

/** Of a medium that is Apple's disk as it is. */
async function wholeTruth(
  settings: Settings,
  volume: string,
  entries: readonly MadeEntry[],
  kernel: ByteSource | undefined,
): Promise<Truth> {
  return {
    schema: 1,
    release: settings.releaseName,
    whole: true,
    volume,
    base: await listing(entries),
    packages: {},
    kernels: {},
    files: {},
    kernel: await kernelTruth(settings, kernel),
  };
}

async function kernelTruth(settings: Settings, kernel: ByteSource | undefined): Promise<Truth['kernel']> {
  return {
    path: `/${settings.release.kernelPath.join('/')}`,
    size: kernel?.size ?? 0,
    sha256: kernel ? await sha256Of(kernel) : '',
    nonce: settings.nonce,
    bits: settings.bits,
  };
}

async function fill(app: AppFolder, shared: string, options: InstallerOptions): Promise<Truth | undefined> {
  const settings = settingsOf(options);
  const report = options.report ?? (() => {});
  const contents = new Contents(settings.seed);
  if (settings.release.layout === 'shared-support') {
    await makeSharedSupport(shared, settings, contents);
    return undefined;
  }
  // BaseSystem.dmg is written once, beside its final place: what holds it needs its size and its hashes first.
  const inApp = settings.release.baseIn === 'app';
  await writeInstallInfo(shared, settings);
  const base = await makeBase(inApp ? shared : app.path, settings, contents, report);
  const spool = new Spool(join(app.path, '.packages'));
  try {
    const esd = await makeEsd(shared, settings, contents, inApp ? NO_FILES : base.files, spool, report);
    if (options.truth === undefined && !options.wantTruth) return undefined;
    report({ what: 'listing', done: 0, total: 1 });
    const { kernel } = esd;
    if (settings.release.layout === 'bootable') {
      return await wholeTruth(settings, settings.release.esdVolume, esd.entries, kernel);
    }
    const kernels = settings.release.kernelPath.slice(0, -1);
    // Of a kernel in the root only itself is copied, of others the folder.
    const within = kernels.length === 0 ? settings.release.kernelPath : kernels;
    const inKernels = esd.withKernel.filter(
      ({ path }) => path.length >= Math.max(1, kernels.length) && within.every((name, i) => path[i] === name),
    );
    return {
      schema: 1,
      release: settings.releaseName,
      volume: settings.release.baseVolume,
      base: await listing(base.entries),
      packages: await listing(
        esd.entries.filter(({ path }) => path[0] === 'Packages' && path.length > 1),
        1,
      ),
      kernels: await listing(inKernels, kernels.length),
      files: await listing(filesOfRoot(esd.entries, base.files, inApp)),
      kernel: await kernelTruth(settings, kernel),
    };
  } finally {
    await spool.close();
    await base.close({ keep: inApp });
  }
}

/** BaseSystem.dmg and its chunklist as they come to lie in the ISO's root. */
function filesOfRoot(
  esd: readonly MadeEntry[],
  base: ReadonlyMap<string, ByteSource>,
  inApp: boolean,
): readonly MadeEntry[] {
  if (!inApp) return esd.filter(({ path }) => path.length === 1 && path[0]?.startsWith('BaseSystem.'));
  const list = new EntryList(0);
  for (const [name, source] of base) list.file([name], source);
  return list.entries;
}
