import { stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stateFolder } from '../core/state-folder.js';
import { makeFolder } from '../host/make-folder.js';

/** What the seed says about it, in two sentences. */
export const LICENCE_NOTE =
  "Apple's licence allows OS X in a virtual machine on genuine Apple hardware only. " +
  'Whether what you do is covered by it is yours to judge; no part of OS X and no key comes with this program.';

/** The note the first time on this machine, undefined later. A state that cannot be kept means that it is said again. */
export async function licenceNote(file: string = join(stateFolder(), 'licence-noted')): Promise<string | undefined> {
  const known = await stat(file).then(
    () => true,
    () => false,
  );
  if (known) return undefined;
  try {
    await makeFolder(dirname(file), 0o700);
    // Never what is there, and through no link: under sudo the folder may be somebody else's.
    await writeFile(file, `${LICENCE_NOTE}\n`, { flag: 'wx' });
  } catch {
    // A home that cannot be written to is no reason not to start a guest.
  }
  return LICENCE_NOTE;
}
