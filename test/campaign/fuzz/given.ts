import { Interrupted } from '../../../src/errors.js';
import { type ByteSource, chunks, fromBytes } from '../../../src/formats/bytes.js';

/** An input as a reader gets it: its bytes, which stop coming when the signal aborts, after as many reads as it is given. */
export class Given {
  readonly bytes: Uint8Array;
  readonly source: ByteSource;
  readonly signal: AbortSignal;
  /** A read was asked for after the signal. */
  refused = 0;
  #reads = 0;

  constructor(bytes: Uint8Array, name: string, abortAfter = Number.POSITIVE_INFINITY) {
    const controller = new AbortController();
    const whole = fromBytes(bytes, name);
    this.bytes = bytes;
    this.signal = controller.signal;
    this.source = {
      name,
      size: whole.size,
      read: async (offset, length) => {
        if (this.#reads++ >= abortAfter) {
          controller.abort(new Interrupted());
          this.refused++;
          throw controller.signal.reason;
        }
        return whole.read(offset, length);
      },
    };
  }

  /** The bytes front to back, in small parts. */
  stream(part = 997): AsyncGenerator<Uint8Array> {
    return chunks(this.source, part);
  }
}

/** As much of what a source holds is read: enough to meet every kind of damage, little enough to be quick. */
const MOST_READ = 4 << 20;

/** Reads a source front to back, or so much of it. */
export async function drain(source: ByteSource, most = MOST_READ): Promise<void> {
  for await (const _ of chunks(source, 1 << 18, 0, Math.min(source.size, most)));
}

/** The same of a stream. */
export async function drainAll(stream: AsyncIterable<Uint8Array>, most = MOST_READ): Promise<void> {
  let read = 0;
  for await (const part of stream) {
    read += part.length;
    if (read > most) return;
  }
}
