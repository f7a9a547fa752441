import { Worker } from 'node:worker_threads';

/** Milliseconds that one input may take before the process is ended: only one that never ends takes as long. */
const HANG = 120_000;

/**
 * A hang in a reader stops everything in its process, this test's time limit included. So somebody else looks whether the inputs go on
 * coming, and ends the process, with the input's number, where they do not.
 */
export class Watchdog {
  readonly #now = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor(seed: number) {
    const code = `
      const { workerData } = require('node:worker_threads');
      const { writeSync } = require('node:fs');
      const { now, seed, hang } = workerData;
      let last = -1;
      let since = Date.now();
      setInterval(() => {
        if (now[0] !== last) { last = now[0]; since = Date.now(); return; }
        if (last < 0 || Date.now() - since < hang) return;
        writeSync(2, 'A reader hangs: OSX_ISO_SEED=' + seed + ' OSX_ISO_FUZZ_AT=' + last + '\\n');
        process.kill(process.pid, 'SIGKILL');
      }, 1000);`;
    this.#now[0] = -1;
    this.#worker = new Worker(code, { eval: true, workerData: { now: this.#now, seed, hang: HANG } });
  }

  begin(input: number): void {
    this.#now[0] = input;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
