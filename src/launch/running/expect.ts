import { hostname } from 'node:os';
import { HostError } from '../../errors.js';
import { quoteFile } from '../../host/quote.js';
import { isAlive, type RunState, readRunState } from '../run-state.js';

/** The guest of a folder as it runs; undefined where it does not. */
export async function runningState(folder: string): Promise<RunState | undefined> {
  const state = await readRunState(folder);
  return state && (await isAlive(state)) ? state : undefined;
}

/** The same where nothing else will do. HostError where it does not run, or runs on another computer. */
export async function expectRunning(folder: string, name = folder): Promise<RunState> {
  const state = await runningState(folder);
  if (!state) {
    throw new HostError(`${name}: this guest does not run.`, { hint: `osx-iso boot ${quoteFile(name)} starts it.` });
  }
  if (state.host !== hostname()) {
    throw new HostError(`${name}: this guest runs on ${state.host}, process ${state.pid}.`, {
      hint: 'Type this there.',
    });
  }
  return state;
}

/** The port of this computer that leads to its ssh server. HostError where it has none. */
export function expectSsh({ ports }: RunState, name: string): number {
  if (ports.ssh !== undefined) return ports.ssh;
  throw new HostError(`${name}: this guest runs without a port for ssh.`, {
    hint: 'It was started with --net none, or by a QEMU without user-mode networking.',
  });
}
