import { join } from 'node:path';
import { top } from './imports.js';
import { madeOnce } from './made-once.js';
import { RUN, sharedFolder } from './shared-folders.js';

/**
 * A program in TypeScript as a few modules that Node runs, made once for all test files: a program that is called a thousand times
 * would spend most of a call on looking for its modules. `main` is its path from the checkout. Types are checked elsewhere.
 */
export async function bundled(main: string): Promise<string> {
  const folder = await madeOnce(sharedFolder(RUN), { main }, async (entry) => {
    // Vitest brings it.
    const { rolldown } = await import('rolldown');
    const bundle = await rolldown({ input: { main: join(top, main) }, platform: 'node', logLevel: 'silent' });
    await bundle.write({ dir: entry, format: 'esm', entryFileNames: '[name].mjs' });
  });
  return join(folder, 'main.mjs');
}
