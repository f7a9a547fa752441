import type { ByteSource } from '../../bytes.js';
import type { Where } from '../where.js';

/** Bytes read at once when nodes are asked for one after another. */
const READ_AHEAD = 256 << 10;

/** Reads the nodes of a B-tree fork as bytes, ahead where they are asked for in order. */
export class NodeReader {
  readonly size: number;
  /** Whole nodes the fork has room for. */
  readonly count: number;
  readonly nodeSize: number;
  readonly #source: ByteSource;
  readonly #name: string;
  #first = 0;
  #window: Uint8Array = new Uint8Array(0);
  #last = -2;
  #ahead = 1;

  constructor(source: ByteSource, nodeSize: number, name: string) {
    this.#source = source;
    this.#name = name;
    this.nodeSize = nodeSize;
    this.size = source.size;
    this.count = Math.floor(source.size / nodeSize);
  }

  where(number: number): Where {
    return { file: this.#source.name, structure: `${this.#name} node ${number}`, offset: number * this.nodeSize };
  }

  async read(number: number): Promise<Uint8Array> {
    const { nodeSize } = this;
    if (number < this.#first || (number - this.#first + 1) * nodeSize > this.#window.length) {
      const most = Math.max(1, READ_AHEAD / nodeSize);
      this.#ahead = number === this.#last + 1 ? Math.min(this.#ahead * 4, most) : 1;
      const count = Math.max(1, Math.min(this.#ahead, this.count - number));
      this.#window = await this.#source.read(number * nodeSize, count * nodeSize);
      this.#first = number;
    }
    this.#last = number;
    const at = (number - this.#first) * nodeSize;
    return this.#window.subarray(at, at + nodeSize);
  }
}
