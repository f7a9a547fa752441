import type { EncodedPiece } from '../../pieces.js';
import { BitReader, OutOfInput } from './bits.js';
import { BadBlock } from './block.js';
import { type Block, StreamReader } from './stream.js';

// A block on its way to another thread and back. What threads make has a length known beforehand, which a block's plain bytes have not:
// they come with a head that says how many they are.

/** u32 each, little-endian: plain bytes (0: none were made), bits of the input used, CRC of the plain bytes. */
const HEAD = 12;
/** Most plain bytes of a block that come from another thread. Blocks of level 9 have some 900,000; with long runs up to 46 million. */
const MOST_PLAIN = 2 << 20;
const LENGTH = HEAD + MOST_PLAIN;

/** A block at bit `bit` (0 to 7) of `stored`, in a stream of `level` (1 to 9), to be made by `decode` wherever that runs. */
export function blockPiece(
  stored: Uint8Array,
  bit: number,
  level: number,
  where: { file: string; at: number },
): EncodedPiece {
  const first = Uint8Array.of((level << 4) | bit);
  const input = [first, stored].map((bytes) => ({ kind: 'bytes', bytes, length: bytes.length }) as const);
  return { kind: 'encoded', codec: 'bzip2-block', input, plainLength: LENGTH, skip: 0, length: LENGTH, ...where };
}

/** The decoder's tables (6.3 MB) serve all blocks of a thread. */
let shared: StreamReader | undefined;

/**
 * Makes the bytes of a blockPiece. Of a block that is damaged, cut short, none at all or too long for it nothing is made: whoever needs it
 * decodes it in its place in the stream, and says what is wrong.
 */
export function decodeApart(input: Uint8Array, length: number, out: Uint8Array = new Uint8Array(length)): Uint8Array {
  shared ??= new StreamReader();
  const head = new DataView(out.buffer, out.byteOffset, HEAD);
  head.setUint32(0, 0, true);
  const bits = new BitReader(input, 1, input.length);
  try {
    shared.resume(input[0]! >> 4);
    bits.bits(input[0]! & 7);
    if (!shared.next(bits)) return out;
    const { block } = shared;
    const end = block.write(out, HEAD, length);
    if (!block.done) return out;
    shared.finish(block);
    head.setUint32(0, end - HEAD, true);
    head.setUint32(4, bits.position - 8 - (input[0]! & 7), true);
    head.setUint32(8, block.storedCrc, true);
  } catch (error) {
    if (!(error instanceof BadBlock || error instanceof OutOfInput)) throw error;
  }
  return out;
}

/** A block that was made elsewhere. */
export class MadeBlock implements Block {
  readonly storedCrc: number;
  readonly crc: number;
  /** Bits of the stream, its mark included, from the bit of the piece on. */
  readonly bits: number;
  #rest: Uint8Array;

  private constructor(made: Uint8Array, length: number) {
    const head = new DataView(made.buffer, made.byteOffset, HEAD);
    this.bits = head.getUint32(4, true);
    this.storedCrc = head.getUint32(8, true);
    this.crc = ~this.storedCrc;
    this.#rest = made.subarray(HEAD, HEAD + length);
  }

  /** Undefined where nothing could be made. `bit`: as in the piece. */
  static from(made: Uint8Array): MadeBlock | undefined {
    const length = new DataView(made.buffer, made.byteOffset, HEAD).getUint32(0, true);
    return length === 0 ? undefined : new MadeBlock(made, length);
  }

  get done(): boolean {
    return this.#rest.length === 0;
  }

  write(out: Uint8Array, at: number, end: number): number {
    const part = this.#rest.subarray(0, end - at);
    out.set(part, at);
    this.#rest = this.#rest.subarray(part.length);
    return at + part.length;
  }
}
