import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parsePlace } from '../core/names.js';
import type { Recipe } from '../core/step.js';
import { SourceError, UsageError } from '../errors.js';
import { type Entry, hfsDate, type Path, type Tree } from '../formats/entry.js';
import { openHostFile } from '../host/host-file.js';
import { kindOf } from '../host/open-file.js';
import type { SystemVersion } from '../known/system-version.js';
import { checkKernel } from '../verify/kernel.js';
import { hostKernels, type RunningSystem } from './host-kernel.js';

/** The name recipes give to what they take the kernel from. */
const KERNEL = 'kernel';

/** A recipe, and what takes the place of the package its kernel comes from. */
export interface KernelChoice {
  readonly recipe: Recipe;
  /** Bound to the name `kernel`; the caller closes it. */
  readonly tree?: Tree;
}

/**
 * 'package' leaves the recipe as it is. A kernel file, or with 'host' the kernels of the Mac this runs on, take the package's
 * place, so the steps that open and close it go.
 */
export async function chooseKernel(
  recipe: Recipe,
  kernel: string,
  installer: SystemVersion,
  system?: RunningSystem,
): Promise<KernelChoice> {
  if (kernel === 'package') return { recipe };
  const path = resolve(kernel);
  const found = kernel === 'host' ? undefined : await stat(path).catch(() => undefined);
  if (kernel !== 'host' && !found?.isFile()) {
    throw new UsageError(
      `--kernel ${kernel}: expected "package", "host" or a kernel file, found ${found ? kindOf(found) : 'nothing'}.`,
    );
  }
  const copied = recipe.find(({ verb, args }) => verb === 'copy' && args[0]?.startsWith(`${KERNEL}:`));
  const wanted = recipe.find(({ verb }) => verb === 'expect-kernel')?.args[0];
  if (!copied?.args[0] || wanted === undefined) {
    throw new UsageError(
      `--kernel ${kernel}: the disk of this release is Apple's own with its kernel on it; no other can be put there.`,
      'Leave --kernel out.',
    );
  }
  const at = { from: parsePlace(copied.args[0]).path, kernel: parsePlace(wanted).path };
  const dispensable = ({ verb, args }: Recipe[number]) =>
    (verb === 'open-package' && args.includes(`as ${KERNEL}`)) || (verb === 'detach' && args.includes(KERNEL));
  const tree = found ? await kernelTree(path, at) : await hostKernels(at.from, installer, system);
  return { recipe: recipe.filter((step) => !dispensable(step)), tree };
}

/** One kernel file as what recipes copy: the folder `from` with it in it, or itself. */
async function kernelTree(path: string, at: { from: Path; kernel: Path }): Promise<Tree> {
  const file = await openHostFile(path, { label: '--kernel ' });
  const facts = await checkKernel(file);
  if (!facts.ok) {
    await file.close();
    throw new SourceError(`--kernel ${path}: expected a kernel, found ${facts.found}.`, {
      hint: 'A kernel is a Mach-O: "kernel" or "mach_kernel" of this very release.',
    });
  }
  const date = hfsDate(file.modified / 1000);
  const common = {
    dates: { created: date, modified: date, changed: date, accessed: date, backedUp: 0 },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    xattrs: [],
  };
  const bsd = { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, special: 0 };
  const entries: Entry[] = [{ ...common, path: at.kernel, kind: 'file', bsd: { ...bsd, mode: 0o100755 }, data: file }];
  if (at.from.length < at.kernel.length) {
    entries.unshift({ ...common, path: at.from, kind: 'folder', bsd: { ...bsd, mode: 0o40755 } });
  }
  return {
    name: file.name,
    async *walk(from = []) {
      for (const entry of entries) if (from.every((part, i) => entry.path[i] === part)) yield entry;
    },
    close: () => file.close(),
  };
}
