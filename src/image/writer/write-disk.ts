import { type FileHandle, open } from 'node:fs/promises';
import { Digests } from './digests.js';
import type { DiskPlan } from './disk-plan.js';
import { type StretchOptions, writeStretches } from './write-stretches.js';

/** What is known of a disk once it is written. */
export interface WrittenDisk {
  readonly size: number;
  /** Hex. Taken on the way, of every byte including the holes. */
  readonly sha256: string;
  /** Bytes handed to the file system; the holes are not among them. */
  readonly bytesWritten: number;
}

export interface WriteOptions extends StretchOptions {
  /** Who hashes the disk, and what is shown to others. */
  readonly digests?: Digests;
  /** Called when the file is there, as long as the disk, before anything is written. */
  onOpen?(file: FileHandle): Promise<void>;
}

/**
 * Writes a planned disk to a new file, once, front to back: threads make the bytes, one hashes them in order, and this one has them
 * written meanwhile. The volume headers go last, after everything else is on disk, so that a crash leaves no valid volume. Throws node's
 * own errors (ENOSPC, EEXIST …) and what the sources throw; the half-written file is the caller's to remove.
 */
export async function writeDisk(path: string, plan: DiskPlan, options: WriteOptions): Promise<WrittenDisk> {
  const file = await open(path, 'wx');
  const { digests = new Digests(options.pool), onBytes } = options;
  const hash = digests.begin('sha256');
  try {
    await file.truncate(plan.size);
    await options.onOpen?.(file);
    const inStretches = await writeStretches(file, plan, {
      ...options,
      digests,
      onBytes: (bytes) => {
        onBytes?.(bytes);
        hash.update(bytes);
      },
      direct: true,
    });
    await file.datasync();
    for (const { offset, bytes } of plan.headers) {
      await file.write(bytes, 0, bytes.length, offset);
      await file.datasync();
    }
    await file.sync();
    const bytesWritten = plan.headers.reduce((sum, { bytes }) => sum + bytes.length, inStretches);
    return { size: plan.size, sha256: await hash.hex(), bytesWritten };
  } finally {
    await file.close();
  }
}
