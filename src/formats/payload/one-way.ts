import { FormatError } from '../../errors.js';
import { type ByteSource, chunks } from '../bytes.js';
import type { Threads } from '../codecs/bzip2/ahead.js';
import { Bzip2Blocks } from '../codecs/bzip2/blocks.js';
import { bunzip2 } from '../codecs/bzip2.js';
import { StreamFeed } from '../cpio/index.js';
import { unzipped } from '../unzipped.js';
import type { Payload } from './coded.js';
import { Replay } from './replay.js';

/** Most plain bytes of a gzip or bzip2 payload: what ends a decompression bomb. */
export const MAX_PAYLOAD = 64 * 1024 ** 3;
/** Most data kept in memory in a walk of a subtree, so that it need not be decoded again from the start; bytes. */
export const MAX_KEPT = 256 * 1024 * 1024;
/** Blocks have up to 900 000 bytes; stored they lie some 250 KB apart. In bits. */
const GRAIN = 8 * 200_000;
const READ = 256 << 10;

export function gzipPayload(name: string, stream: () => AsyncIterable<Uint8Array>): Payload {
  return oneWay(name, 'gzip', () => unzipped('gzip', stream(), { file: name, at: 0 }));
}

/** A bzip2 payload: its blocks can be decoded one by one, but where in the stream one lies only all before it tell. Places are bits. */
export function bzip2Payload(
  source: ByteSource,
  stream: () => AsyncIterable<Uint8Array>,
  {
    grain = GRAIN,
    block,
    threads,
  }: { readonly grain?: number; readonly block?: number; readonly threads?: Threads | undefined } = {},
): Payload {
  const { name } = source;
  const whole = oneWay(name, 'bzip2', () => bunzip2(stream(), name, { threads }));
  const blocks = new Bzip2Blocks(source, block);
  const parts: Payload[] = [];
  return {
    ...whole,
    entrances: {
      end: source.size * 8,
      grain,
      next: (place, end) => blocks.next(place, end),
      count: (bit, plain, limit) => blocks.count(bit, plain, limit),
      block: (bit) => blocks.decode(bit),
      from: (bit) => {
        if (bit === 0) return whole;
        const byte = Math.floor(bit / 8);
        const input = () => chunks(source, READ, byte);
        const part = oneWay(name, 'bzip2', () => bunzip2(input(), name, { start: { at: byte, bit: bit % 8 } }));
        parts.push(part);
        return part;
      },
    },
    close: async () => {
      for (const part of parts.splice(0)) await part.close();
      await whole.close();
    },
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
    keeps: MAX_KEPT,
    feed: () => new StreamFeed(bounded()),
    file: (offset, size, fileName) => replay.file(offset, size, fileName),
    close: () => replay.close(),
  };
}
