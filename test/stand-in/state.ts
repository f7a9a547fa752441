import { appendFileSync, mkdirSync, readFileSync, renameSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One attached image. */
export interface AttachedImage {
  /** Resolved path of the image file. */
  readonly image: string;
  /** "/dev/disk3" */
  readonly device: string;
  readonly readOnly: boolean;
  readonly owners: boolean;
  readonly entities: readonly { device: string; hint: string; mountPoint?: string }[];
  /** Where the files were put, and the record of how. */
  readonly folder?: string;
  readonly record?: string;
  /** Which user the volume belongs to. */
  readonly uid: number;
}

export interface State {
  next: number;
  images: AttachedImage[];
}

/** The folder that stands for what the kernel of a Mac knows. */
export const stateFolder = process.env.HDIUTIL_STATE ?? '';

const file = () => join(stateFolder, 'attached.json');
const lock = () => join(stateFolder, 'lock');

export function readState(): State {
  try {
    return JSON.parse(readFileSync(file(), 'utf8')) as State;
  } catch {
    return { next: 2, images: [] };
  }
}

/** Changes the state while nobody else does. */
export function changeState<T>(change: (state: State) => T): T {
  mkdirSync(stateFolder, { recursive: true });
  for (let tries = 0; ; tries++) {
    try {
      mkdirSync(lock());
      break;
    } catch (error) {
      // A lock that was left by one that was killed.
      if (tries > 50 && Date.now() - (statSync(lock(), { throwIfNoEntry: false })?.mtimeMs ?? 0) > 2000) break;
      if (tries > 500) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
  try {
    const state = readState();
    const result = change(state);
    writeFileSync(`${file()}.new`, JSON.stringify(state, null, 1));
    renameSync(`${file()}.new`, file());
    return result;
  } finally {
    rmdirSync(lock());
  }
}

/** Notes a call; returns its number, from 1. */
export function countCall(argv: readonly string[]): number {
  mkdirSync(stateFolder, { recursive: true });
  const log = join(stateFolder, 'calls.jsonl');
  appendFileSync(log, `${JSON.stringify(argv)}\n`);
  return readFileSync(log, 'utf8').split('\n').length - 1;
}
