/** Bytes that are read ahead at most. Four connections at 1 Gbit/s and 50 ms have 6 MB under way, which is this. */
export const MOST_AHEAD = 6 << 20;
/** How far from where a reader stopped a read may begin to be its next one, bytes: stored runs of a disk image lie close together. */
const NEAR = 256 << 10;
/** Bytes a reader has to have read in order before anything is read ahead. */
const LEAST_RUN = 128 << 10;
/** Readers at once: the data, and what is looked up in between. */
const READERS = 4;

interface Reader {
  /** Where it stopped. */
  end: number;
  /** Bytes it has read in order. */
  run: number;
}

/**
 * Guesses from reads what will be read next. Half as far ahead as was read in order, so that what a reader that jumps away leaves
 * unused is little of what it took.
 */
export class ReadAhead {
  /** The one that read last stands last. */
  readonly #readers: Reader[] = [];

  /** Takes note of a read of [offset, offset + length); returns how many bytes behind it are worth having, 0 for none. */
  note(offset: number, length: number): number {
    const end = offset + length;
    const index = this.#readers.findIndex((reader) => Math.abs(offset - reader.end) <= NEAR);
    const reader = index < 0 ? { end, run: 0 } : this.#readers.splice(index, 1)[0]!;
    if (index >= 0) {
      reader.run += Math.max(0, end - reader.end);
      reader.end = Math.max(reader.end, end);
    }
    this.#readers.push(reader);
    if (this.#readers.length > READERS) this.#readers.shift();
    return reader.run < LEAST_RUN ? 0 : Math.max(0, Math.min(MOST_AHEAD, reader.run / 2) - (reader.end - end));
  }
}
