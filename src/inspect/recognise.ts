import { Interrupted, UserError } from '../errors.js';
import { releaseTitle } from '../releases.js';
import type { FarFiles } from '../source/far.js';
import { type Installer, installerThere, type Located, openLocated } from '../source/index.js';

/** Which installer something is, or why it is none. */
export type Recognised =
  | { readonly release: string; readonly kind: string; readonly notes: readonly string[] }
  | { readonly reason: UserError };

/** Looks at something as `build` would. */
export function recognise(located: Located, signal: AbortSignal): Promise<Recognised> {
  return reasoned(async () => {
    const installer = await openLocated(located, { signal });
    await installer.files.close();
    return installer;
  });
}

/** The same of files on a server that are open already, and stay so. */
export function recogniseThere(far: FarFiles): Promise<Recognised> {
  return reasoned(() => installerThere(far));
}

async function reasoned(open: () => Promise<Installer>): Promise<Recognised> {
  try {
    const { version, build, kind, notes } = await open();
    return { release: releaseTitle(version, build), kind, notes };
  } catch (error) {
    if (error instanceof UserError && !(error instanceof Interrupted)) return { reason: error };
    throw error;
  }
}
