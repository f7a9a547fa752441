import { type HostFile, type HostFileOptions, openHostFile } from './host-file.js';

/** Opens what a user gives as an installer, an image or a disk: a file, or a disk itself. SourceError for anything else. */
export function openGiven(path: string, options: HostFileOptions = {}): Promise<HostFile> {
  return openHostFile(path, { disk: true, ...options });
}
