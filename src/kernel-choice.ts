import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Recipe } from './core/step.js';
import { UsageError } from './errors.js';
import type { InstallerFiles } from './source/files.js';
import { copy } from './steps/index.js';

/** The name recipes give to what they take the kernel from. */
const KERNEL = 'kernel';
const TARGET = 'target:/System/Library/Kernels/kernel';

/**
 * The recipe with another kernel: 'package' leaves it as it is; a file takes the place of the package's kernels. The steps that
 * open, copy and close the package are replaced by one that copies the file.
 */
export async function withKernel(recipe: Recipe, kernel: string, files: InstallerFiles): Promise<Recipe> {
  if (kernel === 'package') return recipe;
  const path = resolve(kernel);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new UsageError(
      `--kernel ${kernel}: expected "package" or a kernel file, found ${found ? 'no file' : 'nothing'}.`,
    );
  }
  files.add('kernel', path);
  return recipe.flatMap((step) => {
    if (step.verb === 'open-package' && step.args.includes(`as ${KERNEL}`)) return [];
    if (step.verb === 'detach' && step.args.includes(KERNEL)) return [];
    if (step.verb === 'copy' && step.args[0]?.startsWith(`${KERNEL}:`)) return [copy('app:/kernel', TARGET)];
    return [step];
  });
}
