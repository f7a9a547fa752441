import { UsageError } from '../errors.js';
import { releaseWanted } from '../known/names.js';
import { isUrl } from '../remote/url.js';
import { type FindOptions, type Found, findInstaller, NotHere } from './find.js';

/** Where what was given with --app is: on this computer, at a URL, or, where only a release was named, wherever that is offered. */
export type Located = Found | FarLocated;

export type FarLocated = { readonly url: string } | { readonly release: string };

/**
 * Finds out what was given: a URL; a path or a bare name, see findInstaller; the name or version of a release that is not here. With
 * `buildNumber` a release is always looked up.
 */
export async function locate(
  given: string | undefined,
  options: FindOptions & { readonly buildNumber?: string | undefined } = {},
): Promise<Located> {
  if (given !== undefined && isUrl(given)) return { url: given };
  const scheme = given === undefined ? undefined : /^([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1];
  if (scheme !== undefined) {
    throw new UsageError(`${given}: expected a URL that begins with https:// or http://, found ${scheme}://.`);
  }
  const release = given === undefined ? undefined : releaseWanted(given);
  if (release !== undefined && options.buildNumber !== undefined) return { release };
  try {
    return await findInstaller(given, options);
  } catch (error) {
    if (release !== undefined && error instanceof NotHere) return { release };
    throw error;
  }
}

/** Whether it has to be asked for over a network. */
export function isFar(located: Located): located is FarLocated {
  return !('path' in located);
}
