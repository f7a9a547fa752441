import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { SourceError } from '../errors.js';
import { type ByteSource, checkRange, unfilled } from '../formats/bytes.js';

/** A disk that can be changed where it lies. */
export interface DiskTarget {
  /** The guest's sectors, as they are now. */
  readonly source: ByteSource;
  /** Writes all of `bytes` at a byte offset of the disk; durable only after `flush`. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Everything written so far is on the host's disk when this resolves. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** A raw image: the sectors are the file's bytes. Node's own errors where it cannot be opened for writing. */
export async function openRawTarget(path: string, options: { readonly readOnly: boolean }): Promise<DiskTarget> {
  const handle = await open(path, options.readOnly ? 'r' : 'r+');
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new SourceError(`${path}: expected a disk image, found something else than a file.`);
    return rawTarget(handle, stat.size, path);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function rawTarget(handle: FileHandle, size: number, path: string): DiskTarget {
  const source: ByteSource = {
    name: basename(path),
    size,
    hostPath: path,
    async read(offset, length) {
      checkRange(source, offset, length);
      const bytes = unfilled(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw new SourceError(`${path}: the file became shorter while it was read.`);
        done += bytesRead;
      }
      return bytes;
    },
  };
  return {
    source,
    async write(offset, bytes) {
      checkRange(source, offset, bytes.length);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
    },
    flush: () => handle.sync(),
    close: () => handle.close(),
  };
}
