import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostCode } from '../host/faults.js';
import { ownName } from './own-folder.js';
import type { Scope } from './scope.js';

/** File systems without hard links say one of these. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Makes a file whole or not at all, and never in the place of another: under a name of our own beside it, which is written down first,
 * and then under its own. EEXIST where there is one.
 */
export async function makeNew(path: string, scope: Scope, make: (draft: string) => Promise<unknown>): Promise<void> {
  const draft = join(dirname(path), `.${ownName()}`);
  const entry = await scope.announce({ kind: 'file', path: draft });
  const owed = scope.defer(`remove the unfinished ${path}`, () => rm(draft, { force: true }), { entry });
  try {
    await make(draft);
    await link(draft, path).catch(async (error: unknown) => {
      if (!NO_LINKS.includes(hostCode(error) ?? '')) throw error;
      await (await open(path, 'wx')).close();
      await rename(draft, path);
    });
  } finally {
    await owed.spend();
  }
}
