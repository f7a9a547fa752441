import { SourceError } from './errors.js';
import { type HostFile, openHostFile } from './formats/host-file.js';

/** Opens a file a user named. SourceError in words for everything that may be wrong with it. */
export async function openGiven(path: string): Promise<HostFile> {
  try {
    return await openHostFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const words: Record<string, string> = {
      ENOENT: 'no such file',
      ENOTDIR: 'no such file',
      EISDIR: 'expected a file, found something else',
      EACCES: 'not permitted to read it',
      EPERM: 'not permitted to read it',
    };
    throw new SourceError(`${path}: ${words[code ?? ''] ?? (error as Error).message}.`, { cause: error });
  }
}
