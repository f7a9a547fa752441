import { createHash } from 'node:crypto';
import { type ByteSource, chunks } from '../formats/bytes.js';
import type { PlannedExtent } from '../formats/planned.js';

/** The SHA-256 (hex) of all of a disk as it is, and as it will be when `writes` are in it, from one reading. */
export async function foreseenDigests(
  disk: ByteSource,
  writes: readonly PlannedExtent[],
): Promise<{ readonly before: string; readonly after: string }> {
  const [before, after] = [createHash('sha256'), createHash('sha256')];
  let at = 0;
  for await (const bytes of chunks(disk)) {
    before.update(bytes);
    after.update(await written(bytes, at, writes));
    at += bytes.length;
  }
  return { before: before.digest('hex'), after: after.digest('hex') };
}

/** The bytes at an offset of the disk with what is written over them. */
async function written(bytes: Uint8Array, at: number, writes: readonly PlannedExtent[]): Promise<Uint8Array> {
  const here = writes.filter(({ offset, length }) => offset < at + bytes.length && offset + length > at);
  if (here.length === 0) return bytes;
  const copy = Uint8Array.from(bytes);
  for (const { offset, length, source, from } of here) {
    const start = Math.max(offset, at);
    const end = Math.min(offset + length, at + bytes.length);
    copy.set(await source.read(from + start - offset, end - start), start - at);
  }
  return copy;
}
