import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { concat } from '../../src/formats/concat.js';

const BLANK = new Uint8Array(1 << 20);

/**
 * Turns a writer that goes front to back into a source with random access: the writer is given blanks in place of large
 * contents, and where the blanks come out the contents' own sources are put. So a package of gigabytes costs its headers.
 */
export class Assembly {
  private readonly parts: { source: ByteSource; offset: number; length: number }[] = [];
  private size = 0;

  /** Blanks as long as `source`, to be handed to the writer; the source stands where the writer has got to. */
  *blanks(source: ByteSource): Generator<Uint8Array> {
    this.add(source);
    for (let at = 0; at < source.size; at += BLANK.length) {
      yield source.size - at < BLANK.length ? BLANK.subarray(0, source.size - at) : BLANK;
    }
  }

  /** Takes what the writer puts out. */
  append(bytes: Uint8Array): void {
    if (bytes.buffer !== BLANK.buffer) this.add(fromBytes(bytes, 'header'));
  }

  /** Takes a source as the next part. */
  add(source: ByteSource): void {
    if (source.size === 0) return;
    this.parts.push({ source, offset: 0, length: source.size });
    this.size += source.size;
  }

  get length(): number {
    return this.size;
  }

  source(name: string): ByteSource {
    return concat(this.parts, name);
  }
}
