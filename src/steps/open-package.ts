import type { Step } from '../core/step.js';
import { type ByteSource, piecesOf } from '../formats/bytes.js';
import { openPackage as open } from '../formats/payload.js';
import type { Tree } from '../image/types.js';
import { fileAt } from './places.js';

/** Chunks of 16 MiB that are decoded ahead of the one being read: enough to keep a few cores busy, and some 100 MB at most. */
const LOOK_AHEAD = 3;

/** Opens the payload of a flat package as a tree to copy from; nothing is unpacked. Somlo names "third party software" for it. */
export function openPackage(place: string, options: { as: string }): Step {
  const { as } = options;
  return {
    verb: 'open-package',
    title: `Open ${place}`,
    args: [place, `as ${as}`],
    async run(job) {
      const { tool } = job;
      const { source, position } = followed(await fileAt(job, place), job.signal);
      const payload = await open(source, {
        // Apple's payloads list a folder's tree without gaps, so nothing behind it need be decoded. What this may get wrong, a
        // kernel that is not there, is an error two steps on.
        contiguous: true,
        ...(tool.make && { decodeChunk: (chunk) => tool.make!([chunk], chunk.length), lookAhead: LOOK_AHEAD }),
      });
      const tree: Tree = {
        name: payload.name,
        walk: (from) => payload.walk(from),
        progress: () => ({ done: position(), total: source.size }),
        close: () => payload.close(),
      };
      job.names.bind(as, { tree, undo: job.scope.defer(`close ${as}`, () => tree.close()) });
    },
  };
}

/**
 * The same source, and how far into it has been read: a payload is gone through front to back, for minutes, so that this is also
 * where an interrupt is noticed.
 */
function followed(source: ByteSource, signal: AbortSignal): { source: ByteSource; position: () => number } {
  let furthest = 0;
  const reached = (end: number) => {
    signal.throwIfAborted();
    furthest = Math.max(furthest, end);
  };
  const watched: ByteSource = {
    name: source.name,
    size: source.size,
    async read(offset, length) {
      reached(offset + length);
      return source.read(offset, length);
    },
  };
  if (source.pieces) {
    watched.pieces = (offset, length) => {
      reached(offset + length);
      return piecesOf(source, offset, length);
    };
  }
  return { source: watched, position: () => furthest };
}
