import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { top } from './imports.js';
import { changedIn, removeReadOnly } from './made-once.js';
import { INSTALLERS, installerStore, RUN } from './shared-folders.js';

/**
 * Before all tests: dist/ is what the sources are; runs that are killed leave their journals in a folder of ours, not where
 * `osx-iso clean` of this user looks; what tests share has its folders. After them: nobody may have changed what is shared.
 */
export default async function setup(): Promise<() => Promise<void>> {
  execFileSync(process.execPath, [join(top, 'scripts', 'setup.mjs')], { stdio: 'inherit' });
  const run = mkdtempSync(join(tmpdir(), 'osx-iso-test-run-'));
  // Some tests act as another user, who reads what is shared.
  chmodSync(run, 0o755);
  const shared = join(run, 'shared');
  mkdirSync(shared);
  const installers = await installerStore();
  process.env.XDG_STATE_HOME = join(run, 'state');
  process.env[INSTALLERS] = installers;
  process.env[RUN] = shared;
  return async () => {
    const changed = [...(await changedIn(installers)), ...(await changedIn(shared))];
    await removeReadOnly(run);
    if (changed.length > 0) {
      throw new Error(`a test changed what tests share (it should take ownCopy of it first): ${changed.join(', ')}`);
    }
  };
}
