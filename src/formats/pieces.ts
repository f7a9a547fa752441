/** How the bytes of a run are stored; names as in UDIF's run types. 'bzip2-block': see codecs/bzip2/apart.ts. */
export type Codec = 'adc' | 'zlib' | 'bzip2' | 'lzfse' | 'xz' | 'bzip2-block';

/**
 * A stretch of a source as data: what to read and how to decode it, so that another thread can produce the bytes without the
 * source object. `length` is always the number of plain bytes the piece stands for.
 */
export type Piece =
  | { readonly kind: 'zero'; readonly length: number }
  | {
      readonly kind: 'bytes';
      readonly bytes: Uint8Array;
      readonly length: number;
      /** Where they were brought from, unique in the process: what caches go by. */
      readonly origin?: string;
      readonly run?: RunTag;
      readonly part?: PartTag;
    }
  /** Bytes that have to be asked for first (of a server). A thread cannot: `brought` makes 'bytes' of them on the way to it. */
  | {
      readonly kind: 'far';
      readonly source: Far;
      readonly origin: string;
      readonly offset: number;
      readonly length: number;
      readonly file: string;
      readonly run?: RunTag;
      readonly part?: PartTag;
    }
  /** Bytes of an open host file: descriptors belong to the process, so every thread can read them. */
  | {
      readonly kind: 'host';
      readonly fd: number;
      /** Unique in the process, unlike `fd`, which is used again after a close: what caches go by. */
      readonly opening: number;
      readonly offset: number;
      readonly length: number;
      readonly file: string;
      readonly run?: RunTag;
      readonly part?: PartTag;
    }
  /** One whole encoded run: decode `input` to exactly `plainLength` bytes, take `length` of them from `skip`. */
  | {
      readonly kind: 'encoded';
      readonly codec: Codec;
      readonly input: readonly Piece[];
      readonly plainLength: number;
      readonly skip: number;
      readonly length: number;
      /** Name of the source and the run's place in it, for errors. */
      readonly file: string;
      readonly at: number;
      readonly run?: RunTag;
      readonly part?: PartTag;
    };

/** One encoded run, in the words in which a worker thread takes it. */
export type EncodedPiece = Extract<Piece, { kind: 'encoded' }>;

/**
 * Decodes one run somewhere: `skip` is 0 and `length` is `plainLength`. `room` is an earlier result that may be overwritten: the
 * memory of that is used again where it fits.
 */
export type DecodePiece = (piece: EncodedPiece, room?: Uint8Array) => Promise<Uint8Array>;

/** Gives bytes that are far away, where it is known beforehand that they are wanted, and how far. */
export interface Far {
  /** Asks for [offset, offset + length). Resolves when all of it is here. */
  hold(offset: number, length: number): Promise<Hold>;
}

/** Bytes that are here and stay so until they are released; a thread can use them where they are, if their memory is shared. */
export interface Hold {
  /** `length` bytes from `offset` of the source, inside what was asked for. Not to be changed, nor used after `release`. */
  bytes(offset: number, length: number): Uint8Array;
  release(): void;
}

/**
 * Says that a piece is a whole run of a checksummed image, so that whoever makes its bytes can report their CRC32 (of all
 * `plainLength` bytes of an encoded run, whatever part is used) and the image's checksums get checked without a second read.
 */
export interface RunTag {
  /** One number an open image. */
  readonly image: number;
  readonly index: number;
}

/**
 * Says that the bytes of a piece are a part of such a run that is stored as it is: of an image inside another the run lies across
 * several runs of the outer one. The CRC32 is that of the piece's `length` bytes.
 */
export interface PartTag extends RunTag {
  /** In the run, bytes. */
  readonly offset: number;
}

/** Pieces of which nothing is far away any more. */
export interface Brought {
  readonly pieces: readonly Piece[];
  /** When nobody uses them any more. */
  release(): void;
}

/** The same pieces with all that is far away brought here, asked for at once; what lies side by side there is asked for as one. */
export async function brought(pieces: readonly Piece[]): Promise<Brought> {
  if (!pieces.some(isFar)) return { pieces, release: () => {} };
  const groups: { source: Far; offset: number; end: number }[] = [];
  const groupOf = new Map<Piece, number>();
  for (const piece of leaves(pieces)) {
    if (piece.kind !== 'far') continue;
    const { source, offset, length } = piece;
    const last = groups.at(-1);
    if (last?.source === source && last.end === offset) last.end += length;
    else groups.push({ source, offset, end: offset + length });
    groupOf.set(piece, groups.length - 1);
  }
  const asked = await Promise.allSettled(groups.map(({ source, offset, end }) => source.hold(offset, end - offset)));
  const holds = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const release = () => {
    for (const hold of holds) hold.release();
  };
  const failed = asked.find((one) => one.status === 'rejected');
  if (failed) {
    release();
    throw failed.reason;
  }
  const near = (piece: Piece): Piece => {
    if (piece.kind === 'encoded') return { ...piece, input: piece.input.map(near) };
    const group = groupOf.get(piece);
    if (piece.kind !== 'far' || group === undefined) return piece;
    const { origin, offset, length, run, part } = piece;
    const bytes = holds[group]!.bytes(offset, length);
    return { kind: 'bytes', bytes, length, origin, ...(run && { run }), ...(part && { part }) };
  };
  return { pieces: pieces.map(near), release };
}

/** All pieces that are not made of others, in order. */
function* leaves(pieces: readonly Piece[]): Generator<Piece> {
  for (const piece of pieces) {
    if (piece.kind === 'encoded') yield* leaves(piece.input);
    else yield piece;
  }
}

/** Whether a piece, or what it is decoded from, has to be asked for first. */
export function isFar(piece: Piece): boolean {
  return piece.kind === 'far' || (piece.kind === 'encoded' && piece.input.some(isFar));
}
