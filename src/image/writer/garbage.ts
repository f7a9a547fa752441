import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

const gc = runInNewContext('globalThis.gc') as (() => void) | undefined;

/** A source of so many bytes leaves little that would have to be collected. */
const LITTLE = 16 << 20;

/**
 * Collects garbage now, after work on a source of `bytes`. Decoded runs and records of trees are megabytes outside V8's heap, but to
 * V8 they are small objects that may wait for tens of megabytes more. Where V8 does not offer it, it costs memory, nothing else.
 */
export function collect(bytes: number): void {
  if (bytes > LITTLE) gc?.();
}
