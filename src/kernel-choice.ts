import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Recipe } from './core/step.js';
import { UsageError } from './errors.js';
import { type HostFile, openHostFile } from './formats/bytes.js';
import { type Entry, hfsDate, type Path, type Tree } from './formats/entry.js';

/** The name recipes give to what they take the kernel from. */
const KERNEL = 'kernel';
/** Where recipes look for it there. */
const KERNELS: Path = ['System', 'Library', 'Kernels'];

/** A recipe, and what takes the place of the package its kernel comes from. */
export interface KernelChoice {
  readonly recipe: Recipe;
  /** Bound to the name `kernel`; the caller closes it. */
  readonly tree?: Tree;
}

/** 'package' leaves the recipe as it is. A kernel file takes the package's place, so the steps that open and close it go. */
export async function chooseKernel(recipe: Recipe, kernel: string): Promise<KernelChoice> {
  if (kernel === 'package') return { recipe };
  const path = resolve(kernel);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new UsageError(
      `--kernel ${kernel}: expected "package" or a kernel file, found ${found ? 'no file' : 'nothing'}.`,
    );
  }
  const dispensable = ({ verb, args }: Recipe[number]) =>
    (verb === 'open-package' && args.includes(`as ${KERNEL}`)) || (verb === 'detach' && args.includes(KERNEL));
  return { recipe: recipe.filter((step) => !dispensable(step)), tree: await kernelTree(path, found.mtimeMs) };
}

/** One kernel file as the folder that recipes copy. */
async function kernelTree(path: string, mtimeMs: number): Promise<Tree> {
  const file: HostFile = await openHostFile(path);
  const date = hfsDate(mtimeMs / 1000);
  const common = {
    dates: { created: date, modified: date, changed: date, accessed: date, backedUp: 0 },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    xattrs: [],
  };
  const bsd = { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, special: 0 };
  const entries: Entry[] = [
    { ...common, path: KERNELS, kind: 'folder', bsd: { ...bsd, mode: 0o40755 } },
    { ...common, path: [...KERNELS, 'kernel'], kind: 'file', bsd: { ...bsd, mode: 0o100755 }, data: file },
  ];
  return {
    name: file.name,
    async *walk(from = []) {
      for (const entry of entries) if (from.every((part, i) => entry.path[i] === part)) yield entry;
    },
    close: () => file.close(),
  };
}
