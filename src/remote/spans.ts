/** Bytes kept of what was fetched: what is under way, what is read ahead, what was read last. */
export const MOST_KEPT = 24 << 20;
/** Reads of less are rounded to this: what lies around a small structure is read next. Bytes. */
export const BLOCK = 64 << 10;
/** Bytes of one request at most: what a failure costs, and what a reader at the end of it waits for. */
export const MOST_SPAN = 2 << 20;

/** A stretch of a file that was fetched, or is under way. */
export interface Span {
  readonly offset: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

/** Fetches [offset, end). */
type Load = (offset: number, end: number, urgent: boolean) => Promise<Uint8Array>;

/** The stretches of a file that are at hand. None overlaps another; those used last stay longest. */
export class Spans {
  /** In the order of their last use. */
  readonly #spans = new Set<Span>();
  #held = 0;

  constructor(
    readonly size: number,
    readonly load: Load,
    readonly most = MOST_KEPT,
  ) {}

  /** The spans that hold [offset, offset + length), in order; what is missing is asked for. */
  cover(offset: number, length: number): Span[] {
    const end = offset + length;
    const found: Span[] = [];
    for (let at = offset; at < end; at = found.at(-1)!.end) {
      const span = this.#find(at) ?? this.#start(at, Math.max(end, at + 1), true);
      this.#spans.delete(span);
      this.#spans.add(span);
      found.push(span);
    }
    this.#evict(new Set(found));
    return found;
  }

  /** Asks for what is missing of [offset, offset + length), in parts of at most `part` bytes; a last one is not worth a request. */
  prefetch(offset: number, length: number, part: number): void {
    const end = Math.min(this.size, offset + length);
    const started = new Set<Span>();
    for (let at = offset; at < end; ) {
      const there = this.#find(at);
      if (there) {
        at = there.end;
        continue;
      }
      if (end - at < part && end < this.size) break;
      const span = this.#start(at, Math.min(at + part, end), false);
      started.add(span);
      at = span.end;
    }
    this.#evict(started);
  }

  #find(at: number): Span | undefined {
    for (const span of this.#spans) if (span.offset <= at && at < span.end) return span;
    return undefined;
  }

  /** A new span that begins at or before `at`, where there is room, and ends at `wanted` or before. */
  #start(at: number, wanted: number, urgent: boolean): Span {
    let offset = urgent ? at - (at % BLOCK) : at;
    let end = Math.min(this.size, offset + MOST_SPAN, urgent ? Math.ceil(wanted / BLOCK) * BLOCK : wanted);
    for (const other of this.#spans) {
      if (other.end <= at) offset = Math.max(offset, other.end);
      if (other.offset > at) end = Math.min(end, other.offset);
    }
    const span: Span = { offset, end, bytes: this.load(offset, end, urgent) };
    this.#spans.add(span);
    this.#held += end - offset;
    // What failed is not kept, so that a later read asks again; who waits for it hears of it from the promise itself.
    span.bytes.catch(() => this.#drop(span));
    return span;
  }

  #evict(except: ReadonlySet<Span>): void {
    for (const span of this.#spans) {
      if (this.#held <= this.most) return;
      if (!except.has(span)) this.#drop(span);
    }
  }

  #drop(span: Span): void {
    if (this.#spans.delete(span)) this.#held -= span.end - span.offset;
  }
}
