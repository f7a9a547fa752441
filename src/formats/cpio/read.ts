import { isUtf8 } from 'node:buffer';
import { FormatError } from '../../errors.js';
import { asBytes } from '../bytes.js';
import { type Feed, StreamFeed } from './feed.js';
import { type CpioHeader, formatOf, HEADER_SIZE, padding, parseHeader } from './header.js';
import { Paths } from './paths.js';

/** Longest name we read, bytes with its NUL. */
export const MAX_NAME = 4096;
/** The longest tail after the trailer we let pass, bytes. Archives are filled up to some block size. */
export const MAX_TAIL = 1 << 20;

const TRAILER = 'TRAILER!!!';
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;

/** One entry of a cpio archive. */
export interface CpioEntry extends CpioHeader {
  /** Names from the root down, POSIX (a `:` stays one); [] is the root, "./" is gone. */
  readonly path: readonly string[];
  /** The same joined by "/": "" is the root. */
  readonly key: string;
  /** The name as written, for errors. */
  readonly name: string;
  /** Where the header is in the cpio stream, bytes. */
  readonly headerOffset: number;
  /** Where the data is in the cpio stream, bytes. */
  readonly dataOffset: number;
  /** The data, front to back; only until the next entry is asked for. What is not read is skipped. */
  data(): AsyncGenerator<Uint8Array>;
  /** All of the data, where somebody has read them already. */
  readonly bytes?: Uint8Array;
}

/** All of an entry's data; whoever asks has looked at its size. */
export async function bytesOf(entry: CpioEntry): Promise<Uint8Array> {
  if (entry.bytes) return entry.bytes;
  const parts: Uint8Array[] = [];
  for await (const bytes of entry.data()) parts.push(bytes);
  return asBytes(Buffer.concat(parts));
}

/**
 * The entries of a cpio archive (odc or newc), in order, with one pass over it. `name` is what errors call it. FormatError
 * where the archive is damaged, ends early, or names lead out of it or come twice.
 */
export async function* readCpio(input: AsyncIterable<Uint8Array> | Feed, name: string): AsyncGenerator<CpioEntry> {
  const feed: Feed = 'position' in input ? input : new StreamFeed(input);
  const paths = new Paths();
  const fault = (structure: string, offset: number, expected: string, found: string) =>
    new FormatError({ file: name, structure, offset, expected, found });
  const early = (expected: string, found: string) =>
    fault('cpio payload', feed.position, expected, `${found}: the payload ends early`);

  try {
    for (;;) {
      const headerOffset = feed.position;
      let bytes = await feed.take(HEADER_SIZE.odc);
      if (bytes.length < 6) throw early(`an entry or ${TRAILER}`, 'the end');
      const magic = Buffer.from(bytes.subarray(0, 6)).toString('latin1');
      const format = formatOf(magic);
      const structure = `cpio entry ${paths.count}`;
      if (!format) throw fault(structure, headerOffset, '"070707" or "070701"', JSON.stringify(magic));
      if (format === 'newc') bytes = Buffer.concat([bytes, await feed.take(HEADER_SIZE.newc - HEADER_SIZE.odc)]);
      if (bytes.length < HEADER_SIZE[format]) throw early('a whole header', `${bytes.length} bytes`);
      const header = parseHeader(format, bytes);
      if ('bad' in header)
        throw fault(structure, headerOffset + header.at, header.expected, JSON.stringify(header.bad));
      if (header.nameSize < 2 || header.nameSize > MAX_NAME) {
        throw fault(structure, headerOffset, `a name of 2 to ${MAX_NAME} bytes`, `${header.nameSize}`);
      }
      const raw = await feed.take(header.nameSize);
      if (raw.length < header.nameSize) throw early('a whole name', `${raw.length} of ${header.nameSize} bytes`);
      const nameOffset = headerOffset + HEADER_SIZE[format];
      const entryName = decodeName(raw);
      if (entryName === undefined)
        throw fault(structure, nameOffset, 'a name in UTF-8 that ends with NUL', 'other bytes');
      const gap = padding(format, HEADER_SIZE[format] + header.nameSize);
      if (gap > 0) await feed.skip(gap);
      if (entryName === TRAILER) {
        const tail = await feed.skip(MAX_TAIL + 1);
        if (tail > MAX_TAIL) throw fault('cpio trailer', headerOffset, `at most ${MAX_TAIL} bytes after it`, 'more');
        return;
      }
      const path = splitName(entryName);
      if (!path) throw fault(structure, nameOffset, 'a path inside the archive', JSON.stringify(entryName));
      const key = path.join('/');
      const refused = paths.add(path, key, (header.mode & S_IFMT) === S_IFDIR);
      if (refused) throw fault(structure, nameOffset, refused.expected, refused.found);

      const dataOffset = feed.position;
      const end = dataOffset + header.size;
      const data = async function* () {
        while (feed.position < end) {
          const bytes = await feed.some(end - feed.position);
          if (bytes.length === 0) throw early(`${header.size} bytes of ${entryName}`, `${feed.position - dataOffset}`);
          yield bytes;
        }
      };
      yield entryOf(header, path, key, entryName, headerOffset, dataOffset, data);
      const left = end - feed.position;
      if ((await feed.skip(left)) < left)
        throw early(`${header.size} bytes of ${entryName}`, `${feed.position - dataOffset}`);
      const tail = padding(format, header.size);
      if (tail > 0) await feed.skip(tail);
    }
  } finally {
    await feed.close();
  }
}

/** Field by field: a spread of the header costs more than all the rest, and there are hundreds of thousands. */
function entryOf(
  { format, dev, ino, mode, uid, gid, nlink, rdev, mtime, nameSize, size }: CpioHeader,
  path: readonly string[],
  key: string,
  name: string,
  headerOffset: number,
  dataOffset: number,
  data: () => AsyncGenerator<Uint8Array>,
): CpioEntry {
  return {
    format,
    dev,
    ino,
    mode,
    uid,
    gid,
    nlink,
    rdev,
    mtime,
    nameSize,
    size,
    path,
    key,
    name,
    headerOffset,
    dataOffset,
    data,
  };
}

/** A name without its NUL; undefined where it has none, has another inside, or is no UTF-8. */
export function decodeName(raw: Uint8Array): string | undefined {
  if (raw.indexOf(0) !== raw.length - 1) return undefined;
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.length - 1);
  return isUtf8(text) ? text.toString('utf8') : undefined;
}

/** "." and "./a/b" as paths; undefined where a name is absolute or has empty or dot components. */
export function splitName(name: string): string[] | undefined {
  if (name === '.') return [];
  const path = (name.startsWith('./') ? name.slice(2) : name).split('/');
  return path.some((part) => part === '' || part === '.' || part === '..') ? undefined : path;
}
