import { basename } from 'node:path';
import { type ByteSource, checkRange } from '../formats/bytes.js';
import { type OpenOptions, openFile, readExactly } from './open-file.js';

/** A source over an open file of the host; `close` it when done. */
export interface HostFile extends ByteSource {
  readonly hostPath: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  close(): Promise<void>;
}

export interface HostFileOptions extends OpenOptions {
  /** What errors call the source. Default: the file's name. */
  readonly name?: string;
  /** Whatever reads the source, at any depth, ends when this aborts. */
  readonly signal?: AbortSignal;
}

let openings = 0;

/** Opens a host file for reading. Errors as `openFile` has them; a FormatError where it becomes shorter while it is read. */
export async function openHostFile(path: string, options: HostFileOptions = {}): Promise<HostFile> {
  const { name = basename(path), signal } = options;
  const { handle, size, stat } = await openFile(path, options);
  const opening = openings++;
  const source: HostFile = {
    name,
    size,
    hostPath: path,
    modified: stat.mtimeMs,
    async read(offset, length) {
      signal?.throwIfAborted();
      checkRange(source, offset, length);
      return readExactly(handle, { path, name }, offset, length);
    },
    *pieces(offset, length) {
      checkRange(source, offset, length);
      if (length > 0) yield { kind: 'host', fd: handle.fd, opening, offset, length, file: name };
    },
    close: () => handle.close(),
  };
  return source;
}
