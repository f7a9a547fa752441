import type { Step } from '../core/step.js';
import { giveTo, moveTo } from '../host/hand-over.js';
import { hostFile } from './places.js';

/** Gives the finished, proved file its name. Somlo: `mv /tmp/Yosemite.cdr ~/Desktop/Yosemite.iso`. */
export function rename(from: string, to: string): Step {
  return {
    verb: 'rename',
    title: 'Give the ISO its name',
    says: 'Give the proved disk its name, in one go: nobody finds half an ISO there.',
    args: [from, to],
    async run(job) {
      const source = hostFile(job, from);
      const { owner, force = false } = job.options;
      // Before it has its name: nobody else can get at it yet.
      if (owner) await giveTo(source, owner);
      await moveTo(source, hostFile(job, to), { replace: force });
    },
  };
}
