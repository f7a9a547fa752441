import { stripVTControlCharacters } from 'node:util';
import { columnsOf } from './format.js';
import type { Screen } from './terminal.js';

/**
 * What of the frame is on the terminal. A terminal that becomes narrower breaks the lines that are there, and log-update, which erases as
 * many lines as it has drawn, would leave the upper ones.
 */
export class Shown {
  readonly #screen: Screen;
  /** The lines of the last frame, the cursor's at their end. */
  #lines: readonly string[] = [''];

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  write(text: string): boolean {
    const plain = stripVTControlCharacters(text);
    if (plain.includes('\n')) this.#lines = plain.split('\n');
    return this.#screen.write(text);
  }

  /** Clears what is left of a frame whenever the terminal's size changes while `work` runs; then it is drawn anew. */
  async during<T>(work: () => Promise<T>, redraw: () => void): Promise<T> {
    const clear = () => {
      this.#clear();
      redraw();
    };
    this.#screen.on?.('resize', clear);
    try {
      return await work();
    } finally {
      this.#screen.off?.('resize', clear);
    }
  }

  /** Goes to the frame's first line as it is broken now, and leaves as many empty lines as log-update will erase. */
  #clear(): void {
    // xterm cuts lines off instead of breaking them.
    const columns = process.env.XTERM_VERSION === undefined ? this.#screen.columns || 80 : Number.POSITIVE_INFINITY;
    const broken = this.#lines.map((line) => Math.max(1, Math.ceil(columnsOf(line) / columns)));
    const up = broken.reduce((sum, rows) => sum + rows, 0) - 1;
    const down = this.#lines.length - 1;
    this.#screen.write(`${up > 0 ? `\u001b[${up}A` : ''}\r\u001b[J${'\n'.repeat(down)}`);
    this.#lines = new Array(down + 1).fill('');
  }
}
