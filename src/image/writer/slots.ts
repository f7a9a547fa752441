import { DIRECT_BLOCK } from './direct.js';
import { STRETCH } from './stretches.js';

/** What of WebAssembly is used; node's types leave it to the browser's. */
declare const WebAssembly: {
  readonly Memory: new (pages: {
    initial: number;
    maximum: number;
    shared: true;
  }) => { readonly buffer: SharedArrayBuffer };
};

/** A stretch, and room to begin it as far behind a block's border as it does in the file. */
const SLOT = STRETCH + DIRECT_BLOCK;
const WASM_PAGE = 64 << 10;

/** Where a stretch is made: `length` bytes at `offset` of shared memory. */
export interface Slot {
  readonly memory: SharedArrayBuffer;
  readonly offset: number;
}

/**
 * Memory for stretches under way, taken once and used again. A WebAssembly memory, because it begins at a page's border, which node's own
 * buffers do not, and direct writes need.
 */
export class Slots {
  readonly #memory: SharedArrayBuffer;
  readonly #free: number[];

  constructor(readonly count: number) {
    const pages = Math.ceil((count * SLOT) / WASM_PAGE);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer;
    this.#free = Array.from({ length: count }, (_, i) => i * SLOT);
  }

  /** As many zeros as a direct write needs at least, for a try while no slot is taken. */
  get block(): Uint8Array {
    return new Uint8Array(this.#memory, 0, DIRECT_BLOCK).fill(0);
  }

  get none(): boolean {
    return this.#free.length === 0;
  }

  /** For a stretch that begins at `offset` of the file. */
  take(offset: number): Slot {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error('all memory for stretches is in use');
    return { memory: this.#memory, offset: slot + (offset % DIRECT_BLOCK) };
  }

  giveBack({ offset }: Slot): void {
    this.#free.push(offset - (offset % DIRECT_BLOCK));
  }
}
