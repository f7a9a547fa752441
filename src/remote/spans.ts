import { Rooms } from './rooms.js';

/** Bytes kept of what was fetched: what is under way, what is read ahead, what was read last. */
export const MOST_KEPT = 8 << 20;
/** Reads of less are rounded to this: what lies around a small structure is read next. Bytes. */
export const BLOCK = 64 << 10;
/** Bytes of one request at most: what a failure costs, and what a reader at the end of it waits for. */
export const MOST_SPAN = 2 << 20;
/** Bytes of memory for them: what the writer of a disk has under way at most, and what is kept. */
const MEMORY = 24 << 20;

/** A stretch of a file that was fetched, or is under way: [offset, end). */
export interface Span {
  readonly offset: number;
  readonly end: number;
  /** Its bytes, once `ready`; longer than they are. Before that there may be none: who only waits for his turn takes no memory. */
  readonly room: Uint8Array;
  readonly ready: Promise<void>;
}

interface Held extends Span {
  room: Uint8Array;
  ready: Promise<void>;
  /** Readers, and the fetching itself. While there are any, the room is theirs. */
  users: number;
}

/** Fetches [offset, end) into `room()`, which is asked for when the bytes are about to come. */
type Load = (offset: number, end: number, room: () => Uint8Array, urgent: boolean) => Promise<void>;

const NO_ROOM = new Uint8Array();

/** The stretches of a file that are at hand. None overlaps another; those used last stay longest. */
export class Spans {
  /** In the order of their last use. */
  readonly #spans = new Set<Held>();
  readonly #rooms = new Rooms(MEMORY);
  #held = 0;

  constructor(
    readonly size: number,
    readonly load: Load,
    readonly most = MOST_KEPT,
  ) {}

  /**
   * The spans that hold [offset, offset + length), in order; what is missing is asked for: `exact`ly, or with what lies around it.
   * `release` them when done.
   */
  cover(offset: number, length: number, { exact = false } = {}): Span[] {
    const end = offset + length;
    const block = exact ? 1 : BLOCK;
    const found: Held[] = [];
    for (let at = offset; at < end; at = found.at(-1)!.end) {
      const span = this.#find(at) ?? this.#start(at - (at % block), at, Math.ceil(end / block) * block, true);
      this.#spans.delete(span);
      this.#spans.add(span);
      span.users++;
      found.push(span);
    }
    this.#evict();
    return found;
  }

  release(spans: readonly Span[]): void {
    for (const span of spans) this.#leave(span as Held);
  }

  /** Asks for what is missing of [offset, offset + length), in parts of at most `part` bytes; a last one is not worth a request. */
  prefetch(offset: number, length: number, part: number): void {
    const end = Math.min(this.size, offset + length);
    for (let at = offset; at < end; ) {
      const there = this.#find(at);
      if (there) {
        at = there.end;
        continue;
      }
      if (end - at < part && end < this.size) break;
      at = this.#start(at, at, Math.min(at + part, end), false).end;
    }
    this.#evict();
  }

  #find(at: number): Held | undefined {
    for (const span of this.#spans) if (span.offset <= at && at < span.end) return span;
    return undefined;
  }

  /** A new span that holds `at`: from `first`, or where there is room, to `wanted` or before. */
  #start(first: number, at: number, wanted: number, urgent: boolean): Held {
    let offset = first;
    let end = Math.min(this.size, offset + MOST_SPAN, wanted);
    for (const other of this.#spans) {
      if (other.end <= at) offset = Math.max(offset, other.end);
      if (other.offset > at) end = Math.min(end, other.offset);
    }
    const span: Held = { offset, end, room: NO_ROOM, ready: Promise.resolve(), users: 1 };
    const room = () => {
      span.room = this.#rooms.take(end - offset);
      this.#held += span.room.length;
      this.#evict();
      return span.room;
    };
    this.#spans.add(span);
    span.ready = this.load(offset, end, room, urgent);
    span.ready.then(
      () => this.#leave(span),
      // What failed is not kept, so that a later read asks again; who waits for it hears of it from the promise itself.
      () => {
        this.#drop(span);
        this.#leave(span);
      },
    );
    return span;
  }

  #leave(span: Held): void {
    if (--span.users === 0 && !this.#spans.has(span)) this.#giveBack(span);
  }

  /** What somebody uses is let go of last of all: never while it is used. */
  #evict(): void {
    for (const span of this.#spans) {
      if (this.#held <= this.most) return;
      if (span.users === 0) this.#drop(span);
    }
  }

  #drop(span: Held): void {
    if (!this.#spans.delete(span)) return;
    this.#held -= span.room.length;
    if (span.users === 0) this.#giveBack(span);
  }

  #giveBack({ room }: Held): void {
    if (room !== NO_ROOM) this.#rooms.giveBack(room);
  }
}
