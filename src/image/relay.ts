import { type ByteSource, piecesOf } from '../formats/bytes.js';
import { isFar, type Piece } from '../formats/pieces.js';

/** A source that can be had from somewhere nearer later on: whoever reads it does not notice. */
export class Relay implements ByteSource {
  readonly name: string;
  readonly size: number;
  #source: ByteSource;

  private constructor(source: ByteSource) {
    this.name = source.name;
    this.size = source.size;
    this.#source = source;
  }

  /** The source itself where it is no further away than this computer. */
  static over(source: ByteSource): ByteSource {
    return isFarAway(source) ? new Relay(source) : source;
  }

  /** From now on its bytes are those of `nearer`. */
  turn(nearer: ByteSource): void {
    this.#source = nearer;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#source.read(offset, length);
  }

  pieces(offset: number, length: number): Iterable<Piece> {
    return piecesOf(this.#source, offset, length);
  }
}

function isFarAway(source: ByteSource): boolean {
  return source.pieces !== undefined && source.size > 0 && [...source.pieces(0, 1)].some(isFar);
}
