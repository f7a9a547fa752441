import { link, rename as move, unlink } from 'node:fs/promises';
import type { Step } from '../core/step.js';
import { StepError } from '../errors.js';
import { hostFile } from './places.js';

/** Gives the finished, proved file its name. Somlo: `mv /tmp/Yosemite.cdr ~/Desktop/Yosemite.iso`. */
export function rename(from: string, to: string): Step {
  return {
    verb: 'rename',
    title: 'Give the ISO its name',
    args: [from, to],
    async run(job) {
      const source = hostFile(job, from);
      const target = hostFile(job, to);
      if (job.options.force) await move(source, target);
      else await moveIfFree(source, target);
    },
  };
}

/** Never replaces anything: a hard link fails where a file is there already, unlike rename(2). */
async function moveIfFree(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') {
      throw new StepError(`${target} has come into being meanwhile.`, {
        hint: 'Give another name with -o, or --force.',
      });
    }
    // File systems without hard links (FAT, some network shares).
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    await move(source, target);
    return;
  }
  await unlink(source);
}
