import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * The folder of our compiled modules, made anew, for tests that need a process of their own. It lies inside the checkout, where
 * packages are found; `name` keeps tests that run at the same time apart.
 */
export function compiled(name: string): string {
  const out = join(top, 'node_modules', '.cache', 'osx-iso-test', name);
  mkdirSync(out, { recursive: true });
  try {
    execFileSync(
      process.execPath,
      [join(top, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', top, '--outDir', out],
      {
        stdio: 'pipe',
      },
    );
  } catch (error) {
    // Types are checked elsewhere; what counts here is that modules were written.
    if (!existsSync(join(out, 'src', 'cli', 'main.js'))) throw error;
  }
  return out;
}
