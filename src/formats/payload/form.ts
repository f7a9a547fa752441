import { FormatError } from '../../errors.js';
import { type ByteSource, chunks, slice } from '../bytes.js';
import { bunzip2 } from '../codecs/bzip2.js';
import { type Feed, SeekFeed, StreamFeed } from '../cpio/index.js';
import { openPbzx, type PbzxOptions } from '../pbzx.js';
import { unzipped } from '../unzipped.js';
import { Replay } from './replay.js';

/** Most plain bytes of a gzip or bzip2 payload: what ends a decompression bomb. */
export const MAX_PAYLOAD = 64 * 1024 ** 3;
/** What is read at once of an uncompressed payload, bytes. */
const PART = 1 << 20;

/** A payload as the cpio stream it stands for. */
export interface Payload {
  readonly name: string;
  readonly form: 'pbzx' | 'gzip' | 'bzip2' | 'cpio';
  /** Whether data can be had later without decoding all that is before it. */
  readonly seekable: boolean;
  /** A new pass over the stream. */
  feed(): Feed;
  /** A file's data in the stream, readable at any time until close(). */
  file(offset: number, size: number, name: string): ByteSource;
  close(): Promise<void>;
}

/**
 * Tells by its first bytes how a payload is stored. `stream` gives its stored bytes front to back (and verifies them on the way,
 * where it can).
 */
export async function openPayload(
  source: ByteSource,
  stream: () => AsyncIterable<Uint8Array> = () => chunks(source),
  options: PbzxOptions = {},
): Promise<Payload> {
  const { name } = source;
  const head = Buffer.from(await source.read(0, Math.min(6, source.size))).toString('latin1');
  if (head.startsWith('pbz')) {
    const plain = await openPbzx(source, options);
    return { ...seekable(plain, 'pbzx', (offset) => plain.readOn(offset)), close: async () => plain.forget() };
  }
  if (head === '070707' || head === '070701') {
    return seekable(source, 'cpio', (offset) => source.read(offset, Math.min(PART, source.size - offset)));
  }
  if (head.startsWith('\x1f\x8b')) {
    return oneWay(name, 'gzip', () => unzipped('gzip', stream(), { file: name, at: 0 }));
  }
  if (head.startsWith('BZh')) return oneWay(name, 'bzip2', () => bunzip2(stream(), name));
  throw new FormatError({
    file: name,
    structure: 'payload',
    offset: 0,
    expected: 'pbzx, gzip, bzip2 or cpio',
    found: JSON.stringify(head),
  });
}

function seekable(plain: ByteSource, form: Payload['form'], readOn: (offset: number) => Promise<Uint8Array>): Payload {
  return {
    name: plain.name,
    form,
    seekable: true,
    feed: () => new SeekFeed({ size: plain.size, readOn }),
    file: (offset, size, name) => slice(plain, offset, size, name),
    close: async () => {},
  };
}

function oneWay(name: string, form: Payload['form'], open: () => AsyncIterable<Uint8Array>): Payload {
  const bounded = async function* () {
    let size = 0;
    for await (const bytes of open()) {
      size += bytes.length;
      if (size > MAX_PAYLOAD) {
        const expected = `at most ${MAX_PAYLOAD} plain bytes`;
        throw new FormatError({ file: name, structure: `${form} payload`, offset: 0, expected, found: 'more' });
      }
      yield bytes;
    }
  };
  const replay = new Replay(name, bounded);
  return {
    name,
    form,
    seekable: false,
    feed: () => new StreamFeed(bounded()),
    file: (offset, size, fileName) => replay.file(offset, size, fileName),
    close: () => replay.close(),
  };
}
