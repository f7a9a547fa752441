import type { ByteSource } from '../../bytes.js';

/** What blocks and the end of a stream begin with, 48 bits each, at any bit: the decimals of pi, and of its square root. */
export const BLOCK_MAGIC = 0x314159265359;
export const END_MAGIC = 0x177245385090;
/** What is looked through at once, bytes. */
const WINDOW = 256 << 10;
export const MARK_BITS = 48;

export interface Mark {
  /** Of its first bit, from the start of the source. */
  readonly bit: number;
  readonly kind: 'block' | 'end';
}

/** A mark whose first bit is bit `shift` (0 the most significant) of a byte: the whole bytes inside it, and what its edges must be. */
interface Pattern {
  readonly kind: Mark['kind'];
  readonly shift: number;
  readonly inner: Buffer;
  readonly head: number;
  readonly tail: number;
}

const PATTERNS: readonly Pattern[] = [['block', BLOCK_MAGIC] as const, ['end', END_MAGIC] as const].flatMap(
  ([kind, magic]) =>
    Array.from({ length: 8 }, (_, shift): Pattern => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(BigInt(magic) << BigInt(16 - shift));
      return { kind, shift, inner: bytes.subarray(1, 6), head: bytes[0]!, tail: bytes[6]! };
    }),
);

/** The first mark of the kinds wanted whose first bit lies in [from, end). */
export async function findMark(
  source: ByteSource,
  from: number,
  end: number,
  kinds: readonly Mark['kind'][],
): Promise<Mark | undefined> {
  const stop = Math.min(end, source.size * 8 - MARK_BITS + 1);
  // Windows share 7 bytes, so that each mark is whole in one of them.
  for (let at = Math.floor(from / 8); at * 8 < stop; at += WINDOW - 7) {
    const bytes = await source.read(at, Math.min(WINDOW, source.size - at));
    const found = firstIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), from - at * 8, kinds);
    if (found) return found.bit + at * 8 < stop ? { ...found, bit: found.bit + at * 8 } : undefined;
  }
  return undefined;
}

function firstIn(bytes: Buffer, least: number, kinds: readonly Mark['kind'][]): Mark | undefined {
  let best: Mark | undefined;
  for (const { kind, shift, inner, head, tail } of PATTERNS) {
    if (!kinds.includes(kind)) continue;
    const low = 0xff >> shift;
    for (let at = bytes.indexOf(inner, 1); at > 0; at = bytes.indexOf(inner, at + 1)) {
      const bit = (at - 1) * 8 + shift;
      if (best && bit >= best.bit) break;
      const after = at + 5 < bytes.length ? bytes[at + 5]! : -1;
      const fits = (bytes[at - 1]! & low) === head && (shift === 0 || (after >= 0 && (after & ~low) === tail));
      if (bit < least || !fits) continue;
      best = { bit, kind };
      break;
    }
  }
  return best;
}
