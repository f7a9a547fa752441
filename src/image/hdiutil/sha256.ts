import { createHash } from 'node:crypto';
import { type ByteSource, chunks } from '../../formats/bytes.js';
import type { Work } from '../types.js';

/** The SHA-256 (hex) of a file that somebody else has written, with progress. */
export async function sha256Of(file: ByteSource, work: Work): Promise<string> {
  const hash = createHash('sha256');
  let done = 0;
  for await (const part of chunks(file)) {
    work.signal.throwIfAborted();
    hash.update(part);
    done += part.length;
    work.report({ done, total: file.size });
  }
  return hash.digest('hex');
}
