import { setTimeout as sleep } from 'node:timers/promises';

/** What lies between a server and its client. */
export interface Link {
  /** Milliseconds until the first byte of an answer. */
  readonly latency: number;
  /** Of all answers together. */
  readonly bitsPerSecond: number;
}

/** One line that all answers share: each part is sent when those before it are through. As fast as the machine without a link. */
export class Line {
  /** Bytes. */
  carried = 0;
  #free = 0;

  constructor(readonly link: Link | undefined) {}

  async wait(): Promise<void> {
    if (this.link) await sleep(this.link.latency);
  }

  async carry(bytes: number): Promise<void> {
    this.carried += bytes;
    if (!this.link) return;
    const now = performance.now();
    this.#free = Math.max(now, this.#free) + (bytes * 8000) / this.link.bitsPerSecond;
    if (this.#free - now > 1) await sleep(this.#free - now);
  }
}
