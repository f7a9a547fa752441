import type { Entry } from '../../formats/entry.js';
import { readWhole, type Whole } from '../../formats/whole.js';
import { explained } from './failure.js';
import type { Runner } from './program.js';

/** A value goes onto a command line as hex, of which macOS takes 256 KiB in all (ARG_MAX; 1 MiB since 10.15). */
const MOST = 64 << 10;
const VALUE: Whole = { what: 'extended attribute', most: MOST };
/** The kernel's own: access control lists and compression, which have their own ways in. */
const SYSTEM = ['com.apple.system.Security', 'com.apple.decmpfs'];
const FINDER_INFO = 'com.apple.FinderInfo';

/**
 * Gives a file or folder of a mounted volume its extended attributes and Finder info with xattr(1), `-wx NAME HEX FILE` (10.9.5's
 * manual page): Node cannot. Returns how many things could not be given: the resource fork, what is the kernel's, large values, names
 * that look like options.
 */
export async function setAttributes(entry: Entry, to: string, runner: Runner): Promise<number> {
  let left = entry.resource ? 1 : 0;
  const set = (name: string, value: Uint8Array) =>
    explained(`set ${name} of ${to}`, () =>
      runner.act('xattr', ['-wx', name, Buffer.from(value).toString('hex'), to], {
        env: { LANG: 'C', LC_ALL: 'C' },
      }),
    );
  for (const { name, value } of entry.xattrs) {
    if (entry.kind === 'symlink' || SYSTEM.includes(name) || name.startsWith('-') || value.size > MOST) left++;
    else await set(name, await readWhole(value, VALUE));
  }
  if (entry.kind !== 'symlink' && entry.finderInfo.some((byte) => byte !== 0)) await set(FINDER_INFO, entry.finderInfo);
  return left;
}
