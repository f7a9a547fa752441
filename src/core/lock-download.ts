import { dirname, join } from 'node:path';
import { processStart } from '../host/process-start.js';
import { lock, lockPath, unlock } from './lock.js';
import { ownName } from './own-folder.js';

/** Takes the lock of a file that is downloaded; returns how to give it back. UsageError while another process has it. */
export async function lockDownload(path: string): Promise<() => Promise<void>> {
  const writer = { pid: process.pid, started: (await processStart(process.pid)) ?? '' };
  await lock(lockPath(path), writer, join(dirname(path), `.${ownName()}`), 'download');
  return () => unlock(lockPath(path), writer);
}
