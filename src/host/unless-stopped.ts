import { Interrupted } from '../errors.js';

/** What is asked of programs that may not answer: a stop does not wait for them. */
export async function unlessStopped<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  if (signal.aborted) throw new Interrupted();
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Interrupted()), { once: true });
  });
  return Promise.race([answer, stopped]);
}
