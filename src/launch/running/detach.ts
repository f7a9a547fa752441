import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExitCode, HostError, Interrupted, UserError } from '../../errors.js';
import { type Detached, startDetached } from '../../host/detach.js';
import { hostError } from '../../host/faults.js';
import { OSK_VARIABLE } from '../osk.js';
import type { RunState } from '../run-state.js';
import { runningState } from './expect.js';

/** The variable by which an `osx-iso boot` knows that it is the one that stays: it does not detach once more. */
export const DETACHED = 'OSX_ISO_DETACHED';

/** In the guest's folder: what the detached boot says. */
const LOG = 'boot.log';
/** Milliseconds between two looks. */
const POLL = 100;
/** Bytes of the log that are looked through for the reason why a guest did not start. */
const TAIL = 16_384;
const TOLD_LINES = 12;

/** Takes the mark of a detached boot out of the environment: no program that it starts inherits it. */
export function takeDetached(env: NodeJS.ProcessEnv = process.env): boolean {
  const found = env[DETACHED] !== undefined;
  delete env[DETACHED];
  return found;
}

export interface DetachOptions {
  /** The program and its arguments: the same command once more. */
  readonly command: readonly [file: string, ...argv: string[]];
  readonly signal: AbortSignal;
}

export interface DetachedGuest {
  readonly run: RunState;
  readonly log: string;
}

/**
 * Starts the `osx-iso boot` of a guest in a session of its own and waits until QEMU runs. Where it does not get so far its own words,
 * from the log, are the error's, and its exit code is the error's, too.
 */
export async function detachGuest(folder: string, { command, signal }: DetachOptions): Promise<DetachedGuest> {
  signal.throwIfAborted();
  const path = join(folder, LOG);
  const log = await openLog(path);
  try {
    const [file, ...argv] = command;
    // The key, if it is in the environment, is for this program's own kind.
    const key = process.env[OSK_VARIABLE];
    const env = { [DETACHED]: '1', ...(key !== undefined && { [OSK_VARIABLE]: key }) };
    const boot = await startDetached(file, argv, { log: log.fd, env }).catch((error: unknown) => {
      throw hostError(error, file, HostError);
    });
    const run = await untilRunning(folder, boot, signal);
    if (typeof run === 'object') {
      boot.leave();
      return { run, log: path };
    }
    throw await failed(log, run, path);
  } finally {
    await log.close();
  }
}

async function openLog(path: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK, O_APPEND } = constants;
  const flags = O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_APPEND;
  return open(path, flags, 0o600).catch((error: unknown) => {
    throw hostError(error, path, HostError);
  });
}

/** What the boot wrote down, or what it ended with. */
async function untilRunning(folder: string, boot: Detached, signal: AbortSignal): Promise<RunState | number | string> {
  const ended = boot.ended.then((how) => ({ how }));
  for (;;) {
    const state = await runningState(folder).catch(() => undefined);
    if (state?.pid === boot.pid && state.qmp !== undefined) return state;
    const over = await Promise.race([ended, sleep(POLL)]);
    if (over) return over.how;
    if (!signal.aborted) continue;
    process.kill(boot.pid, 'SIGTERM');
    await boot.ended;
    throw new Interrupted();
  }
}

async function failed(log: FileHandle, how: number | string, path: string): Promise<UserError> {
  const { size } = await log.stat();
  const { buffer, bytesRead } = await log.read(Buffer.alloc(TAIL), 0, TAIL, Math.max(0, size - TAIL));
  const lines = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-TOLD_LINES);
  const said = lines.map((line) => `  ${line}`).join('\n');
  const way = typeof how === 'number' ? `exit status ${how}` : how;
  const codes: readonly (number | string)[] = [1, 2, 3, 4, 5, 130] satisfies ExitCode[];
  const exitCode = codes.includes(how) ? (how as ExitCode) : 1;
  if (how === 0)
    return new UserError(`The guest has ended already:\n${said}`, { exitCode: 1, hint: `All of it: ${path}` });
  return new UserError(`The guest did not start (${way}). What its osx-iso said:\n${said}`, { exitCode });
}
