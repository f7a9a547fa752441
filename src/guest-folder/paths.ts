import { isAbsolute, relative, resolve, sep } from 'node:path';
import { givenPath } from '../host/given-path.js';

/** A path of guest.json as an absolute one: below the guest's folder unless it says otherwise; "~/" is the user's home. */
export async function pathOf(folder: string, stored: string): Promise<string> {
  return resolve(folder, await givenPath(stored));
}

/** How an absolute path is kept: what lies in the guest's folder moves with it, everything else stays where it is. */
export function kept(folder: string, path: string): string {
  const inside = relative(folder, path);
  return isInside(inside) ? inside : path;
}

/** Whether a path of guest.json means something in the folder itself. */
export function liesInside(folder: string, stored: string): boolean {
  return isInside(relative(folder, resolve(folder, stored)));
}

function isInside(path: string): boolean {
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}
