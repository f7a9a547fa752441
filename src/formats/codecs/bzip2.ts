import { BlocksAhead, type Threads } from './bzip2/ahead.js';
import { BitReader } from './bzip2/bits.js';
import { BadBlock } from './bzip2/block.js';
import { asFormatError, MAX_ENCODED_BLOCK, StreamReader } from './bzip2/stream.js';
import { InputWindow, WINDOW } from './bzip2/window.js';
import { broken, type Where, wrongLength } from './fault.js';

// Own code: the npm packages are either not synchronous, cannot stream, or read one stream and stop.

const RUN = 'bzip2 run';
/** Largest piece bunzip2() gives, bytes. */
const PIECE = 1 << 20;
/** Most zeros behind the last stream, bytes: files are filled up to some block size, as gzip's readers know. */
const MAX_ZEROS = 1 << 20;

/** The decoder's tables (4.5 MB) serve all runs of a thread. */
let shared: StreamReader | undefined;

/**
 * Decodes a bzip2 run (UDIF type 0x80000006) to exactly `plainLength` bytes, all CRCs verified; several streams may follow one
 * another, other bytes after a stream are ignored. FormatError otherwise.
 */
export function decodeBzip2(input: Uint8Array, plainLength: number, where: Where): Uint8Array {
  const out = new Uint8Array(plainLength);
  const bits = new BitReader(input, 0, input.length);
  shared ??= new StreamReader();
  let at = 0;
  try {
    for (let streams = 0; streams === 0 || bits.position / 8 + 4 <= input.length; streams++) {
      if (!shared.header(bits)) {
        if (streams > 0) break;
        throw broken(where, RUN, 'a bzip2 stream ("BZh")', 'something else');
      }
      while (shared.next(bits)) {
        at = shared.block.write(out, at, plainLength);
        if (!shared.block.done) throw wrongLength(where, RUN, plainLength, 'more');
        shared.finish(shared.block);
      }
    }
  } catch (error) {
    throw asFormatError(error, where, RUN);
  }
  if (at !== plainLength) throw wrongLength(where, RUN, plainLength, `${at}`);
  return out;
}

/** Where in a bzip2 file to begin: byte `at`, and a block of it at bit `bit` of that byte. */
export interface Start {
  readonly at: number;
  readonly bit: number;
}

/**
 * Decodes bzip2 of any length, block by block, for payloads of gigabytes: one or more streams, all CRCs verified, about 10 MB of
 * memory. Yields pieces of at most 1 MiB. FormatError (offsets in the encoded bytes) when the input is damaged or goes on with
 * something else after a stream; zeros that fill it up may stand behind the last. `start`: the input begins there; then the CRC of the
 * stream it is in cannot be verified. With `threads` blocks are decoded there, some at the same time, each with 2 MiB and its stored
 * bytes; what comes out is the same.
 */
export async function* bunzip2(
  input: AsyncIterable<Uint8Array>,
  name: string,
  { start, threads }: { readonly start?: Start; readonly threads?: Threads | undefined } = {},
): AsyncGenerator<Uint8Array> {
  const reader = new StreamReader();
  const window = new InputWindow(input, { usedBits: start?.bit ?? 0, size: threads ? 2 * WINDOW : WINDOW });
  const ahead = threads && new BlocksAhead(window, name, threads);
  let piece = new Uint8Array(PIECE);
  let at = 0;
  /** Where what is being read begins, and how many blocks are before it. */
  let place = 0;
  let blocks = 0;
  try {
    for (let streams = 0; streams === 0 || (await window.fill(1)) > 0; streams++) {
      place = window.offset;
      if (streams > 0 && (await window.skipZeros(MAX_ZEROS)) > 0) {
        if ((await window.fill(1)) === 0) break;
        throw new BadBlock(`nothing behind a stream but up to ${MAX_ZEROS} zeros`, 'more');
      }
      if (start && streams === 0) reader.resume();
      else {
        await window.fill(4);
        window.read((bits) => {
          if (!reader.header(bits)) throw new BadBlock('a bzip2 stream ("BZh")', 'something else');
        });
      }
      for (;;) {
        await window.fill(ahead ? WINDOW : MAX_ENCODED_BLOCK);
        place = window.offset;
        const made = await ahead?.next(reader.level);
        if (!made && !window.read((bits) => reader.next(bits))) break;
        const block = made ?? reader.block;
        while (!block.done) {
          const from = at;
          at = block.write(piece, at, PIECE);
          // All of each block before the next is decoded, which may not be wanted.
          if (block.done) reader.finish(block);
          yield piece.subarray(from, at);
          if (at < PIECE) continue;
          piece = new Uint8Array(PIECE);
          at = 0;
        }
        blocks++;
      }
    }
  } catch (error) {
    // Begun in the middle: the blocks before it are not counted.
    const block = start ? 'bzip2 block' : `bzip2 block ${blocks}`;
    const where = { file: name, at: (start?.at ?? 0) + place };
    throw asFormatError(error, where, reader.inBlock ? block : 'bzip2 stream');
  } finally {
    await ahead?.close();
    await window.close();
  }
}
