import type { Step } from '../core/step.js';
import { openPackage as open } from '../formats/payload.js';
import { fileAt } from './places.js';

/** Chunks of 16 MiB that are decoded ahead of the one being read: enough to keep a few cores busy, and some 100 MB at most. */
const LOOK_AHEAD = 3;

/** Opens the payload of a flat package as a tree to copy from; nothing is unpacked. Somlo names "third party software" for it. */
export function openPackage(place: string, options: { as: string }): Step {
  const { as } = options;
  return {
    verb: 'open-package',
    title: `Open ${place}`,
    args: [place, `as ${as}`],
    async run(job) {
      const { tool } = job;
      const payload = await open(await fileAt(job, place), {
        // Apple's payloads list a folder's tree without gaps, so nothing behind it need be decoded. What this may get wrong, a
        // kernel that is not there, is an error two steps on.
        contiguous: true,
        ...(tool.make && { decodeChunk: (chunk) => tool.make!([chunk], chunk.length), lookAhead: LOOK_AHEAD }),
      });
      job.names.bind(as, { tree: payload, undo: job.scope.defer(`close ${as}`, () => payload.close()) });
    },
  };
}
