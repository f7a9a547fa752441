import { FormatError } from '../errors.js';
import { type ByteSource, checkRange, unfilled } from './bytes.js';

/** What is wanted of an open file. node's FileHandle has it; formats open no files themselves. */
export interface ReadableHandle {
  /** Reads at most `length` bytes from `position` of the file into `buffer` at `offset`; 0 at the end of the file. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
}

/** An open file as a source; `name` is what errors call it. The handle stays its opener's to close, after everything read through it. */
export async function fromHandle(handle: ReadableHandle, name: string): Promise<ByteSource> {
  const { size } = await handle.stat();
  const source: ByteSource = {
    name,
    size,
    async read(offset, length) {
      checkRange(source, offset, length);
      return readFully(handle, name, offset, length);
    },
  };
  return source;
}

/** Bytes: node cannot be asked for 2 GiB at once. */
const MOST_AT_ONCE = 1 << 30;

/** Exactly `length` bytes from `offset`. FormatError where the file has become shorter; the handle's own errors as they are. */
export async function readFully(
  handle: Pick<ReadableHandle, 'read'>,
  name: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = unfilled(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, MOST_AT_ONCE), offset + done);
    if (bytesRead === 0) {
      throw new FormatError({
        file: name,
        structure: 'file',
        offset: offset + done,
        expected: `${length - done} bytes more, as when it was opened`,
        found: 'end of file (did it shrink meanwhile?)',
      });
    }
    done += bytesRead;
  }
  return bytes;
}
