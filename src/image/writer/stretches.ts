import { type ByteSource, piecesOf } from '../../formats/bytes.js';
import type { PartTag, Piece, RunTag } from '../../formats/pieces.js';
import type { DiskExtent, DiskPlan } from './disk-plan.js';

/** Bytes of the output handled at once: small enough to keep many in flight, large enough for one run of a UDZO image. */
export const STRETCH = 2 << 20;

/** Holes shorter than this are written as zeros: a seek costs more than they do. */
const SMALLEST_HOLE = 64 << 10;

/** One stretch of the output, front to back; together they cover it exactly. */
export type Stretch =
  | { readonly kind: 'hole'; readonly offset: number; readonly length: number; readonly observe?: Observe | undefined }
  /** Known now, written last (a volume header). */
  | { readonly kind: 'later'; readonly offset: number; readonly length: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'data';
      readonly offset: number;
      readonly length: number;
      readonly pieces: readonly Piece[];
      readonly observe?: Observe | undefined;
      /** See DiskExtent. */
      readonly written?: boolean;
    };

type Observe = (bytes: Uint8Array) => void;

type Part = { offset: number; length: number; extent?: DiskExtent; header?: Uint8Array };

/** Cuts a disk plan into stretches of at most STRETCH bytes (holes may be longer), in order of their offsets. */
export async function* stretches(plan: DiskPlan): AsyncGenerator<Stretch> {
  const builder = new DataBuilder();
  let end = 0;
  for (const part of inOrder(plan)) {
    if (part.offset < end) throw new Error(`the disk plan overlaps itself at byte ${part.offset}`);
    if (part.offset > end) yield* builder.zeros(end, part.offset - end);
    if (part.header) {
      yield* builder.flush();
      yield { kind: 'later', offset: part.offset, length: part.length, bytes: part.header };
    } else {
      yield* builder.extent(part.extent!);
    }
    end = part.offset + part.length;
  }
  if (end > plan.size) throw new Error(`the disk plan ends at byte ${end}, behind the disk's ${plan.size} bytes`);
  if (end < plan.size) yield* builder.zeros(end, plan.size - end);
  yield* builder.flush();
}

function inOrder(plan: DiskPlan): Part[] {
  const parts: Part[] = plan.extents.map((extent) => ({ offset: extent.offset, length: extent.length, extent }));
  for (const { offset, bytes } of plan.headers) parts.push({ offset, length: bytes.length, header: bytes });
  return parts.sort((a, b) => a.offset - b.offset);
}

/** Gathers pieces that follow each other in the output until a stretch is full. */
class DataBuilder {
  #pieces: Piece[] = [];
  #offset = 0;
  #length = 0;
  #observe: Observe | undefined;
  #written = false;

  *zeros(offset: number, length: number, observe?: Observe): Generator<Stretch> {
    if (length < SMALLEST_HOLE && this.#length > 0) {
      yield* this.#add(offset, { kind: 'zero', length }, observe);
      return;
    }
    yield* this.flush();
    yield { kind: 'hole', offset, length, observe };
  }

  async *extent(extent: DiskExtent): AsyncGenerator<Stretch> {
    const { source, written = false } = extent;
    const observe = source.observe?.bind(source);
    if (written !== this.#written) yield* this.flush();
    this.#written = written;
    let offset = extent.offset;
    for await (const piece of allPieces(source, extent.from, extent.length)) {
      if (piece.kind === 'zero') yield* this.zeros(offset, piece.length, observe);
      else yield* this.#add(offset, piece, observe);
      offset += piece.length;
    }
  }

  *flush(): Generator<Stretch> {
    if (this.#length === 0) return;
    const [offset, length, pieces] = [this.#offset, this.#length, this.#pieces];
    yield { kind: 'data', offset, length, pieces, observe: this.#observe, written: this.#written };
    this.#pieces = [];
    this.#length = 0;
  }

  *#add(offset: number, piece: Piece, observe: Observe | undefined): Generator<Stretch> {
    if (this.#length > 0 && (this.#length + piece.length > STRETCH || observe !== this.#observe)) yield* this.flush();
    if (this.#length === 0) {
      this.#offset = offset;
      this.#observe = observe;
    }
    for (const part of cut(piece)) {
      if (this.#length + part.length > STRETCH) {
        const next = this.#offset + this.#length;
        yield* this.flush();
        this.#offset = next;
      }
      this.#pieces.push(part);
      this.#length += part.length;
    }
  }
}

/** The pieces of a stretch of a source; a source without pieces is read here. */
async function* allPieces(source: ByteSource, from: number, length: number): AsyncGenerator<Piece> {
  if (source.pieces) {
    yield* piecesOf(source, from, length);
    return;
  }
  for (let done = 0; done < length; done += STRETCH) {
    const bytes = await source.read(from + done, Math.min(STRETCH, length - done));
    yield { kind: 'bytes', bytes, length: bytes.length };
  }
}

/** A piece cut into parts of at most STRETCH bytes. Encoded runs are not cut up unless they are longer than that. */
function* cut(piece: Piece): Generator<Piece> {
  if (piece.length <= STRETCH) {
    yield piece;
    return;
  }
  for (let done = 0; done < piece.length; done += STRETCH) {
    const length = Math.min(STRETCH, piece.length - done);
    switch (piece.kind) {
      case 'zero':
        yield { kind: 'zero', length };
        break;
      case 'bytes':
        yield { kind: 'bytes', bytes: piece.bytes.subarray(done, done + length), length };
        break;
      case 'host': {
        const { fd, opening, offset, file } = piece;
        yield { kind: 'host', fd, opening, offset: offset + done, length, file, ...partTag(piece, done) };
        break;
      }
      case 'far': {
        const { source, offset, file } = piece;
        const origin = `${piece.origin}+${done}`;
        yield { kind: 'far', source, origin, offset: offset + done, length, file, ...partTag(piece, done) };
        break;
      }
      case 'encoded':
        yield {
          ...piece,
          skip: piece.skip + done,
          length,
          ...(piece.part && { part: { ...piece.part, offset: piece.part.offset + done } }),
        };
        break;
      default:
        piece satisfies never;
    }
  }
}

/** A part of a run's bytes is not the whole run any more. */
function partTag({ run, part }: { run?: RunTag; part?: PartTag }, done: number): { part?: PartTag } {
  const known = part ?? (run && { ...run, offset: 0 });
  return known ? { part: { ...known, offset: known.offset + done } } : {};
}
