import { Interrupted, SourceError } from '../errors.js';
import { VOLUME_HEADER_OFFSET, VOLUME_HEADER_SIZE } from '../formats/hfsplus/header.js';
import type { InPlacePlan } from '../formats/hfsplus/write/index.js';
import type { DiskTarget } from './target.js';

/** Bytes of one write. */
const CHUNK = 1 << 20;

export interface CommitOptions {
  /** Where the volume begins on the disk, bytes. */
  readonly volumeOffset: number;
  /** Stops the writing before the headers; after that the change is finished first. */
  readonly signal: AbortSignal;
  /** The volume header the plan was made from, 512 bytes. */
  readonly headerBefore: Uint8Array;
  readonly report?: (done: number, total: number) => void;
  /** Bytes of one write; for tests. */
  readonly chunk?: number;
}

/**
 * Writes a planned change into a disk: new data and trees into free blocks, then the alternate header, then the primary one, each on
 * the host's disk before the next. Ended anywhere, it leaves the volume as it was or as it is to be; between the two headers
 * systems see the old one, and Apple's fsck, which goes by the alternate header, makes it the new one [measured, fsck_hfs 540.1].
 * SourceError when somebody else has changed the volume since it was read.
 */
export async function commitInPlace(plan: InPlacePlan, target: DiskTarget, options: CommitOptions): Promise<void> {
  const { volumeOffset, signal, headerBefore, report, chunk = CHUNK } = options;
  const headerAt = volumeOffset + VOLUME_HEADER_OFFSET;
  const unchanged = async () => {
    if (Buffer.from(headerBefore).equals(await target.source.read(headerAt, VOLUME_HEADER_SIZE))) return;
    throw new SourceError(`${target.source.name}: somebody else has changed the volume meanwhile.`, {
      hint: 'Shut the guest down and try again.',
    });
  };
  await unchanged();
  const total = plan.extents.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  for (const { offset, length, source, from } of plan.extents) {
    for (let at = 0; at < length; at += chunk) {
      if (signal.aborted) throw new Interrupted();
      const size = Math.min(chunk, length - at);
      await target.write(volumeOffset + offset + at, await source.read(from + at, size));
      done += size;
      report?.(done, total);
    }
  }
  await target.flush();
  if (signal.aborted) throw new Interrupted();
  await unchanged();
  for (const { offset, bytes } of plan.headers) {
    await target.write(volumeOffset + offset, bytes);
    await target.flush();
  }
}
