import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError } from '../errors.js';
import type { Path, Tree } from '../formats/entry.js';
import { ask } from '../host/ask.js';
import { hostTree } from '../image/hdiutil/host-tree.js';
import type { SystemVersion } from '../known/system-version.js';

const HINT = 'Leave --kernel out: the default, --kernel package, takes it from the installer itself.';

/** What the running system is; tests answer themselves. */
export interface RunningSystem {
  readonly version: () => Promise<string | undefined>;
  readonly build: () => Promise<string | undefined>;
  /** "/" */
  readonly root: string;
}

const thisMac: RunningSystem = {
  version: () => ask`sw_vers -productVersion`,
  build: () => ask`sw_vers -buildVersion`,
  root: '/',
};

/**
 * Somlo's way: the kernels at `path` of the Mac this runs on. It must be of the installer's very release *and* build, or the
 * installer panics at boot: SourceError otherwise.
 */
export async function hostKernels(path: Path, wanted: SystemVersion, system: RunningSystem = thisMac): Promise<Tree> {
  const [version, build] = await Promise.all([system.version(), system.build()]);
  const expected = `${wanted.version} (${wanted.build})`;
  if (version === undefined || build === undefined) {
    throw new SourceError(`--kernel host: expected a Mac with ${expected}, found a computer that is none.`, {
      hint: HINT,
    });
  }
  if (version !== wanted.version || build !== wanted.build) {
    throw new SourceError(
      `--kernel host: expected a Mac with ${expected}, like the installer, found ${version} (${build}).`,
      {
        hint: HINT,
      },
    );
  }
  const folder = join(system.root, ...path);
  if (!(await stat(folder).catch(() => undefined))) {
    throw new SourceError(`--kernel host: expected ${folder}, found nothing.`, { hint: HINT });
  }
  return hostTree(folder, 'the kernels of this Mac', path);
}
