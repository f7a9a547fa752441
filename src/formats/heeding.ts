import type { ByteSource } from './bytes.js';

/** The same bytes until the signal aborts; then what it aborts with, from whoever reads them. */
export function heeding(source: ByteSource, signal: AbortSignal): ByteSource {
  return {
    name: source.name,
    size: source.size,
    async read(offset, length) {
      signal.throwIfAborted();
      return source.read(offset, length);
    },
  };
}
