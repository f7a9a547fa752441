import type { DiskExtent } from './disk-plan.js';
import { REQUESTS_PER_THREAD } from './pool.js';
import { STRETCH, type Stretch, stretches } from './stretches.js';
import type { WriteOptions } from './write-disk.js';

const ZEROS = new Uint8Array(STRETCH);

/**
 * Writes some extents of a disk to their places in the open file, in order, and shows each source its bytes as they go by (see
 * ByteSource.observe). Holes stay holes. Throws what the sources throw; nobody writes any more by then.
 */
export async function writeStretches(
  fd: number,
  extents: readonly DiskExtent[],
  { pool, signal, onChecksums }: Pick<WriteOptions, 'pool' | 'signal' | 'onChecksums'>,
): Promise<void> {
  const flights: { stretch: Stretch; slot?: SharedArrayBuffer; ready: Promise<unknown> }[] = [];
  const free = Array.from({ length: pool.size * REQUESTS_PER_THREAD }, () => new SharedArrayBuffer(STRETCH));
  const land = async () => {
    signal.throwIfAborted();
    const { stretch, slot, ready } = flights[0]!;
    await ready;
    flights.shift();
    if (slot) free.push(slot);
    if (stretch.kind === 'later') return;
    if (slot) stretch.observe?.(new Uint8Array(slot, 0, stretch.length));
    else for (let left = stretch.length; left > 0; left -= STRETCH) stretch.observe?.(ZEROS.subarray(0, left));
  };
  const size = Math.max(...extents.map(({ offset, length }) => offset + length));
  try {
    for await (const stretch of stretches({ size, extents, headers: [] })) {
      if (stretch.kind !== 'data') {
        flights.push({ stretch, ready: Promise.resolve() });
        continue;
      }
      while (free.length === 0) await land();
      const slot = free.pop()!;
      const { pieces, length, offset } = stretch;
      const ready = pool.request({ pieces, length, slot, file: { fd, offset } }).then((sums) => {
        if (sums.length > 0) onChecksums?.(sums);
      });
      // Its failure is met when its turn comes; until then it is nobody's.
      ready.catch(() => undefined);
      flights.push({ stretch, slot, ready });
    }
    while (flights.length > 0) await land();
  } catch (error) {
    await Promise.allSettled(flights.map((flight) => flight.ready));
    throw error;
  }
}
