import { FormatError } from '../errors.js';
import type { Piece } from './pieces.js';

/** Random access to a fixed number of bytes. */
export interface ByteSource {
  /** What errors call it: "InstallESD.dmg", "InstallESD.dmg: BaseSystem.dmg". */
  readonly name: string;
  /** Bytes; a safe integer. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`; a FormatError when that is not inside [0, size). The result must not be changed, and is
   * no Buffer, whose `slice` would be no copy.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same stretch as data, in order, lengths adding up to `length`. Absent: the source can only be read. */
  pieces?(offset: number, length: number): Iterable<Piece>;
  /** Set where the source is a plain file of the host. */
  readonly hostPath?: string;
  /**
   * Whoever copies the source streams it once, front to back, and shows every stretch to `observe` on the way: checksums at no
   * second read. It throws when it does not like what it sees; `length` bytes that are not materialised (holes) come as zeros.
   */
  observe?(bytes: Uint8Array): void;
}

/** Throws unless [offset, offset + length) lies inside the source. */
export function checkRange(source: ByteSource, offset: number, length: number): void {
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    offset + length > source.size
  ) {
    throw new FormatError({
      file: source.name,
      structure: 'read',
      offset,
      expected: `${length} bytes inside the ${source.size} bytes there are`,
      found: `a range that ends at ${offset + length}`,
    });
  }
}

/** The same bytes without what node's Buffer adds: its `slice` is a view, so that who changes his copy changes the original. */
export function asBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

/** A view over just these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Memory to be filled at once: whatever was in it before is still there. */
export function unfilled(length: number): Uint8Array<ArrayBuffer> {
  return asBytes(Buffer.allocUnsafeSlow(length));
}

/**
 * `target.set(bytes, at)` for megabytes, also where one of them is memory that threads share: V8 copies such byte by byte if the two are
 * not aligned alike, node's `fill` always as the processor does best, which is ten times as fast. The two must not overlap.
 */
export function copyInto(target: Uint8Array, bytes: Uint8Array, at: number): void {
  if (bytes.length === 0) return;
  if (at + bytes.length > target.length)
    throw new RangeError(`${bytes.length} bytes do not fit at ${at} of ${target.length}`);
  Buffer.from(target.buffer, target.byteOffset, target.byteLength).fill(bytes, at, at + bytes.length);
}

/** A source over bytes in memory. */
export function fromBytes(given: Uint8Array, name: string): ByteSource {
  const bytes = asBytes(given);
  const source: ByteSource = {
    name,
    size: bytes.length,
    async read(offset, length) {
      checkRange(source, offset, length);
      return bytes.subarray(offset, offset + length);
    },
    *pieces(offset, length) {
      checkRange(source, offset, length);
      if (length > 0) yield { kind: 'bytes', bytes: bytes.subarray(offset, offset + length), length };
    },
  };
  return source;
}

/** Whether a source's bytes are in memory already. */
export function isInMemory(source: ByteSource): boolean {
  if (!source.pieces) return false;
  const [first, ...more] = source.pieces(0, source.size);
  return more.length === 0 && (first === undefined || first.kind === 'bytes');
}

/** A source of `size` zero bytes. */
export function zeros(size: number, name = 'zeros'): ByteSource {
  const source: ByteSource = {
    name,
    size,
    async read(offset, length) {
      checkRange(source, offset, length);
      return new Uint8Array(length);
    },
    *pieces(offset, length) {
      checkRange(source, offset, length);
      if (length > 0) yield { kind: 'zero', length };
    },
  };
  return source;
}

/** The same source, with somebody who watches its bytes go by; see ByteSource.observe. */
export function observed(source: ByteSource, observe: (bytes: Uint8Array) => void): ByteSource {
  return {
    name: source.name,
    size: source.size,
    read: (offset, length) => source.read(offset, length),
    ...(source.pieces && { pieces: (offset: number, length: number) => piecesOf(source, offset, length) }),
    ...(source.hostPath !== undefined && { hostPath: source.hostPath }),
    observe,
  };
}

/** The part [offset, offset + size) of a source, as a source of its own. What is wrong in it is told by its place in the whole. */
export function slice(whole: ByteSource, offset: number, size: number, name = whole.name): ByteSource {
  checkRange(whole, offset, size);
  const source: ByteSource = {
    name,
    size,
    async read(at, length) {
      checkRange(source, at, length);
      return whole.read(offset + at, length);
    },
    pieces(at, length) {
      checkRange(source, at, length);
      return piecesOf(whole, offset + at, length);
    },
  };
  if (!whole.pieces) delete (source as { pieces?: unknown }).pieces;
  return source;
}

/** The pieces of a source that has them. */
export function piecesOf(source: ByteSource, offset: number, length: number): Iterable<Piece> {
  if (!source.pieces) throw new Error(`${source.name} cannot be given as pieces`);
  return source.pieces(offset, length);
}

/** Reads a source front to back in chunks of at most `chunk` bytes, the next one while the last is being used. */
export async function* chunks(
  source: ByteSource,
  chunk = 1 << 20,
  offset = 0,
  end = source.size,
): AsyncGenerator<Uint8Array> {
  const start = (at: number) => {
    const read = source.read(at, Math.min(chunk, end - at));
    // Its failure is met when its turn comes; a reader that stops before never meets it.
    read.catch(() => undefined);
    return read;
  };
  let next = offset < end ? start(offset) : undefined;
  for (let at = offset; next; ) {
    const bytes = await next;
    at += chunk;
    next = at < end ? start(at) : undefined;
    yield bytes;
  }
}
