import { SourceError } from '../errors.js';
import { FILE_KIND_HEAD, fileKind } from '../formats/file-kind.js';
import { openGiven } from '../host/open-given.js';
import { quoteFile } from '../host/quote.js';

/** Bytes: what is smaller holds no volume. */
const LEAST = 2048;

/**
 * Any file can be taken for a raw disk: SourceError for one that is known to be none, a web page or an archive, or is too small. `label`
 * stands for the path in the message.
 */
export async function expectSectors(path: string, label: string): Promise<void> {
  const file = await openGiven(path);
  try {
    const kind = fileKind(await file.read(0, Math.min(FILE_KIND_HEAD, file.size)));
    const small = file.size < LEAST ? `a file of ${file.size} bytes` : undefined;
    const found = kind && kind.kind !== 'disc' ? kind.what : small;
    if (found === undefined) return;
    const hint = kind?.unpack === undefined ? undefined : `Unpack it: ${kind.unpack} ${quoteFile(path)}`;
    throw new SourceError(`${label}: expected a disk image, found ${found}.`, { hint });
  } finally {
    await file.close();
  }
}
