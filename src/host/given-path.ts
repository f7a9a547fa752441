import { homedir } from 'node:os';
import { join } from 'node:path';
import { ask } from './ask.js';

/** A name of the user database, safe after "~" in a shell. */
const USER = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/**
 * A path as it was given, with a leading `~` that no shell has replaced (it stood in quotes, or in a script) made the home of the
 * user who typed it: under sudo not root's.
 */
export async function givenPath(path: string): Promise<string> {
  if (path !== '~' && !path.startsWith('~/')) return path;
  return join(await typistsHome(), path.slice(1));
}

/** The home of whoever called, also through sudo. */
export async function typistsHome(): Promise<string> {
  const user = process.env.SUDO_USER;
  if (process.geteuid?.() !== 0 || user === undefined || user === 'root' || !USER.test(user)) return homedir();
  const home = await ask`eval echo ~${user}`;
  return home?.startsWith('/') ? home : homedir();
}
