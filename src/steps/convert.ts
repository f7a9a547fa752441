import { rm } from 'node:fs/promises';
import { parsePlace } from '../core/names.js';
import type { Step } from '../core/step.js';
import { plainPath } from '../host/plain-path.js';
import { quoteForSh } from '../host/quote.js';
import type { ImageFormat } from '../image/types.js';
import { fileAt, hostFile, lastOf } from './places.js';

/**
 * 'sparse': a writable copy, named `as`, of the image at a place. Somlo: `hdiutil convert … -format UDSP`.
 * 'iso': the finished disk, from a named image to the host file `to`, under the partition map that the user asks for, else under
 * the engine's own choice. Somlo: `hdiutil convert … -format UDTO`.
 */
export function convert(place: string, format: ImageFormat, options: { as?: string; to?: string }): Step {
  const { as, to } = options;
  return {
    verb: 'convert',
    title: format === 'iso' ? 'Write the ISO' : `Make a writable copy of ${place}`,
    says:
      format === 'iso'
        ? `Write ${place} as a raw disk with a partition map, under a name of its own until it is proved.`
        : `Make a writable copy of ${lastOf(place)}, which the installer starts from: the copy becomes the ISO, the original stays as it is.`,
    args: [...[place, format], ...(as === undefined ? [] : [`as ${as}`]), ...(to === undefined ? [] : [`to ${to}`])],
    async run(job) {
      const { name, path } = parsePlace(place);
      const from = path.length > 0 ? await job.tool.open(await fileAt(job, place)) : job.names.image(name);
      if (to === undefined) {
        const image = await job.tool.convert(from, format, undefined, job);
        job.scope.defer(`let go of ${image.title}`, () => job.tool.dispose(image));
        if (as !== undefined) job.names.bind(as, { image });
        return;
      }
      const file = hostFile(job, to);
      const shown = plainPath(file);
      if (job.options.keepWork) job.note(`kept even if something fails: ${shown}`);
      else {
        const entry = await job.scope.announce({ kind: 'file', path: shown });
        const remove = () => rm(file, { force: true });
        job.scope.onFailure('remove the unfinished ISO', remove, { command: `rm ${quoteForSh(shown)}`, entry });
      }
      const { map, esp } = job.options;
      const image = await job.tool.convert(from, format, file, job, { ...(map && { map }), ...(esp && { esp }) });
      job.record('iso', { size: image.size, sha256: image.sha256 });
      for (const [key, value] of Object.entries(image.facts ?? {})) job.record(key, value);
    },
  };
}
