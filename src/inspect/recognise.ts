import { Interrupted, UserError } from '../errors.js';
import { releaseTitle } from '../releases.js';
import { openInstaller } from '../source/index.js';

/** Which installer something is, or why it is none. */
export type Recognised =
  | { readonly release: string; readonly kind: string; readonly notes: readonly string[] }
  | { readonly reason: UserError };

/** Looks at something as `build` would. */
export async function recognise(path: string, signal: AbortSignal): Promise<Recognised> {
  try {
    const { version, build, kind, notes, files } = await openInstaller(path, { signal });
    await files.close();
    return { release: releaseTitle(version, build), kind, notes };
  } catch (error) {
    if (error instanceof UserError && !(error instanceof Interrupted)) return { reason: error };
    throw error;
  }
}
