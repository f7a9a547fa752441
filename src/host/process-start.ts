import { readFile } from 'node:fs/promises';
import { ask } from './ask.js';

/**
 * When a process started, in the host's own words: together with its id this names one process for good. Undefined where there is
 * no such process; '' where the host cannot say.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (!isThere(pid)) return undefined;
  if (process.platform === 'linux') {
    try {
      const [stat, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'latin1'),
        readFile('/proc/sys/kernel/random/boot_id', 'latin1'),
      ]);
      // proc(5): field 22, clock ticks since boot. The name in field 2 may hold blanks and brackets, so count from its end.
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      return ticks === undefined ? '' : `${boot.trim()} ${ticks}`;
    } catch {
      return isThere(pid) ? '' : undefined;
    }
  }
  return (await ask`ps -o lstart= -p ${pid}`) ?? (isThere(pid) ? '' : undefined);
}

/** Whether the process that wrote down this id and start still runs. In doubt it does: nothing of a living run may be touched. */
export async function stillRuns(writer: { readonly pid: number; readonly started: string }): Promise<boolean> {
  const start = await processStart(writer.pid);
  if (start === undefined) return false;
  return start === '' || writer.started === '' || start === writer.started;
}

function isThere(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
