import { fromBytes } from '../../bytes.js';
import type { DecodePiece } from '../../pieces.js';
import { blockPiece, MadeBlock } from './apart.js';
import { findMark, MARK_BITS } from './marks.js';
import { MAX_ENCODED_BLOCK } from './stream.js';
import type { InputWindow } from './window.js';

/** Threads that decode blocks, and how many at the same time. */
export interface Threads {
  readonly decode: DecodePiece;
  readonly blocks: number;
}

/** A block that is being decoded. */
interface Task {
  readonly level: number;
  readonly made: Promise<Uint8Array | undefined>;
}

/**
 * Decodes the blocks that seem to follow in a window's input on other threads. A block seems to begin where its 48-bit mark is; one that
 * does not, or is not whole, costs time, nothing else: it is a block only when the stream has come to just there.
 */
export class BlocksAhead {
  readonly #window: InputWindow;
  readonly #name: string;
  readonly #threads: Threads;
  /** By the bit of the input they begin at, rising. */
  readonly #tasks = new Map<number, Task>();
  /** Marks found that no task has begun at yet; bits of the input, rising. */
  readonly #marks: number[] = [];
  /** Where the search for marks goes on. */
  #searched = 0;
  /** Memory of blocks that were given out. */
  readonly #room: Uint8Array[] = [];
  #given: Uint8Array | undefined;

  constructor(window: InputWindow, name: string, threads: Threads) {
    this.#window = window;
    this.#name = name;
    this.#threads = threads;
  }

  /**
   * The block at the window's position, in a stream of `level`, which has then gone by; good until the next call. Undefined where none was
   * made there: whoever reads on from there sees why.
   */
  async next(level: number): Promise<MadeBlock | undefined> {
    this.#reuse(this.#given);
    this.#given = undefined;
    const { position } = this.#window;
    await this.#begin(position, level);
    const task = this.#tasks.get(position);
    this.#tasks.delete(position);
    const made = await task?.made;
    if (!made) return undefined;
    this.#given = made;
    const block = task!.level === level ? MadeBlock.from(made) : undefined;
    if (block) this.#window.pass(block.bits);
    return block;
  }

  /** Resolves when no thread works for it any more. */
  async close(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(({ made }) => made));
  }

  /** Lets go of what lies behind the position, and begins with what lies before. */
  async #begin(position: number, level: number): Promise<void> {
    for (const [bit, { made }] of this.#tasks) {
      if (bit >= position) break;
      this.#tasks.delete(bit);
      this.#reuse(await made);
    }
    while (this.#marks.length > 0 && this.#marks[0]! < position) this.#marks.shift();
    this.#searched = Math.max(this.#searched, position);
    const bytes = this.#window.atHand;
    const first = this.#window.offset * 8;
    const input = fromBytes(bytes, this.#name);
    while (this.#tasks.size < this.#threads.blocks) {
      // One more, where the first of them ends.
      while (this.#marks.length < 2) {
        const mark = await findMark(input, this.#searched - first, bytes.length * 8, ['block']);
        // One may begin with the last bits at hand.
        this.#searched = mark
          ? mark.bit + first + 1
          : Math.max(this.#searched, first + bytes.length * 8 - MARK_BITS + 1);
        if (!mark) break;
        this.#marks.push(mark.bit + first);
      }
      const [bit, next] = this.#marks;
      if (bit === undefined) break;
      const from = Math.floor((bit - first) / 8);
      const to = next === undefined ? from + MAX_ENCODED_BLOCK : Math.ceil((next - first) / 8);
      // The rest of it comes later.
      if (to > bytes.length && !this.#window.isLast) break;
      this.#marks.shift();
      const where = { file: this.#name, at: this.#window.offset + from };
      const piece = blockPiece(bytes.slice(from, to), bit % 8, level, where);
      const made = this.#threads.decode(piece, this.#room.pop());
      // Whatever ends a thread comes up where its work is done instead.
      this.#tasks.set(bit, { level, made: made.catch(() => undefined) });
    }
  }

  #reuse(room: Uint8Array | undefined): void {
    if (room) this.#room.push(room);
  }
}
