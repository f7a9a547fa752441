import type { Step } from '../core/step.js';
import { SourceError } from '../errors.js';
import { onVolume, pathOf } from './places.js';

/**
 * Removes a symbolic link. Anything else at the place is refused: where another release has a real folder, removing it would
 * throw packages away. Nothing there is fine, and said. Somlo: `rm -rf …/System/Installation/Packages`.
 */
export function remove(place: string): Step {
  return {
    verb: 'remove',
    title: `Remove the link ${place}`,
    says: `Remove the link ${pathOf(place)}, because a folder takes its place.`,
    args: [place],
    async run(job) {
      const { volume, path } = onVolume(job, place);
      const entry = await volume.entry(path);
      if (!entry) {
        job.note('not there: nothing to remove');
        return;
      }
      if (entry.kind !== 'symlink') {
        throw new SourceError(`${place}: expected a symbolic link, found a ${entry.kind}.`, {
          hint: 'This is not the Base System of a 10.9–10.12 installer. `osx-iso inspect` shows what the installer holds.',
        });
      }
      await volume.remove(path);
    },
  };
}
