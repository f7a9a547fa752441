import { setImmediate } from 'node:timers/promises';
import type { ByteSource } from './bytes.js';

/** Reads between two turns for everybody else: one that asks no disk gives nobody the chance to abort. */
const READS = 256;

/** The same bytes until the signal aborts; then what it aborts with, from whoever reads them. */
export function heeding(source: ByteSource, signal: AbortSignal): ByteSource {
  let reads = 0;
  return {
    name: source.name,
    size: source.size,
    async read(offset, length) {
      if (++reads % READS === 0) await setImmediate();
      signal.throwIfAborted();
      return source.read(offset, length);
    },
  };
}
