import { type CpioFormat, type CpioHeader, encodeHeader, padding } from './header.js';

/** One entry to write. Left out numbers are 0, `nlink` 1. */
export interface CpioInput extends Partial<Omit<CpioHeader, 'format' | 'nameSize' | 'size'>> {
  /** As it is to stand there: "./System". */
  readonly name: string;
  readonly mode: number;
  /** Bytes of the data; default 0. */
  readonly size?: number;
  readonly data?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** As many inodes as odc's 18 bits tell apart. */
const INODES = 1 << 18;

/** The bytes of a cpio archive with its trailer, front to back. Inodes are counted, and come round, where none are given. */
export async function* writeCpio(
  entries: Iterable<CpioInput> | AsyncIterable<CpioInput>,
  format: CpioFormat = 'odc',
): AsyncGenerator<Uint8Array> {
  let count = 0;
  const head = (entry: CpioInput): Uint8Array => {
    const name = Buffer.from(`${entry.name}\0`);
    const header = encodeHeader({
      format,
      dev: entry.dev ?? 0,
      ino: entry.ino ?? count % INODES,
      mode: entry.mode,
      uid: entry.uid ?? 0,
      gid: entry.gid ?? 0,
      nlink: entry.nlink ?? 1,
      rdev: entry.rdev ?? { major: 0, minor: 0 },
      mtime: entry.mtime ?? 0,
      nameSize: name.length,
      size: entry.size ?? 0,
    });
    return Buffer.concat([header, name, Buffer.alloc(padding(format, header.length + name.length))]);
  };
  for await (const entry of entries) {
    yield head(entry);
    let size = 0;
    for await (const bytes of entry.data ?? []) {
      size += bytes.length;
      yield bytes;
    }
    if (size !== (entry.size ?? 0)) throw new Error(`${entry.name}: ${entry.size ?? 0} bytes promised, ${size} given`);
    if (padding(format, size) > 0) yield Buffer.alloc(padding(format, size));
    count++;
  }
  yield head({ name: 'TRAILER!!!', mode: 0 });
}
