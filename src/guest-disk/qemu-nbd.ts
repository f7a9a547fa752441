import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeSocketFolder } from '../core/own-folder.js';
import type { Scope } from '../core/scope.js';
import { HostError, Interrupted, SourceError, StepError } from '../errors.js';
import { ActError, act } from '../host/act.js';
import { type GuardedDisk, secondOpinion, strangersOf } from '../vm-disk/index.js';
import { inUse, lockMessage } from './in-use.js';
import { connectNbd } from './nbd-target.js';
import type { DiskTarget } from './target.js';

export const INSTALL_QEMU_UTILS =
  "Install QEMU's tools: sudo apt install qemu-utils (Debian, Ubuntu), sudo dnf install qemu-img (Fedora), brew install qemu (Mac).";

/** Milliseconds until qemu-nbd must answer, and until it must have ended. */
const START_PATIENCE = 15_000;
const END_PATIENCE = 10_000;
/** The same when the user wants to stop: nothing counts that is not written yet. */
const HURRY = 400;
const POLL = 20;

export interface QemuNbdOptions {
  /** What may be opened, and as what. */
  readonly guarded: GuardedDisk;
  readonly readOnly: boolean;
  readonly signal: AbortSignal;
  /** Ends the server and removes its folder, whatever happens. */
  readonly scope: Scope;
}

/**
 * Opens an image of QEMU's through qemu-nbd on a socket that nobody else can reach, so that snapshots and backing files are kept as
 * QEMU keeps them, and QEMU's own locks hold. HostError without qemu-nbd, StepError where the image is in use.
 */
export async function openQemuImage(path: string, options: QemuNbdOptions): Promise<DiskTarget> {
  const { guarded, readOnly, signal, scope } = options;
  const { format } = guarded;
  await secondOpinion(guarded, { label: path, signal, missingHint: INSTALL_QEMU_UTILS }).catch((error: unknown) => {
    throw refused(error, path, format);
  });
  const folder = await makeSocketFolder(scope, 'remove the folder of the socket');
  const socket = join(folder.path, 'nbd');
  const ender = new AbortController();
  const patience = () => (signal.aborted ? HURRY : END_PATIENCE);
  const argv = [`--socket=${socket}`, `--format=${format}`, '--cache=writeback', ...(readOnly ? ['--read-only'] : [])];
  let state: { error?: unknown } | undefined;
  let pid: number | undefined;
  // It ends by itself when its only client goes, even if that is killed.
  const server = act('qemu-nbd', [...argv, resolve(path)], {
    signal: ender.signal,
    missingHint: INSTALL_QEMU_UTILS,
    grace: HURRY,
    onStart: (id) => {
      pid = id;
    },
  }).then(
    () => {
      state = {};
    },
    (error: unknown) => {
      state = { error };
    },
  );
  let disk: DiskTarget | undefined;
  scope.defer('end qemu-nbd', async () => {
    await disk?.close().catch(() => {});
    // Without a client it would wait for one.
    if (!disk) ender.abort();
    await Promise.race([server, sleep(patience(), undefined, { ref: false })]);
    ender.abort();
    await server;
  });
  const until = Date.now() + START_PATIENCE;
  while (!disk) {
    if (signal.aborted) throw new Interrupted();
    if (state) throw refused(state.error, path, format);
    if (Date.now() > until) throw new StepError(`qemu-nbd did not answer within ${START_PATIENCE / 1000} seconds.`);
    disk = await connectNbd(socket, basename(path), { signal, patience: START_PATIENCE }).catch(
      async (error: NodeJS.ErrnoException) => {
        if (['ENOENT', 'ECONNREFUSED'].includes(error.code ?? '')) return undefined;
        // It has its socket before it opens the image: what it cannot open ends it with us connected. It says itself why.
        await Promise.race([server, sleep(patience(), undefined, { ref: false })]);
        if (state) return undefined;
        throw error;
      },
    );
    if (!disk) await sleep(POLL);
  }
  const strangers = pid === undefined ? [] : await strangersOf(pid, guarded.files);
  if (strangers.length > 0) {
    throw new SourceError(
      `${path}: it was changed while it was opened: QEMU has opened ${strangers.join(', ')} for it.`,
    );
  }
  return disk;
}

function refused(error: unknown, path: string, format: string): Error {
  if (error instanceof SourceError || error instanceof Interrupted) return error;
  if (error instanceof HostError) {
    return new HostError(`${path} is a ${format} image: only QEMU's own qemu-nbd can change it, and it is not here.`, {
      hint: INSTALL_QEMU_UTILS,
      cause: error,
    });
  }
  if (error instanceof StepError && !(error instanceof ActError)) return error;
  if (!(error instanceof ActError)) return new StepError(`qemu-nbd ended before anything was done with ${path}.`);
  const words = error.lines.join('\n');
  if (lockMessage(words)) return inUse(path, 'QEMU holds a lock on it', error);
  return new StepError(`QEMU cannot open ${path}: ${error.lines.at(-1) ?? 'it does not say why'}`, {
    cause: error,
  });
}
