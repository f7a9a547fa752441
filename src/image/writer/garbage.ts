import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel } from 'node:worker_threads';

setFlagsFromString('--expose-gc');

/**
 * Collects garbage now. Decoded runs and records of trees are megabytes outside V8's heap, but to V8 they are small objects that
 * may wait for tens of megabytes more. Undefined where V8 does not offer it: then it costs memory, nothing else.
 */
export const collect = runInNewContext('globalThis.gc') as (() => void) | undefined;

const { port1: away, port2: nobody } = new MessageChannel();
nobody.close();

/**
 * Gives memory back now that nobody uses any more: all of the buffer that `bytes` lie in, which is detached. A message nobody
 * receives takes it along; left to the collector, run after run would wait for it.
 */
export function release(bytes: Uint8Array): void {
  away.postMessage(undefined, [bytes.buffer as ArrayBuffer]);
}
