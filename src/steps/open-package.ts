import type { Job, Step } from '../core/step.js';
import { SourceError } from '../errors.js';
import { type ByteSource, fromBytes, isInMemory, piecesOf } from '../formats/bytes.js';
import { openPackage as open } from '../formats/payload.js';
import { readWhole } from '../formats/whole.js';
import type { Entry } from '../image/types.js';
import { type Candidate, FirstThatHas, type PackageSource } from './first-that-has.js';
import { lastOf, NOTHING_THERE, onVolume } from './places.js';

/** Chunks that are decoded ahead: each costs its 16 MiB, and as much again for its stored bytes. */
const MOST_AHEAD = 2;

/** Bytes of copied files kept in memory, one and together. A kernel has some 10 MB. */
const KEPT_FILE = 32 << 20;
const KEPT = 64 << 20;

/**
 * Opens the payload of a flat package as a tree to copy from; nothing is unpacked. Of several places, in the order in which they
 * are trusted, the first counts that has `wants`, a file of what is going to be copied: sources differ in which package has the
 * kernel. Somlo names "third party software" for it.
 */
export function openPackage(places: string | readonly string[], options: { as: string; wants?: string }): Step {
  const { as, wants } = options;
  const all = typeof places === 'string' ? [places] : places;
  return {
    verb: 'open-package',
    title: `Open ${all[0]}`,
    says:
      wants === undefined
        ? `Open ${all.map(lastOf).join(' or ')} to copy from it; nothing is unpacked.`
        : `Look into ${all.map(lastOf).join(', then ')} for ${wants}: the first that has it is copied from, and nothing is unpacked.`,
    args: [all.join(' or '), `as ${as}`, ...(wants === undefined ? [] : [`for ${wants}`])],
    async run(job) {
      const packages: Candidate[] = [];
      for (const place of all) {
        const { volume, path } = onVolume(job, place);
        const file = await volume.file(path);
        if (file) packages.push({ place, open: () => openOne(job, file) });
      }
      const [first] = packages;
      if (!first) {
        throw new SourceError(`${all.join(' or ')}: expected a file, found nothing.`, {
          hint: NOTHING_THERE,
        });
      }
      if (wants === undefined) {
        const tree = await first.open();
        job.names.bind(as, { tree, undo: job.scope.defer(`close ${as}`, () => tree.close()) });
        return;
      }
      const tree = new FirstThatHas(as, wants, packages);
      const undo = job.scope.defer(`close ${as}`, () => tree.close());
      // What is wrong with the package should come up here, not in the middle of a copy.
      await tree.openFirst();
      job.names.bind(as, { tree, undo });
    },
  };
}

async function openOne(job: Job, file: ByteSource): Promise<PackageSource> {
  const { tool } = job;
  const { source, position } = followed(file, job.signal);
  // Where chunks are jumped over, how far into the file it is tells nothing: what was decoded does.
  let decoded = 0;
  const payload = await open(source, {
    note: (text) => job.note(text),
    ...(tool.make && {
      decodeChunk: async (chunk, room) => {
        const plain = await tool.make!([chunk], chunk.length, room);
        decoded += plain.length;
        return plain;
      },
      // While one chunk is waited for, others keep the other threads busy.
      lookAhead: Math.min(MOST_AHEAD, (tool.threads ?? 1) - 1),
    }),
  });
  return {
    name: payload.name,
    walk: (from) => keptInMemory(payload.walk(from)),
    progress: () => (decoded > 0 ? { done: decoded } : { done: position(), total: source.size }),
    proof: () => (payload.compared ? 'each file compared with its checksum in the Bom' : 'read in part, not proved'),
    close: () => payload.close(),
  };
}

/**
 * The same entries with small files read on the spot, where their chunk has just been decoded. Read later, from other threads, each
 * megabyte of a kernel would cost its 16 MiB chunk once more.
 */
async function* keptInMemory(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  let kept = 0;
  for await (const entry of entries) {
    const { data } = entry;
    if (!data || entry.again || data.size > KEPT_FILE || kept + data.size > KEPT || isInMemory(data)) {
      yield entry;
      continue;
    }
    kept += data.size;
    yield {
      ...entry,
      data: fromBytes(
        Uint8Array.from(await readWhole(data, { what: 'small file of a package', most: KEPT_FILE })),
        data.name,
      ),
    };
  }
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
