import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Where place, length and memory of a direct write have to begin and end: no disk or file system in use asks for more. */
export const DIRECT_BLOCK = 4096;

/**
 * Opens the file that `file` is open on once more, for writes past the page cache: a build's result is larger than what anybody would
 * want to have there, and the copy into it takes more of the processor than all else about a write. By its descriptor, since a name may
 * be another file's by now. Tried with `block`, DIRECT_BLOCK zeros at a page's border, which go to the file's begin: some file systems
 * refuse (EINVAL) only then. Undefined where there is no such thing, or whatever else is in the way: the other way will say what.
 */
export async function openDirect(file: FileHandle, block: Uint8Array): Promise<FileHandle | undefined> {
  if (constants.O_DIRECT === undefined) return undefined;
  const direct = await open(`/proc/self/fd/${file.fd}`, constants.O_WRONLY | constants.O_DIRECT).catch(() => undefined);
  const tried = await direct?.write(block, 0, DIRECT_BLOCK, 0).catch(() => undefined);
  if (tried?.bytesWritten === DIRECT_BLOCK) return direct;
  await direct?.close();
  return undefined;
}
