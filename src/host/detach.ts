import { spawn } from 'node:child_process';
import { childEnvironment } from './environment.js';

/** A program that goes on without us. */
export interface Detached {
  readonly pid: number;
  /** Its exit status, or the signal's name; it never resolves while the program runs. */
  readonly ended: Promise<number | string>;
  /** Lets this process end while it runs. */
  leave(): void;
}

/**
 * Starts a program in a session of its own: no terminal, no Ctrl-C of ours reaches it. What it says goes to an open file. `env` is
 * added to the environment. Throws node's own errors where it cannot be started.
 */
export async function startDetached(
  file: string,
  argv: readonly string[],
  { log, env }: { readonly log: number; readonly env: Readonly<Record<string, string>> },
): Promise<Detached> {
  const child = spawn(file, [...argv], { detached: true, stdio: ['ignore', log, log], env: childEnvironment(env) });
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, by) => resolve(code ?? by ?? 1));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return { pid: child.pid!, ended, leave: () => child.unref() };
}
