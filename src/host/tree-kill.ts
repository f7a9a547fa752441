import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds a tool has to clean up after SIGINT, before it is killed. */
export const GRACE = 5000;
/** Milliseconds its helpers have to follow. */
const HELPER_GRACE = 1000;
const POLL = 25;

/** Leaders of the process groups that run now. */
const running = new Set<number>();
let watching = false;

/** Remembers a group so that it does not outlive this process. */
export function remember(leader: number): void {
  running.add(leader);
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const pid of running) send(pid, 'SIGTERM');
  });
}

export function forget(leader: number): void {
  running.delete(leader);
}

/** Ends a whole process group: SIGINT first, as Ctrl-C does; SIGKILL for whoever does not go. Resolves when all are gone. */
export async function endGroup(leader: number, leaderGone: Promise<unknown>, grace = GRACE): Promise<void> {
  send(leader, 'SIGINT');
  let gone = false;
  void leaderGone.then(() => {
    gone = true;
  });
  for (let waited = 0; !gone && waited < grace; waited += POLL) await sleep(POLL);
  // Background children of a shell ignore SIGINT, so they are asked once more when their parent is gone.
  if (gone && send(leader, 'SIGTERM')) {
    for (let waited = 0; waited < HELPER_GRACE && send(leader, 0); waited += POLL) await sleep(POLL);
  }
  send(leader, 'SIGKILL');
  await leaderGone;
}

/** False when nobody of the group is left. */
function send(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, signal);
    return true;
  } catch {
    return false;
  }
}
