import type { Step } from '../core/step.js';
import { SourceError } from '../errors.js';
import { onVolume, pathOf } from './places.js';

/**
 * Makes way for a real folder where releases differ in what they have: a symbolic link is unlinked, a folder is left to be copied
 * into, nothing is fine. A file is refused. Others copy into it with `ditto` without looking.
 */
export function makeWay(place: string): Step {
  return {
    verb: 'make-way',
    title: `Make way for ${place}`,
    says: `Make way for a folder at ${pathOf(place)}: a link in its place is removed, a folder stays.`,
    args: [place],
    async run(job) {
      const { volume, path } = onVolume(job, place);
      const entry = await volume.entry(path);
      switch (entry?.kind) {
        case undefined:
          job.note('not there: it will be made');
          return;
        case 'folder':
          job.note('a folder already: it is copied into');
          return;
        case 'symlink':
          await volume.remove(path);
          job.note('it was a link');
          return;
        default:
          throw new SourceError(`${place}: expected a link, a folder or nothing, found a ${entry?.kind}.`, {
            hint: 'This is no Base System of an installer. `osx-iso inspect` shows what the installer holds.',
          });
      }
    },
  };
}
