import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { type ByteSource, checkRange } from '../formats/bytes.js';
import { openFile, readExactly } from '../host/open-file.js';

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

/** A raw image: the sectors are the file's bytes. SourceError where it cannot be opened so. */
export async function openRawTarget(path: string, options: { readonly readOnly: boolean }): Promise<DiskTarget> {
  const { handle, size } = await openFile(path, { write: !options.readOnly });
  return rawTarget(handle, size, path);
}

function rawTarget(handle: FileHandle, size: number, path: string): DiskTarget {
  const source: ByteSource = {
    name: basename(path),
    size,
    hostPath: path,
    async read(offset, length) {
      checkRange(source, offset, length);
      return readExactly(handle, { path }, offset, length);
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
