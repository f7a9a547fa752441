import { UsageError } from '../../errors.js';
import { gettingLoader } from '../../known/getting.js';
import type { Profile } from '../profiles.js';

/** An installer that nothing starts. */
export function noLoader({ name, release }: Profile): UsageError {
  return new UsageError(`The installer of ${name} needs a boot loader.`, gettingLoader(release));
}
