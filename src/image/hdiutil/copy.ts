import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { StepError } from '../../errors.js';
import { chunks } from '../../formats/bytes.js';
import type { Entry, Path } from '../../formats/entry.js';
import { openHostFile } from '../../host/host-file.js';
import type { Work } from '../types.js';
import { copyArgv } from './argv.js';
import { explained } from './failure.js';
import { hostName } from './mount-point.js';
import type { Runner } from './program.js';

/** Milliseconds between two looks at how far the copying is. */
const LOOK = 300;

/** One thing to be copied: where it is, where it goes. */
export interface Copied {
  readonly entry: Entry;
  readonly from: string;
  readonly to: string;
}

/** The pairs of a copy of `entries` (a walk of `top`) to the host path `to`. */
export function pairs(entries: readonly Entry[], top: Path, to: string): Copied[] {
  return entries.map((entry) => ({
    entry,
    from: entry.hostPath!,
    to: join(to, ...entry.path.slice(top.length).map(hostName)),
  }));
}

/**
 * Copies one file or folder of the host with `cp`, and reports the bytes that have arrived. A Ctrl-C ends cp; what it has copied
 * by then goes with the image. `existing`: a folder is there already and is filled.
 */
export async function copyOnHost(
  list: readonly Copied[],
  existing: boolean,
  runner: Runner,
  work: Work,
): Promise<void> {
  const { from, to } = list[0]!;
  const files = list.filter(({ entry }) => entry.kind === 'file');
  const total = files.reduce((sum, { entry }) => sum + (entry.data?.size ?? 0), 0);
  const progress = new Arrivals(files, total, work);
  const timer = setInterval(() => void progress.look(), LOOK);
  try {
    const argv = copyArgv(from, to, { merge: existing && list[0]!.entry.kind === 'folder' });
    const options = { signal: work.signal, env: { LANG: 'C', LC_ALL: 'C' } };
    await explained(`copy ${from}`, () => runner.act('cp', argv, options));
  } finally {
    clearInterval(timer);
  }
  work.report({ done: total, total });
}

/** How many bytes have arrived: cp says nothing, so the files are looked at. */
class Arrivals {
  #waiting: readonly Copied[];
  #done = 0;
  #looking = false;

  constructor(
    files: readonly Copied[],
    readonly total: number,
    readonly work: Work,
  ) {
    this.#waiting = files;
  }

  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    let partly = 0;
    const left: Copied[] = [];
    for (const file of this.#waiting) {
      const size = (await lstat(file.to).catch(() => undefined))?.size;
      const whole = file.entry.data?.size ?? 0;
      if (size !== undefined && size >= whole) this.#done += whole;
      else {
        left.push(file);
        partly += size ?? 0;
      }
    }
    this.#waiting = left;
    this.work.report({ done: this.#done + partly, total: this.total });
    this.#looking = false;
  }
}

/**
 * Makes sure that all of it arrived, and as what it was: BSD's cp says nothing when it cannot keep an owner, and then the
 * installer fails much later. StepError with the first difference.
 */
export async function compareCopies(list: readonly Copied[]): Promise<void> {
  for (const { entry, to } of list) {
    const found = await lstat(to).catch(() => undefined);
    if (!found) throw new StepError(`${to}: expected a copy of ${entry.hostPath}, found nothing.`);
    const { uid, gid, mode } = entry.bsd;
    if (found.uid !== uid || found.gid !== gid) {
      throw new StepError(`${to}: expected the owner ${uid}:${gid}, found ${found.uid}:${found.gid}.`, {
        hint: 'Only root can give files away: run with sudo, or use --engine native.',
      });
    }
    if (found.mode !== mode && entry.kind !== 'symlink') {
      throw new StepError(`${to}: expected the mode ${mode.toString(8)}, found ${found.mode.toString(8)}.`);
    }
    if (entry.kind === 'file' && found.size !== (entry.data?.size ?? 0)) {
      throw new StepError(`${to}: expected ${entry.data?.size} bytes, found ${found.size}.`);
    }
  }
}

/**
 * Shows the copies to whoever watches their bytes (the chunklist): one pass over what now lies on the target, which proves the
 * source and the copying alike. The bytes come from memory, where they have just been written.
 */
export async function showCopies(list: readonly Copied[], work: Work): Promise<void> {
  for (const { entry, to } of list) {
    const observe = entry.data?.observe;
    if (!observe) continue;
    const file = await openHostFile(to);
    try {
      let done = 0;
      for await (const part of chunks(file)) {
        work.signal.throwIfAborted();
        observe(part);
        done += part.length;
        work.report({ done, total: file.size });
      }
    } finally {
      await file.close();
    }
  }
}
