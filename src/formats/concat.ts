import { type ByteSource, checkRange, copyInto, piecesOf, unfilled } from './bytes.js';

/** Several stretches one after another, as one source (the extents of a fork). */
export function concat(
  parts: readonly { source: ByteSource; offset: number; length: number }[],
  name: string,
): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const part of parts) {
    checkRange(part.source, part.offset, part.length);
    starts.push(size);
    size += part.length;
  }
  /** The stretches that make up [offset, offset + length). */
  function* spans(offset: number, length: number) {
    const end = offset + length;
    // Binary search for the part that holds `offset`: forks of a fragmented disk can have thousands of extents.
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    for (let at = offset, i = low; at < end; i++) {
      const part = parts[i]!;
      const skip = at - starts[i]!;
      const take = Math.min(part.length - skip, end - at);
      if (take > 0) yield { source: part.source, offset: part.offset + skip, length: take };
      at += take;
    }
  }
  const source: ByteSource = {
    name,
    size,
    async read(offset, length) {
      checkRange(source, offset, length);
      const found = [...spans(offset, length)];
      if (found.length === 1) return found[0]!.source.read(found[0]!.offset, length);
      const bytes = unfilled(length);
      let done = 0;
      for (const span of found) {
        copyInto(bytes, await span.source.read(span.offset, span.length), done);
        done += span.length;
      }
      return bytes;
    },
    *pieces(offset, length) {
      checkRange(source, offset, length);
      for (const span of spans(offset, length)) yield* piecesOf(span.source, span.offset, span.length);
    },
  };
  if (!parts.every((part) => part.source.pieces)) delete (source as { pieces?: unknown }).pieces;
  return source;
}
