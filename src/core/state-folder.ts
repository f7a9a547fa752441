import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { processStart } from '../host/process-start.js';
import { fileJournal, type Journal } from './journal.js';

export type { Journal } from './journal.js';

/** What decides where a user's own state lies. */
export interface StateEnvironment {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** 0 under sudo. */
  readonly euid: number | undefined;
  /** $HOME, and the home that the user database names. */
  readonly home: string;
  readonly ownHome: string;
}

/**
 * The private folder of the run journals. Under sudo it is root's own, whatever $HOME and $XDG_STATE_HOME still say of the user:
 * what stands in a journal is acted upon, so nobody else may write there.
 */
export function stateFolder(given: StateEnvironment = thisHost()): string {
  const { platform, env, euid, home, ownHome } = given;
  const elevated = euid === 0 && env.SUDO_UID !== undefined;
  const base = elevated ? ownHome : home;
  if (platform === 'darwin') return join(base, 'Library', 'Application Support', 'osx-iso');
  const xdg = elevated ? undefined : env.XDG_STATE_HOME;
  return join(xdg?.startsWith('/') ? xdg : join(base, '.local', 'state'), 'osx-iso');
}

function thisHost(): StateEnvironment {
  const { platform, env } = process;
  let ownHome = homedir();
  try {
    ownHome = userInfo().homedir;
  } catch {
    // A user id without an entry in the user database (containers).
  }
  return { platform, env, euid: process.geteuid?.(), home: homedir(), ownHome };
}

/**
 * The journal of this process, to be handed to the scope of its run. `optional`: a run that takes next to nothing of the host works
 * without one, too, where there is no home to write to.
 */
export async function openJournal(options: { optional?: boolean; folder?: string } = {}): Promise<Journal> {
  const { optional = false, folder = stateFolder() } = options;
  const journal = fileJournal(folder, { pid: process.pid, started: (await processStart(process.pid)) ?? '' });
  if (!optional) return journal;
  return { append: (record) => journal.append(record).catch(() => ''), done: (id) => journal.done(id).catch(() => {}) };
}
