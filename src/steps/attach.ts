import { parsePlace } from '../core/names.js';
import type { Job, Step } from '../core/step.js';
import type { Volume } from '../image/types.js';
import { fileAt, lastOf } from './places.js';

/**
 * Attaches the HFS+ volume of a disk image: of the file at a place under a new name (`as`), or of an image that has a name
 * already. Somlo: `hdiutil attach … -noverify -nobrowse -mountpoint …`.
 */
export function attach(place: string, options: { as?: string; readOnly?: boolean } = {}): Step {
  const { as, readOnly = false } = options;
  return {
    verb: 'attach',
    title: as === undefined ? `Attach the ${place} image` : `Attach ${place}`,
    says:
      as === undefined
        ? `Attach ${place}, the copy that becomes the ISO, to change what is on it.`
        : `Attach ${lastOf(place)}, the installer's own disk${readOnly ? ', read only' : ''}: its files are ${as}:/… from here on.`,
    args: [place, ...(as === undefined ? [] : [`as ${as}`]), ...(readOnly ? ['read-only'] : [])],
    async run(job) {
      if (as === undefined) {
        const { name } = parsePlace(place);
        const volume = await job.tool.attach(job.names.image(name), { readOnly }, job);
        job.names.amend(name, { volume, undo: owe(job, name, volume) });
        return;
      }
      const image = await job.tool.open(await fileAt(job, place));
      job.scope.defer(`let go of ${image.title}`, () => job.tool.dispose(image));
      const volume = await job.tool.attach(image, { readOnly }, job);
      job.names.bind(as, { image, volume, undo: owe(job, as, volume) });
    },
  };
}

/** Detaches what a name has attached. Its image, if it was given a name by `convert`, stays known. */
export function detach(name: string): Step {
  return {
    verb: 'detach',
    title: `Detach ${name}`,
    says: `Detach ${name}: all is done that needed its files.`,
    args: [name],
    run: (job) => job.names.release(name),
  };
}

function owe(job: Job, name: string, volume: Volume) {
  const command = volume.device === undefined ? {} : { command: `hdiutil detach ${volume.device}` };
  return job.scope.defer(`detach ${name}`, () => volume.close(), command);
}
