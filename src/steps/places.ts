import { parsePlace } from '../core/names.js';
import type { Job } from '../core/step.js';
import { SourceError, StepError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import type { Path, Volume } from '../image/types.js';

/** The volume and the path on it that a place stands for. */
export function onVolume(job: Job, place: string): { volume: Volume; path: Path } {
  const { name, path } = parsePlace(place);
  return { volume: job.names.volume(name), path };
}

/** What to do where a place of the installer has nothing: a good one can be of a kind nobody here has seen. */
export const NOTHING_THERE =
  'The installer is incomplete, or of a kind that keeps this elsewhere: osx-iso inspect shows what is there.';

/** The file at a place, to read. SourceError where there is none: places to read from are the installer's. */
export async function fileAt(job: Job, place: string): Promise<ByteSource> {
  const { volume, path } = onVolume(job, place);
  const source = await volume.file(path);
  if (!source) {
    throw new SourceError(`${place}: expected a file, found nothing.`, {
      hint: NOTHING_THERE,
    });
  }
  return source;
}

/** The name of what is at a place, for a sentence: "BaseSystem.dmg"; the place itself where it has no path. */
export function lastOf(place: string): string {
  return place.split('/').at(-1) ?? place;
}

/** A place's path, for a sentence: "/System/Installation/Packages". */
export function pathOf(place: string): string {
  return place.slice(place.indexOf(':') + 1);
}

/** The host file that a place such as `out:` stands for. */
export function hostFile(job: Job, place: string): string {
  const { name, path } = parsePlace(place);
  if (path.length > 0) throw new StepError(`${place} must be a name alone: it stands for one file.`);
  return job.names.hostPath(name);
}
