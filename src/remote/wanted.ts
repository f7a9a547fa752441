import { stat } from 'node:fs/promises';
import { UsageError } from '../errors.js';
import { chunks } from '../formats/bytes.js';
import { type Chunklist, ChunkVerifier } from '../formats/chunklist.js';
import { openHostFile } from '../host/host-file.js';
import { quoteFile } from '../host/quote.js';

/** A file that is to be had. */
export interface Wanted {
  /** Absolute path it gets when it is whole. */
  readonly path: string;
  /** The same file in several places, the best first. */
  readonly urls: readonly URL[];
  /** Bytes it must have; undefined: what the server says. */
  readonly size?: number;
  /** What proves its bytes, chunk by chunk. */
  readonly chunklist?: Chunklist;
}

/** Whether the file is there already, as it must be. UsageError where something else has its name. */
export async function isThere({ path, size, chunklist }: Wanted, signal: AbortSignal): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!found) return false;
  const other = (why: string) =>
    new UsageError(
      `${path} exists already, and is not the file that is to be had: ${why}.`,
      `If it is of no use: rm ${quoteFile(path)}`,
    );
  if (!found.isFile()) throw other('it is no file');
  if (size !== undefined && found.size !== size) throw other(`it has ${found.size} bytes instead of ${size}`);
  if (!chunklist) return size !== undefined;
  const file = await openHostFile(path);
  try {
    const verifier = new ChunkVerifier(chunklist, path);
    for await (const bytes of chunks(file)) {
      signal.throwIfAborted();
      verifier.update(bytes);
    }
    verifier.finish();
    return true;
  } finally {
    await file.close();
  }
}
