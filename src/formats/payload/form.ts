import { FormatError } from '../../errors.js';
import { type ByteSource, chunks } from '../bytes.js';
import type { Threads } from '../codecs/bzip2/ahead.js';
import { openPbzx, type PbzxOptions } from '../pbzx/index.js';
import type { Payload } from './coded.js';
import { bzip2Payload, gzipPayload } from './one-way.js';
import { cpioPayload, pbzxPayload } from './seekable.js';

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
  if (head.startsWith('pbz')) return pbzxPayload(await openPbzx(source, options));
  if (head === '070707' || head === '070701') return cpioPayload(source);
  if (head.startsWith('\x1f\x8b')) return gzipPayload(name, stream);
  if (head.startsWith('BZh')) return bzip2Payload(source, stream, { threads: threadsFor(options) });
  throw new FormatError({
    file: name,
    structure: 'payload',
    offset: 0,
    expected: 'pbzx, gzip, bzip2 or cpio',
    found: JSON.stringify(head),
  });
}

/** Blocks are small: as many for each chunk that would be decoded that no thread waits for the one before. */
const BLOCKS_PER_CHUNK = 2;

function threadsFor({ decodeChunk, lookAhead = 0 }: PbzxOptions): Threads | undefined {
  return decodeChunk && { decode: decodeChunk, blocks: BLOCKS_PER_CHUNK * (lookAhead + 1) };
}
