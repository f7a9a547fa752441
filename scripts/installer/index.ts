import { mkdir, writeFile } from 'node:fs/promises';
import type { ByteSource } from '../../src/formats/bytes.js';
import { type AppFolder, beginApp } from './app.js';
import { makeBase } from './base.js';
import { Contents } from './content.js';
import { makeEsd } from './esd.js';
import type { InstallerOptions } from './options.js';
import { identity, settingsOf } from './settings.js';
import { makeSharedSupport } from './shared-support.js';
import { listing, sha256Of, type Truth } from './truth.js';

export { madeFrom } from './app.js';
export type { Faults, InstallerOptions, PartitionMap, PayloadCoding } from './options.js';
export { type Release, type ReleaseName, releases } from './releases.js';
export { identity, settingsOf } from './settings.js';
export type { Truth, TruthEntry } from './truth.js';

const NO_FILES: ReadonlyMap<string, ByteSource> = new Map();

export interface MadeInstaller {
  /** The path of the finished app. */
  readonly app: string;
  /** Where it was asked for, and the installer is one an ISO can be built from. */
  readonly truth?: Truth;
}

/**
 * Writes a made-up installer app into a folder: the shape of Apple's, no byte of theirs, the same bytes for the same options. The
 * app gets its name when it is whole; on failure nothing is left. An app of the same name is replaced only if it came from here.
 */
export async function makeInstaller(options: InstallerOptions): Promise<MadeInstaller> {
  const settings = settingsOf(options);
  await mkdir(options.directory, { recursive: true });
  const stub = settings.faults.app === 'stub';
  const app = await beginApp(options.directory, settings.release, identity(settings), stub);
  try {
    const truth = app.shared === undefined ? undefined : await fill(app, app.shared, options);
    if (truth && options.truth !== undefined)
      await writeFile(options.truth, `${JSON.stringify(truth, undefined, 1)}\n`);
    return { app: await app.finish(), ...(truth ? { truth } : {}) };
  } catch (error) {
    await app.abandon();
    throw error;
  }
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
  const base = await makeBase(inApp ? shared : app.path, settings, contents, report);
  try {
    const esd = await makeEsd(shared, settings, contents, inApp ? NO_FILES : base.files, report);
    if (options.truth === undefined && !options.wantTruth) return undefined;
    report({ what: 'listing', done: 0, total: 1 });
    const { kernel } = esd;
    const kernels = settings.release.kernelPath.slice(0, -1);
    const inKernels = esd.withKernel.filter(
      ({ path }) => path.length > kernels.length && kernels.every((name, i) => path[i] === name),
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
      files: await listing(esd.entries.filter(({ path }) => path.length === 1 && path[0]?.startsWith('BaseSystem.'))),
      kernel: {
        path: `/${settings.release.kernelPath.join('/')}`,
        size: kernel?.size ?? 0,
        sha256: kernel ? await sha256Of(kernel) : '',
        nonce: settings.nonce,
        bits: settings.bits,
      },
    };
  } finally {
    await base.close({ keep: inApp });
  }
}
