import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { FormatError } from '../errors.js';
import { type ByteSource, checkRange, unfilled } from './bytes.js';

/** A source over an open file of the host; `close` it when done. */
export interface HostFile extends ByteSource {
  readonly hostPath: string;
  close(): Promise<void>;
}

let openings = 0;

/** Opens a host file for reading. Errors are node's own (ENOENT, EACCES, EISDIR …). */
export async function openHostFile(path: string, name = basename(path)): Promise<HostFile> {
  const handle: FileHandle = await open(path, 'r');
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw Object.assign(new Error(`${path} is not a regular file`), { code: 'EISDIR' });
    const opening = openings++;
    const source: HostFile = {
      name,
      size: stat.size,
      hostPath: path,
      async read(offset, length) {
        checkRange(source, offset, length);
        const bytes = unfilled(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) {
            throw new FormatError({
              file: name,
              structure: 'file',
              offset: offset + done,
              expected: `${stat.size} bytes, as when it was opened`,
              found: 'end of file (did it shrink meanwhile?)',
            });
          }
          done += bytesRead;
        }
        return bytes;
      },
      *pieces(offset, length) {
        checkRange(source, offset, length);
        if (length > 0) yield { kind: 'host', fd: handle.fd, opening, offset, length, file: name };
      },
      close: () => handle.close(),
    };
    return source;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
