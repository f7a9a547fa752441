import { VolumeAttribute } from '../header.js';
import { compareBinary, compareCaseInsensitive } from '../names.js';
import type { HfsVolume } from '../volume.js';
import { PRIVATE_DIRECTORY, PRIVATE_DIRECTORY_LINKS } from '../walk.js';

const JOURNAL_FILES = ['.journal', '.journal_info_block'];

/** Whether a name in the root folder is one that the file system keeps for itself. */
export function isPrivate({ caseSensitive, header }: HfsVolume, name: string): boolean {
  const compare = caseSensitive ? compareBinary : compareCaseInsensitive;
  const same = (other: string) => compare(name, other) === 0;
  if (same(PRIVATE_DIRECTORY) || same(PRIVATE_DIRECTORY_LINKS)) return true;
  return (header.attributes & VolumeAttribute.journaled) !== 0 && JOURNAL_FILES.some(same);
}
