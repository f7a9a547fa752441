import { type ByteSource, piecesOf } from '../formats/bytes.js';
import type { Piece } from '../formats/pieces.js';

/** Whether two sources are one: as long, and their ends the same bytes of the same file. False where nobody says where bytes are from. */
export function isSame(a: ByteSource, b: ByteSource): boolean {
  if (a.size !== b.size || a.size === 0 || !a.pieces || !b.pieces) return false;
  return [0, a.size - 1].every((at) => {
    const origin = originOf(a, at);
    return origin !== undefined && origin === originOf(b, at);
  });
}

function originOf(source: ByteSource, at: number): string | undefined {
  return together([...piecesOf(source, at, 1)]);
}

/** Where all of these pieces come from. */
function together(pieces: readonly Piece[]): string | undefined {
  const origins = pieces.map(origin);
  return origins.includes(undefined) ? undefined : origins.join();
}

function origin(piece: Piece): string | undefined {
  switch (piece.kind) {
    case 'host':
      return `${piece.opening}:${piece.offset}+${piece.length}`;
    case 'far':
      return `${piece.origin}+${piece.length}`;
    case 'encoded': {
      const input = together(piece.input);
      return input === undefined ? undefined : `${piece.codec}(${input})[${piece.skip}]`;
    }
    default:
      return undefined;
  }
}
