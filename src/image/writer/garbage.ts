import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/**
 * Collects garbage now. Decoded runs and records of trees are megabytes outside V8's heap, but to V8 they are small objects that
 * may wait for tens of megabytes more. Undefined where V8 does not offer it: then it costs memory, nothing else.
 */
export const collect = runInNewContext('globalThis.gc') as (() => void) | undefined;
