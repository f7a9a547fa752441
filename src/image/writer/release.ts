import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';

const { port1: away, port2: nobody } = new MessageChannel();
nobody.close();
// Until it is closed it keeps what it is sent, and a busy thread takes a thousand messages before it closes anything.
await once(nobody, 'close');

/**
 * Gives memory back now that nobody uses any more: all of the buffer that `bytes` lie in, which is detached. A message nobody
 * receives takes it along; left to the collector, run after run would wait for it. What was given back before stays so.
 */
export function release(bytes: Uint8Array): void {
  if (bytes.buffer.byteLength === 0) return;
  away.postMessage(undefined, [bytes.buffer as ArrayBuffer]);
}
