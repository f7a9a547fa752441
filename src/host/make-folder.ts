import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing, each with `mode`. Node's own way (`recursive`) never ends where a folder is
 * there and nothing can be made in it (/proc). Throws node's own errors.
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const make = () => mkdir(path, { mode });
  try {
    await make().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
      await makeFolder(dirname(path), mode);
      await make();
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  }
}
