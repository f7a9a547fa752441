import { createInterface } from 'node:readline';
import { printable } from './view/format.js';

/** Answers that make no sense before it gives up. */
const TRIES = 3;

/**
 * Lists things with numbers and reads one. The terminal stays as it is, so that Ctrl-C is the signal it always is. Undefined when
 * nobody answers, or not with a number of the list.
 */
export async function chooseOne(
  things: readonly string[],
  { input, say, signal }: { input: NodeJS.ReadableStream; say: (line: string) => void; signal: AbortSignal },
): Promise<number | undefined> {
  const width = String(things.length).length;
  for (const [i, thing] of things.entries()) say(`${String(i + 1).padStart(width + 2)}  ${printable(thing)}`);
  const lines = createInterface({ input, terminal: false });
  const stop = () => lines.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    let tries = TRIES;
    say(`Which one? 1-${things.length}, Return for none:`);
    for await (const line of lines) {
      const answer = line.trim();
      if (answer === '') return undefined;
      const index = Number(answer) - 1;
      if (Number.isInteger(index) && index >= 0 && index < things.length) return index;
      if (--tries === 0) return undefined;
      say(`A number from 1 to ${things.length}:`);
    }
    signal.throwIfAborted();
    return undefined;
  } finally {
    signal.removeEventListener('abort', stop);
    lines.close();
  }
}
