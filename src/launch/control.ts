import { HostError } from '../errors.js';
import { Qmp } from './qmp.js';
import type { RunState } from './run-state.js';

/** Milliseconds in which a QEMU that is well answers. */
const ANSWER = 3000;

/**
 * Asks a running guest's QEMU something by its second control socket. StepError where it does not answer; nobody else can ask
 * meanwhile, so `work` is to be short.
 */
export async function withControl<T>(
  { qmp: socket }: Pick<RunState, 'qmp'>,
  work: (qmp: Qmp) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (socket === undefined) throw new HostError('The guest is only just being started.', { hint: 'Try again soon.' });
  const late = AbortSignal.timeout(ANSWER);
  const until = signal ? AbortSignal.any([late, signal]) : late;
  const qmp = await Qmp.connect(socket, until).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new HostError('QEMU does not answer.', { hint: 'osx-iso guest status NAME tells what runs.', cause: error });
  });
  const stop = () => qmp.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await work(qmp);
  } finally {
    signal?.removeEventListener('abort', stop);
    qmp.close();
  }
}
