import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReader, RandomAccessReader, type ZipFile } from 'yauzl';
import { SourceError, UserError } from '../errors.js';
import { type ByteSource, chunks } from '../formats/bytes.js';
import { type Bundle, LARGEST_MEMBER, type Member, MOST_MEMBERS, notAFile, tooMuch } from './bundle.js';

/** Hint for whatever is no release's archive. */
const DOWNLOAD_AGAIN = 'Download OpenCore-X.Y.Z-RELEASE.zip again from github.com/acidanthera/OpenCorePkg/releases.';

/** The four bytes that a zip with anything in it starts with. */
export const ZIP_MAGIC = 0x504b_0304;
const FILE_TYPE = 0o170000;
const LINK = 0o120000;

/**
 * The files of a zip. Names that lead out of it, absolute ones, and sizes that lie are refused (by yauzl), checksums are compared, and
 * nothing is decompressed that is not read. SourceError for everything that is wrong with it.
 */
export async function openZip(file: ByteSource, close: () => Promise<void>): Promise<Bundle> {
  const members: Member[] = [];
  try {
    const zip = await opened(file);
    if (zip.entryCount > MOST_MEMBERS) throw tooMuch(file.name, 'files', MOST_MEMBERS);
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      members.push(zipMember(zip, entry, file.name));
    }
  } catch (error) {
    await close();
    throw explained(error, file.name);
  }
  return { name: file.name, members, close };
}

function zipMember(zip: ZipFile, entry: Entry, archive: string): Member {
  const { fileName: path, uncompressedSize: size } = entry;
  const isLink = ((entry.externalFileAttributes >>> 16) & FILE_TYPE) === LINK;
  const name = `${archive}: ${path}`;
  return {
    path,
    size,
    ...(isLink && { instead: 'a link' }),
    async read() {
      if (isLink) throw notAFile(name, 'a link');
      if (entry.isEncrypted()) throw new SourceError(`${name} is encrypted.`, { hint: DOWNLOAD_AGAIN });
      if (size > LARGEST_MEMBER) throw tooMuch(name, 'bytes', LARGEST_MEMBER);
      const bytes = await contentOf(zip, entry).catch((error: unknown) => {
        throw explained(error, name);
      });
      if (crc32(bytes) === entry.crc32) return bytes;
      throw new SourceError(`${name} is damaged: its checksum is another.`, { hint: DOWNLOAD_AGAIN });
    },
  };
}

/** As many bytes as are stated: yauzl ends the stream with an error where there are more or fewer. */
async function contentOf(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function opened(file: ByteSource): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    // It stays open for what is read later; who opened the source closes it.
    const options = { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true };
    fromRandomAccessReader(new SourceReader(file), file.size, options, (error, zip) => {
      if (error) reject(error);
      else resolve(zip);
    });
  });
}

/** A source as yauzl wants to read it. */
class SourceReader extends RandomAccessReader {
  constructor(readonly source: ByteSource) {
    super();
  }

  /** Directories are read entry by entry: a stream for each would take longer than all else. */
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.source.read(position, length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        callback(null);
      },
      (error: Error) => callback(error),
    );
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(chunks(this.source, undefined, start, end), { objectMode: false });
  }
}

function explained(error: unknown, name: string): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const leads = /^(?:absolute path|invalid relative path|invalid characters in fileName): (.*)$/.exec(error.message);
  if (leads) {
    return new SourceError(`${name}: expected names of files in it, found ${JSON.stringify(leads[1])}.`, {
      hint: `Nobody made that archive in good faith. ${DOWNLOAD_AGAIN}`,
      cause: error,
    });
  }
  return new SourceError(`${name}: not a zip that can be read: ${error.message.replace(/\.$/, '')}.`, {
    hint: DOWNLOAD_AGAIN,
    cause: error,
  });
}
