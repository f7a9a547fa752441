import { explain } from '../core/explain.js';
import { HostError, StepError } from '../errors.js';
import { hostError } from '../host/faults.js';

/** Says what a refusal of the host means for a mounted guest. */
export async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EROFS') {
      throw new HostError(`${path}: the volume is mounted for reading only.`, {
        hint: 'Linux mounts journaled HFS+ volumes so. Unmount it and use --image FILE instead: that needs no mount.',
        cause: error,
      });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new HostError(`${path}: not permitted to write there.`, { hint: 'Try again with sudo.', cause: error });
    }
    throw explain(hostError(error, path, StepError), path);
  }
}
